import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack, expectRefusal } from '../fixtures.ts'
import { expectPageOf, newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const bye = 'https://web.test/bye'
const query = (parameters: Record<string, string>): string => new URLSearchParams(parameters).toString()

/** Somebody who signed in at client K, with the ID Token as a hint. */
async function aliceAtK(issuer: TestIssuer) {
  const flow = await issuer.codeFlow({ remember: true, parameters: { scope: 'openid read' } })
  return { ...flow, browser: flow.authorized.browser, id_token_hint: flow.idToken }
}

const isSignedIn = async (issuer: TestIssuer, browser: Awaited<ReturnType<typeof aliceAtK>>['browser']) =>
  (await issuer.authorize({ browser, parameters: { scope: 'openid read', prompt: 'none' } })).code !== ''

describe('asking to sign out', () => {
  it('B-LOG-01 the endpoint is published and takes GET and POST', async () => {
    const issuer = await newRealIssuer()
    const { json } = await issuer.get('/.well-known/openid-configuration')
    expect(json['end_session_endpoint']).toBe('https://as.test/oauth2/logout')
    const parameters = { logout_hint: 'alice', ui_locales: 'de', state: 'S', post_logout_redirect_uri: bye }
    for (const method of ['GET', 'POST']) {
      const { browser, id_token_hint } = await aliceAtK(issuer)
      const all = { ...parameters, id_token_hint, client_id: issuer.clients.K.id }
      const visit =
        method === 'GET'
          ? await browser.open(`/oauth2/logout?${query(all)}`)
          : await browser.postFromElsewhere('/oauth2/logout', query(all), 'https://web.test')
      expect([method, visit.leftFor]).toEqual([method, `${bye}?state=S`])
      expect(await isSignedIn(issuer, browser)).toBe(false)
    }
  })

  it.for(['PUT', 'DELETE', 'OPTIONS'])('B-LOG-01 %s is answered 405', async (method) => {
    const issuer = await newRealIssuer()
    expect((await issuer.send({ path: '/oauth2/logout', method })).status).toBe(405)
  })

  it('B-LOG-02 without a hint the person is asked, and nothing happens before the answer', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await aliceAtK(issuer)
    const image = await browser.get('/oauth2/logout', { 'sec-fetch-dest': 'image', 'sec-fetch-site': 'cross-site' })
    expect([image.status, image.cookies]).toEqual([200, []])
    const asked = await browser.open('/oauth2/logout?state=S')
    expect([placeOf(asked), await isSignedIn(issuer, browser)]).toEqual(['logout', true])
    const done = await browser.submit(asked, 'logout-form')
    expect([done.answer.status, await isSignedIn(issuer, browser)]).toEqual([200, false])
  })

  it('B-LOG-02 the confirmation is safe against other sites and other sessions', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await aliceAtK(issuer)
    const other = await aliceAtK(issuer)
    const asked = await browser.open('/oauth2/logout')
    const fields = asked.forms[0]?.fields ?? {}
    const foreign = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
    const cookie = browser.jar.header(true) ?? ''
    expectPageOf(await browser.post('/oauth2/logout', fields, { ...foreign, cookie }), 'csrf', 403)
    expectPageOf(await browser.post('/oauth2/logout', { ...fields, csrf: 'x'.repeat(43) }), 'csrf', 403)
    expectPageOf(await other.browser.post('/oauth2/logout', fields), 'csrf', 403)
    for (const one of [browser, other.browser]) expect(await isSignedIn(issuer, one)).toBe(true)
    expect(eventsOf(issuer, 'csrf.rejected').map(({ detail }) => detail['surface'])).toEqual([
      'logout',
      'logout',
      'logout',
    ])
  })
})

