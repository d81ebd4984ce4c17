import { reasons, type Reason } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { chooseLanguage } from '../src/messages/choose-language.ts'
import { de } from '../src/messages/de.ts'
import { en, type MessageKey } from '../src/messages/en.ts'
import { createWords } from '../src/messages/words.ts'
import { errorPage } from '../src/pages/error-page.ts'
import { markup } from '../src/pages/markup.ts'
import { english, errorView, german, pageStates } from './page-states.ts'

const holes = (message: string): readonly string[] => [...message.matchAll(/\{[^}]*\}/g)].map(([hole]) => hole).sort()
const keys = Object.keys(en) as MessageKey[]

describe('messages', () => {
  it.each(keys)('B-OIDC-28 says %s in German with the holes of the English text', (key) => {
    expect(holes(de[key])).toEqual(holes(en[key]))
    expect(de[key]).not.toBe('')
  })

  it('B-OIDC-28 says what each refusal means in both languages, in English as the answers to applications do', () => {
    for (const [reason, { description }] of Object.entries(reasons)) {
      const key = `reason.${reason as Reason}` as const
      expect([reason, en[key]]).toEqual([reason, description])
      expect([reason, de[key] === description]).toEqual([reason, false])
    }
  })

  it('A-UI-12, B-OIDC-28 shows the meaning of a refusal in the language of the page', () => {
    for (const reason of ['redirect_uri_mismatch', 'pkce_required', 'csrf'] as const) {
      const view = errorView(reason)
      expect(errorPage(english, view)).toContain(`<dd>${String(markup`${en[`reason.${reason}`]}`)}</dd>`)
      const page = errorPage(german, view)
      expect(page).toContain(`<dd>${String(markup`${de[`reason.${reason}`]}`)}</dd>`)
      expect(page).not.toContain(en[`reason.${reason}`])
      expect(page).not.toContain('lang="en"')
    }
  })

  it.each(Object.keys(pageStates))('B-OIDC-28 fills every hole of the page %s in both languages', (name) => {
    expect(pageStates[name]?.(english)).not.toMatch(/\{[a-z]+\}/)
    const page = pageStates[name]?.(german) ?? ''
    expect(page).not.toMatch(/\{[a-z]+\}/)
    expect(page).toContain('<html lang="de" dir="ltr">')
  })

  it('XS-01 escapes what fills a hole unless it is HTML already', () => {
    const words = createWords('en', en)
    const app = '<img src=x onerror=alert(1)>'
    expect(String(words.say('signOut.app', { app }))).toBe(
      '&lt;img src=x onerror=alert(1)&gt; asks to sign you out here.',
    )
    expect(String(words.say('signOut.app', { app: markup`<b>${'&'}</b>` }))).toBe(
      '<b>&amp;</b> asks to sign you out here.',
    )
    expect(String(words.say('signOut.app', { app: '{host}' }))).toContain('{host} asks')
  })

  it('A-RATE-02 tells a time to wait in words', () => {
    const [words, worte] = [createWords('en', en), createWords('de', de)]
    expect([0.2, 15, 60, 90, 120, 900, 7200, 180 * 86_400].map((time) => words.duration(time))).toEqual([
      '1 second',
      '15 seconds',
      '1 minute',
      '90 seconds',
      '2 minutes',
      '15 minutes',
      '2 hours',
      '180 days',
    ])
    expect(worte.duration(180 * 86_400)).toBe('180 Tage')
  })
})

describe('choice of language', () => {
  const supported = ['en', 'de', 'pt-BR']
  const choose = (uiLocales: readonly string[], accept?: string): string =>
    chooseLanguage(supported, uiLocales, accept, 'en')

  it('B-OIDC-28 takes the first supported of ui_locales and never fails', () => {
    expect(choose(['se', 'xx-invalid', 'de'])).toBe('de')
    expect(choose(['DE-at'])).toBe('de')
    expect(choose(['pt-br'])).toBe('pt-BR')
    expect(choose(['pt'])).toBe('en')
    expect(choose(['', '-', '\u0000', 'x'.repeat(10_000)])).toBe('en')
  })

  it('B-OIDC-28 falls back to Accept-Language by weight, then to the default', () => {
    expect(choose([], 'fr;q=0.9, en;q=0.3, de;q=0.8')).toBe('de')
    expect(choose(['fr'], 'de')).toBe('de')
    expect(choose([], 'de;q=0, en')).toBe('en')
    expect(choose([], '*, ;;;q=x,,,')).toBe('en')
    expect(choose([], undefined)).toBe('en')
  })
})
