import { laterResourceMembers } from '@sallyport/server'
import { headerOf, type Answer, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

/** Every kind of HTML answer there is, errors included. */
async function everyPage(issuer: TestIssuer): Promise<Record<string, Answer>> {
  const login = await issuer.begin()
  const wrong = await login.browser.submit(login.visit, 'login-form', { username: 'alice', password: 'not the one' })
  const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read' } })
  const ask = async (prompt: string): Promise<Answer> =>
    (await issuer.begin({ browser, parameters: { prompt } })).visit.answer
  const html = { accept: 'text/html' }
  return {
    login: login.visit.answer,
    'wrong password': wrong.answer,
    consent: await ask('consent'),
    account: await ask('select_account'),
    'sign out': await browser.get('/oauth2/logout'),
    'signed out': (await browser.submit(await browser.open('/oauth2/logout'), 'logout-form')).answer,
    'form post': (await issuer.authorize({ parameters: { response_mode: 'form_post' } })).visit.answer,
    'unknown client': await browser.get('/oauth2/authorize?client_id=nobody'),
    'redirect URI': (await issuer.begin({ parameters: { redirect_uri: 'https://evil.test/' } })).visit.answer,
    'unknown interaction': await browser.get('/login?interaction=x'),
    'other browser': await issuer.browser().get(login.visit.url),
    'form from elsewhere': await browser.post('/consent', {}, { origin: 'https://evil.test' }),
    'wrong method': await issuer.send({ path: '/login', method: 'PUT', headers: html }),
    'nothing there': await issuer.send({ path: '/nothing', headers: html }),
    'bad sign out': await browser.get('/oauth2/logout?id_token_hint=x'),
    'too large': await issuer.send({ path: '/login', method: 'POST', headers: html, fault: 'size' }),
  }
}

describe('headers of every page', () => {
  it('CS-08, XS-02, CO-09, B-OIDC-36 forbid framing, foreign content, caching and referrers, everywhere', async () => {
    const issuer = await newRealIssuer()
    const pages = await everyPage(issuer)
    for (const [name, answer] of Object.entries(pages)) {
      const seen = (header: string): readonly unknown[] => [name, headerOf(answer, header)]
      expect(seen('content-type')).toEqual([name, 'text/html; charset=utf-8'])
      expect(seen('x-frame-options')).toEqual([name, 'DENY'])
      expect(seen('cache-control')).toEqual([name, 'no-store'])
      expect(seen('referrer-policy')).toEqual([name, 'no-referrer'])
      expect(seen('x-content-type-options')).toEqual([name, 'nosniff'])
      expect(seen('strict-transport-security')).toEqual([name, 'max-age=31536000; includeSubDomains'])
      const policy = new Map(
        (headerOf(answer, 'content-security-policy') ?? '').split('; ').map((part) => {
          const [directive = '', ...sources] = part.split(' ')
          return [directive, sources.join(' ')] as const
        }),
      )
      expect([name, policy.get('default-src'), policy.get('frame-ancestors'), policy.get('base-uri')]).toEqual([
        name,
        "'none'",
        "'none'",
        "'none'",
      ])
      expect([...policy.values()].join(' ')).not.toMatch(/unsafe|\*|https?:(?:\s|$)|data:/)
      expect(policy.get('form-action')).toMatch(
        name === 'form post' ? /^https:\/\/web\.test$/ : /^'self'(?: https:\/\/web\.test)?$/,
      )
      expect([name, policy.get('script-src') ?? '']).toEqual([
        name,
        expect.stringMatching(name === 'form post' ? /^'nonce-[\w-]{22}'$/ : /^$/),
      ])
    }
  })

  it('XS-02 loads nothing from elsewhere, and has no inline style or handler', async () => {
    const issuer = await newRealIssuer()
    for (const [name, { text }] of Object.entries(await everyPage(issuer))) {
      const loaded = [
        ...text.matchAll(/<(?:link|img|script|iframe|object|embed|source)\b[^>]*\b(?:href|src|data)="([^"]*)"/g),
      ]
      for (const [, address] of loaded) expect([name, address]).toEqual([name, expect.stringMatching(/^\/assets\//)])
      expect([name, /<[a-z][^>]*\s(?:on[a-z]+|style)=/i.test(text)]).toEqual([name, false])
      expect([name, /<script(?! nonce=)/.test(text)]).toEqual([name, false])
    }
  })
})

describe('redirects', () => {
  it('CS-18 from the password to the client each step is a 303 without a body', async () => {
    const issuer = await newRealIssuer()
    await issuer.authorize()
    await issuer.authorize({ decision: 'deny' })
    await issuer.authorize({ method: 'POST' })
    await issuer.authorize({ parameters: { scope: 'unheard' } })
    const redirects = issuer.records.exchanges
      .map(({ response }) => response)
      .filter(({ headers }) => 'location' in headers)
    expect(redirects.length).toBeGreaterThan(10)
    for (const { status, body, headers } of redirects) {
      expect([status, body]).toEqual([303, ''])
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    }
    // No address inside the server carries anything but the interaction.
    const inside = redirects
      .map(({ headers }) => String(headers['location']))
      .filter((to) => /^(?:https:\/\/as\.test)?\/(?!oauth2\/authorize)/.test(to))
    for (const to of inside) expect(to).toMatch(/^(?:https:\/\/as\.test)?\/[a-z0-9/-]+\?interaction=[\w-]{43}$/)
  })
})

const hostile = [
  '<img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>',
  '{{1789*1789}}${1789*1789}<%= 1789*1789 %>',
  '</script><script>alert(1)</script>',
  `' autofocus onfocus='alert(1)`,
]

describe('hostile texts', () => {
  it.for(hostile)('XS-01 %s is shown as text wherever it can come from', async (text) => {
    const issuer = await newRealIssuer({
      resources: [
        {
          id: 'https://rs1.test',
          name: `API ${text}`,
          scopes: [{ name: 'read', description: `Read ${text}` }],
          accessTokenLifetime: undefined,
          ...laterResourceMembers,
        },
      ],
    })
    const client = await issuer.changeClient(issuer.clients.K, { name: `App ${text}` })
    const person = await issuer.addPerson(`carol ${text}`, { claims: { name: `Carol ${text}` } })
    const parameters = { login_hint: text, ui_locales: text, claims: JSON.stringify({ userinfo: { [text]: null } }) }
    const browser = issuer.browser({ userAgent: text })
    const begun = await issuer.begin({ client, browser, parameters })
    const wrong = await browser.submit(begun.visit, 'login-form', { username: text, password: 'x' })
    const { username, password } = person
    const consent = await browser.submit(wrong, 'login-form', { username, password })
    expect(placeOf(consent)).toBe('consent')
    const account = await issuer.begin({ client, browser, parameters: { ...parameters, prompt: 'select_account' } })
    const { id: client_id } = client
    const signOut = await browser.get(`/oauth2/logout?client_id=${client_id}&ui_locales=${encodeURIComponent(text)}`)
    const error = await browser.get(`/login?interaction=${encodeURIComponent(text)}`)
    const bad = await issuer.begin({ client, parameters: { ...parameters, redirect_uri: `https://x.test/${text}` } })
    const pages = [
      begun.visit.answer,
      wrong.answer,
      consent.answer,
      account.visit.answer,
      signOut,
      error,
      bad.visit.answer,
    ]
    for (const { text: html } of pages) {
      expect(html).not.toContain(text)
      expect(html).not.toMatch(/onerror=alert\(1\)>|<svg\/|<script>|3200521/)
    }
    expect(consent.answer.text).toContain('&lt;'.repeat(text.includes('<') ? 1 : 0))
  })
})