describe('the way back', () => {
  const refused: Record<string, (issuer: TestIssuer, hint: string) => Record<string, string>> = {
    'an unregistered address': (_issuer, id_token_hint) => ({
      id_token_hint,
      post_logout_redirect_uri: 'https://web.test/other',
    }),
    'an added query': (_issuer, id_token_hint) => ({ id_token_hint, post_logout_redirect_uri: `${bye}?foo=bar` }),
    'the address of another client': (_issuer, id_token_hint) => ({
      id_token_hint,
      post_logout_redirect_uri: 'https://app.test/bye',
    }),
  }
  it.for(Object.entries(refused))(
    'B-LOG-03, CS-11 %s is not followed, and the person is signed out all the same',
    async ([, make]) => {
      const issuer = await newRealIssuer()
      const { browser, id_token_hint } = await aliceAtK(issuer)
      const { answer, leftFor } = await browser.open(`/oauth2/logout?${query(make(issuer, id_token_hint))}`)
      expect([answer.status, leftFor, await isSignedIn(issuer, browser)]).toEqual([200, undefined, false])
      expect(eventsOf(issuer, 'logout.rejected', 'logout_redirect')).toHaveLength(1)
    },
  )

  it('B-LOG-03 an address without any hint leads nowhere, one of a named client after the answer', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await aliceAtK(issuer)
    const unnamed = await browser.open(`/oauth2/logout?${query({ post_logout_redirect_uri: bye })}`)
    expect((await browser.submit(unnamed, 'logout-form')).leftFor).toBeUndefined()
    const named = { post_logout_redirect_uri: bye, client_id: issuer.clients.K.id, state: 'S 1' }
    const asked = await browser.open(`/oauth2/logout?${query(named)}`)
    expect(asked.answer.headers['content-security-policy']).toContain("form-action 'self' https://web.test")
    expect((await browser.submit(asked, 'logout-form')).leftFor).toBe(`${bye}?state=S+1`)
  })

  it('B-LOG-04 the hint may be old, and has to be ours and of the named client', async () => {
    const issuer = await newRealIssuer()
    const { browser, id_token_hint } = await aliceAtK(issuer)
    const [header = '', body = '', signature = ''] = id_token_hint.split('.')
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const bad = [
      { id_token_hint: `${header}.${body}.${'A'.repeat(signature.length)}` },
      { id_token_hint: `${none}.${body}.` },
      { id_token_hint, client_id: issuer.clients.P.id },
    ]
    for (const parameters of bad)
      expectPageOf(
        await browser.get(`/oauth2/logout?${query({ ...parameters, post_logout_redirect_uri: bye })}`),
        'logout_hint',
      )
    expect(await isSignedIn(issuer, browser)).toBe(true)
    issuer.clock.advance(7200)
    const old = await browser.open(`/oauth2/logout?${query({ id_token_hint, post_logout_redirect_uri: bye })}`)
    expect([old.leftFor, await isSignedIn(issuer, browser)]).toEqual([bye, false])
  })

  it('B-LOG-05 state comes back unchanged, or not at all', async () => {
    const issuer = await newRealIssuer()
    for (const state of [undefined, '', 'S', '%41&=+ü "<>', 's'.repeat(2048), 's'.repeat(2049)]) {
      const { browser, id_token_hint } = await aliceAtK(issuer)
      const parameters = { id_token_hint, post_logout_redirect_uri: bye, ...(state === undefined ? {} : { state }) }
      const { leftFor = '' } = await browser.open(`/oauth2/logout?${query(parameters)}`)
      const back = [...new URL(leftFor).searchParams]
      const kept = state !== undefined && state !== '' && state.length <= 2048
      expect(back).toEqual(kept ? [['state', state]] : [])
    }
  })

  it.for([{}, { state: 'S' }])(
    'B-LOG-06 with %j the browser stays, and nobody is signed in afterwards',
    async (parameters) => {
      const issuer = await newRealIssuer()
      const { browser } = await aliceAtK(issuer)
      const asked = await browser.open(`/oauth2/logout?${query(parameters)}`)
      const done = await browser.submit(asked, 'logout-form')
      expect(done.answer.text).toContain('You are signed out')
      const later = await issuer.authorize({ browser, parameters: { scope: 'openid read', prompt: 'none' } })
      expectBack(later, 'login_required')
    },
  )
})

