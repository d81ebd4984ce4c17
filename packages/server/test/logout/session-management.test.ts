import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { sessionStateFor } from '../../src/authorization/session-state.ts'
import { newRealIssuer } from '../real-pages.ts'

const stateCookie = '__Host-sallyport-state'
const policy = { sessionManagement: true }
const watched = (): Promise<TestIssuer> => newRealIssuer({ policy })

describe('session_state', () => {
  it('B-LOG-14 is a digest of client, origin, browser state and salt', () => {
    expect(sessionStateFor('s6BhdRkqt3', 'https://client.example.org', 'opbs-1f0c', 'salt-77')).toBe(
      '1Tc8yv_5FRVsnFkmsra0dOCI0_rmaAswr5BTl5UCiP8.salt-77',
    )
  })

  it('B-LOG-14 stands in responses of OpenID Connect and fits the state of the browser', async () => {
    const issuer = await watched()
    const { response, client, browser } = await issuer.authorize()
    const state = browser.jar.get(stateCookie) ?? ''
    expect(state).toMatch(/^[\w-]{43}$/)
    const [hash = '', salt = ''] = (response.get('session_state') ?? '').split('.')
    expect(`${hash}.${salt}`).toBe(sessionStateFor(client.id, new URL(client.redirectUri).origin, state, salt))
    const again = await issuer.authorize({ browser, parameters: { prompt: 'none', scope: 'read' } })
    expect(again.response.has('session_state')).toBe(false)
    const native = await issuer.authorize({
      client: issuer.clients.N,
      browser,
      parameters: { redirect_uri: 'com.example.app:/cb' },
    })
    expect(native.response.has('session_state')).toBe(false)
  })

  it('B-LOG-14 the state is another after each sign-in, for another person, and gone after a sign-out', async () => {
    const issuer = await watched()
    const flow = await issuer.codeFlow()
    const { browser } = flow.authorized
    const states = [browser.jar.get(stateCookie)]
    issuer.clock.advance(5)
    const again = await issuer.codeFlow({ browser, parameters: { prompt: 'login' } })
    states.push(browser.jar.get(stateCookie))
    issuer.clock.advance(5)
    await issuer.codeFlow({ browser, person: issuer.bob, parameters: { prompt: 'login' } })
    states.push(browser.jar.get(stateCookie))
    expect(states.every((state) => typeof state === 'string')).toBe(true)
    expect(new Set(states).size).toBe(3)
    expect(decodeJwt(again.idToken).claims['sub']).toBe(issuer.alice.subject)
    await browser.submit(await browser.open('/oauth2/logout'), 'logout-form')
    expect(browser.jar.get(stateCookie)).toBeUndefined()
  })

  it('B-LOG-14 a browser that lost its state, or never had one, gets it with the next response', async () => {
    const issuer = await watched()
    const { browser } = await issuer.authorize({ remember: true, parameters: { scope: 'openid read' } })
    const state = browser.jar.get(stateCookie)
    browser.jar.set(stateCookie, 'x'.repeat(43))
    const parameters = { scope: 'openid read', prompt: 'none' }
    const silent = await issuer.authorize({ browser, parameters })
    expect([silent.response.has('session_state'), browser.jar.get(stateCookie)]).toEqual([true, state])
    const quiet = await issuer.authorize({ browser, parameters })
    expect(quiet.visit.answer.cookies).toEqual([])
  })

  it('B-LOG-15 its cookie is the one that scripts and frames may see, and is no session', async () => {
    const issuer = await watched()
    await issuer.authorize()
    const cookies = issuer.records.exchanges.flatMap(({ response }) => response.headers['set-cookie'] ?? [])
    const readable = cookies.filter((cookie) => !cookie.includes('HttpOnly'))
    expect(readable.length).toBeGreaterThan(0)
    for (const cookie of readable)
      expect(cookie).toMatch(/^__Host-sallyport-state=[\w-]{43}; Path=\/; SameSite=None; Secure; Max-Age=\d+$/)
    const stranger = issuer.browser()
    const value = /=([\w-]{43});/.exec(readable[0] ?? '')?.[1] ?? ''
    stranger.jar.set('__Host-sallyport-session', value)
    expect((await issuer.begin({ browser: stranger })).visit.answer.text).toContain('login-form')
  })
})

describe('the frame', () => {
  it('B-LOG-14 is published, may be framed, and runs one script that its policy names', async () => {
    const issuer = await watched()
    const { json } = await issuer.get('/.well-known/openid-configuration')
    expect(json['check_session_iframe']).toBe('https://as.test/oauth2/check-session')
    const answer = await issuer.get('/oauth2/check-session')
    expect([answer.status, answer.headers['x-frame-options']]).toEqual([200, undefined])
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors https:$/,
    )
    expect((await issuer.send({ path: '/oauth2/check-session', method: 'POST' })).status).toBe(405)
  })

  it('B-LOG-14, B-DISC-06 is not there unless an operator turned it on', async () => {
    const issuer = await newRealIssuer()
    const { response, browser } = await issuer.authorize()
    expect([response.has('session_state'), browser.jar.get(stateCookie)]).toEqual([false, undefined])
    expect((await issuer.get('/oauth2/check-session')).status).toBe(404)
    expect((await issuer.get('/.well-known/openid-configuration')).json).not.toHaveProperty('check_session_iframe')
  })
})
