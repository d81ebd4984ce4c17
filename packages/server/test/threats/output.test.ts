import { formsOf, headerOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { newRealIssuer, signedIn } from '../real-pages.ts'

describe('form_post', () => {
  const states = [
    `"quoted" 'twice'`,
    '</form><form action=https://evil.test>',
    '&quot;&#34;&lt;',
    '<!-- --> ]]>',
    '`${7*7}`',
  ]
  it.for(states)('XS-03 state %j stays inside its attribute and comes back', async (state) => {
    const issuer = await newRealIssuer()
    const { visit, response } = await issuer.authorize({ parameters: { state, response_mode: 'form_post' } })
    expect(response.get('state')).toBe(state)
    expect(formsOf(visit.answer.text)).toHaveLength(1)
    for (const [, value] of visit.answer.text.matchAll(/value="([^"]*)"/g)) expect(value).not.toMatch(/[<>']/)
  })

  it('XS-03 what is no printable ASCII is refused and not carried along', async () => {
    const issuer = await newRealIssuer()
    for (const state of ['a\r\nb', '🚪', 'ü']) {
      const { response } = await issuer.authorize({ parameters: { state, response_mode: 'form_post' } })
      expect([response.get('error'), response.has('state')]).toEqual(['invalid_request', false])
    }
  })
})

describe('headers', () => {
  const injections = ['a\r\nX-Injected: yes', 'a\nX-Injected: yes', 'a\u0000b', 'a\u2028b', 'a\u0085b']
  it.for(injections)('XS-04 %j opens no header, wherever it is sent', async (text) => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read' } })
    for (const name of ['state', 'login_hint', 'nonce', 'ui_locales', 'scope', 'client_id', 'redirect_uri', text]) {
      await issuer.begin({ browser, parameters: { [name]: text } })
      await issuer.post('/oauth2/token', { [name]: text })
      await browser.get(`/oauth2/logout?${new URLSearchParams({ [name]: text }).toString()}`)
    }
    await browser.get('/login', { 'x-request-id': text, 'user-agent': text })
    for (const { response } of issuer.records.exchanges) {
      expect(response.headers).not.toHaveProperty('x-injected')
      for (const value of Object.values(response.headers).flat()) expect(value).toMatch(/^[\x20-\x7e]*$/)
    }
  })

  it('XS-04 the request id is ours, whatever the caller sends', async () => {
    const issuer = await newRealIssuer()
    const answers = await Promise.all([1, 2].map(() => issuer.get('/oauth2/jwks', { 'x-request-id': 'chosen' })))
    const ids = answers.map((answer) => headerOf(answer, 'x-request-id'))
    for (const id of ids) expect(id).toMatch(/^[\w-]{16}$/)
    expect(new Set(ids).size).toBe(2)
  })
})

describe('the log', () => {
  const breakers = [
    'line\nbreak',
    'carriage\r\nreturn',
    '\u001b[31mred\u001b[0m',
    '"},{"event":"forged"',
    '\u009b31m',
    '\u2028x',
    '\u0000',
  ]
  it.for(breakers)('XS-06 %j in names, agents and ids is one line and no control character', async (text) => {
    const issuer = await newRealIssuer()
    const browser = issuer.browser({ userAgent: text })
    const begun = await issuer.begin({ browser })
    await browser.submit(begun.visit, 'login-form', { username: text, password: 'wrong' })
    await issuer.finish(begun)
    const credentials = Buffer.from(`${encodeURIComponent(text)}:secret`).toString('base64')
    await issuer.post('/oauth2/token', {}, { headers: { authorization: `Basic ${credentials}` } })
    await issuer.post('/oauth2/token', { client_id: text, client_secret: text })
    await issuer.get(`/oauth2/${encodeURIComponent(text)}`)
    const refused = [...eventsOf(issuer, 'login.failed'), ...eventsOf(issuer, 'http.request.rejected', 'control_char')]
    expect(refused.length).toBeGreaterThan(0)
    expect(eventsOf(issuer, 'client.auth.failed').length).toBeGreaterThan(0)
    for (const event of issuer.records.events) {
      const line = JSON.stringify(event)
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(event)))
      expect(event.event).not.toBe('forged')
    }
  })
})