describe('what ends', () => {
  const sessionCookie = '__Host-sallyport-session'
  const signOut = async ({ browser, id_token_hint }: Awaited<ReturnType<typeof aliceAtK>>) =>
    browser.open(`/oauth2/logout?${query({ id_token_hint })}`)

  it('B-LOG-07 the session, its cookie, its unfinished requests and its unredeemed codes', async () => {
    const issuer = await newRealIssuer()
    const alice = await aliceAtK(issuer)
    const { browser } = alice
    const planted = browser.jar.get(sessionCookie) ?? ''
    const pending = await issuer.authorize({ browser, parameters: { scope: 'openid read' } })
    const open = await issuer.begin({ browser, parameters: { scope: 'openid read', prompt: 'consent' } })
    expect((await signOut(alice)).answer.cookies.join()).toMatch(/^__Host-sallyport-session=; .*Max-Age=0/)
    expectRefusal(await issuer.redeem(pending), 'invalid_grant')
    browser.jar.set(sessionCookie, planted)
    expect(await isSignedIn(issuer, browser)).toBe(false)
    expect((await browser.submit(open.visit, 'consent-form', { decision: 'allow' })).answer.status).toBe(403)
    expect(eventsOf(issuer, 'session.ended', 'logout')).toHaveLength(1)
  })

  it('B-LOG-11, RT-19 refresh tokens without offline access die, those with it live', async () => {
    const issuer = await newRealIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { sessionRefreshTokens: true })
    const alice = await aliceAtK(issuer)
    const offline = await issuer.codeFlow({ client, browser: alice.browser, parameters: { prompt: 'consent' } })
    expect([alice.refreshToken !== '', offline.refreshToken !== '']).toEqual([true, true])
    await signOut(alice)
    expectRefusal(await issuer.refresh(alice), 'invalid_grant')
    expect((await issuer.refresh(offline)).status).toBe(200)
    expect(await issuer.isAlive(alice.accessToken)).toBe(false)
  })

  it('B-LOG-11, RT-19 those of an application in the browser die in any case', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.codeFlow({ client: issuer.clients.P })
    expect(decodeJwt(flow.accessToken).claims['client_id']).toBe(issuer.clients.P.id)
    await flow.authorized.browser.open(`/oauth2/logout?${query({ id_token_hint: flow.idToken })}`)
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
  })
})

describe('cookies and limits of a session', () => {
  it('B-LOG-15, CS-15 every cookie is pinned to this host, opaque and out of reach of scripts', async () => {
    const issuer = await newRealIssuer()
    await aliceAtK(issuer)
    const cookies = issuer.records.exchanges.flatMap(({ response }) => response.headers['set-cookie'] ?? [])
    expect(new Set(cookies.map((cookie) => cookie.split('=')[0]))).toEqual(
      new Set(['__Host-sallyport-browser', '__Host-sallyport-session', '__Host-sallyport-device']),
    )
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__Host-[a-z-]+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure(; Max-Age=\d+)?$/)
    }
  })

  it('B-LOG-15 ends after 12 idle hours, and after 7 days however much it is used', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read' } })
    for (let hours = 11; hours < 168; hours += 11) {
      issuer.clock.advance(11 * 3600)
      expect([hours, await isSignedIn(issuer, browser)]).toEqual([hours, true])
    }
    issuer.clock.advance(4 * 3600)
    expect(await isSignedIn(issuer, browser)).toBe(false)
    const idle = await signedIn(issuer, { parameters: { scope: 'openid read' } })
    issuer.clock.advance(12 * 3600)
    expect(await isSignedIn(issuer, idle.browser)).toBe(false)
  })
})

describe('hints and ways back', () => {
  it('B-LOG-02 an ID Token from before the present session does not end it unasked', async () => {
    const issuer = await newRealIssuer()
    const old = await aliceAtK(issuer)
    issuer.clock.advance(10)
    const now = await aliceAtK(issuer)
    const asked = await now.browser.open(`/oauth2/logout?${query({ id_token_hint: old.id_token_hint })}`)
    expect([placeOf(asked), await isSignedIn(issuer, now.browser)]).toEqual(['logout', true])
  })

  it.for([
    ['com.example.app:/bye', 'com.example.app:'],
    ['http://[::1]/bye', 'http:'],
    ['http://127.0.0.1/bye', 'http://127.0.0.1'],
  ])('A-UI-02 the confirmation may lead back to %s', async ([uri = '', source = '']) => {
    const issuer = await newRealIssuer()
    await issuer.changeClient(issuer.clients.N, { postLogoutRedirectUris: [uri] })
    issuer.clock.advance(1)
    const { browser } = await aliceAtK(issuer)
    const parameters = { client_id: issuer.clients.N.id, post_logout_redirect_uri: uri }
    const asked = await browser.open(`/oauth2/logout?${query(parameters)}`)
    expect(asked.answer.headers['content-security-policy']).toContain(`form-action 'self' ${source}`)
    expect((await browser.submit(asked, 'logout-form')).leftFor).toBe(uri)
  })
})
