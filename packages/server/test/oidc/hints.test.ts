import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack } from '../fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'
import { compact, firstKey, kidOf, signedByUs } from '../signed-by-us.ts'

const plain = { scope: 'openid read' }

describe('login_hint', () => {
  const usernameField = (html: string): string | undefined =>
    /<input id="username"[^>]* value="([^"]*)"/.exec(html.replaceAll('\n', ' '))?.[1]

  it.for([
    ['alice', 'alice'],
    ['nobody-has-this-name', 'nobody-has-this-name'],
    ['"><script>alert(1)</script>', '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['x'.repeat(256), 'x'.repeat(256)],
  ])('B-OIDC-30 %j only fills the field', async ([login_hint, shown]) => {
    const issuer = await newRealIssuer()
    const { visit } = await issuer.begin({ parameters: { login_hint } })
    expect(placeOf(visit)).toBe('login')
    expect(usernameField(visit.answer.text)).toBe(shown)
  })

  it('B-OIDC-30 the page of a known and of an unknown name differ in the name alone', async () => {
    const issuer = await newRealIssuer()
    const pages = []
    for (const login_hint of ['alice', 'nobody']) {
      const { visit } = await issuer.begin({ parameters: { login_hint } })
      pages.push(visit.answer.text.replaceAll(login_hint, 'NAME').replaceAll(/value="[\w-]{43}"/g, 'value=""'))
    }
    expect(pages[0]).toBe(pages[1])
  })

  it('B-OIDC-30 opens no door: without a session the password is needed', async () => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ parameters: { login_hint: 'alice', prompt: 'none' } }), 'login_required')
  })
})

async function idTokenOf(issuer: TestIssuer, options: Parameters<TestIssuer['codeFlow']>[0] = {}): Promise<string> {
  return (await issuer.codeFlow({ parameters: plain, ...options })).idToken
}

describe('a good id_token_hint', () => {
  it('B-OIDC-31, CS-14 of the person who is signed in goes through silently, and though it expired long ago', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const id_token_hint = await idTokenOf(issuer, { browser })
    for (const wait of [0, 3600]) {
      issuer.clock.advance(wait)
      const begun = await issuer.begin({ browser, parameters: { ...plain, id_token_hint, prompt: 'none' } })
      expect(begun.visit.leftFor).toContain('code=')
    }
  })

  it('B-OIDC-31 of a key that was withdrawn still says who is meant', async () => {
    const issuer = await newRealIssuer()
    const id_token_hint = await idTokenOf(issuer)
    await issuer.server.rotateKeys(600)
    issuer.clock.advance(80 * 86_400)
    // The first round sweeps, the second one no longer sees what was swept.
    for (let round = 0; round < 2; round++) await issuer.server.maintain()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const begun = await issuer.begin({ browser, parameters: { ...plain, id_token_hint, prompt: 'none' } })
    expect(begun.visit.leftFor).toContain('code=')
  })

  it('B-OIDC-31, CS-14 of somebody else gives no silent answer', async () => {
    const issuer = await newRealIssuer()
    const id_token_hint = await idTokenOf(issuer, { person: issuer.bob })
    const { browser } = await signedIn(issuer, { parameters: plain })
    const parameters = { ...plain, id_token_hint, prompt: 'none' }
    expectBack(await issuer.authorize({ browser, parameters }), 'login_required')
    expectBack(await issuer.authorize({ parameters }), 'login_required')
  })

  it('B-OIDC-31 of somebody else who does not become that person ends with an error', async () => {
    const issuer = await newRealIssuer()
    const id_token_hint = await idTokenOf(issuer, { person: issuer.bob })
    const { browser } = await signedIn(issuer)
    const begun = await issuer.begin({ browser, parameters: { id_token_hint } })
    expect(placeOf(begun.visit)).toBe('login')
    expectBack(await issuer.finish(begun, { person: issuer.alice }), 'login_required')
    const other = await issuer.authorize({ browser, person: issuer.bob, parameters: { id_token_hint } })
    expect(other.code).not.toBe('')
  })
})

describe('a bad id_token_hint', () => {
  type Make = (issuer: TestIssuer, own: string) => Promise<string> | string
  const part = (token: string, index: number): string => token.split('.')[index] ?? ''
  const unsigned = (own: string, alg: string): string =>
    `${Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')}.${part(own, 1)}.`

  const forged: Record<string, Make> = {
    'signed by a foreign key': async (issuer, own) =>
      compact(
        { alg: 'ES256', typ: 'JWT', kid: await kidOf(issuer, 'RS256') },
        decodeJwt(own).claims,
        'ES256',
        await firstKey('ES256'),
      ),
    'with alg none': (_issuer, own) => unsigned(own, 'none'),
    'with alg NONE': (_issuer, own) => unsigned(own, 'NONE'),
    'with another subject': (issuer, own) => {
      const claims = { ...decodeJwt(own).claims, sub: issuer.bob.subject }
      return [part(own, 0), Buffer.from(JSON.stringify(claims)).toString('base64url'), part(own, 2)].join('.')
    },
    'of another client': (issuer) => idTokenOf(issuer, { client: issuer.clients.P }),
    'of another issuer': (issuer, own) =>
      signedByUs(issuer, {
        alg: 'RS256',
        header: { typ: 'JWT' },
        claims: { ...decodeJwt(own).claims, iss: 'https://other.test' },
      }),
    'for two audiences': (issuer, own) =>
      signedByUs(issuer, {
        alg: 'RS256',
        header: { typ: 'JWT' },
        claims: { ...decodeJwt(own).claims, aud: [issuer.clients.K.id, 'x'] },
      }),
    'that is an access token': async (issuer) => (await issuer.codeFlow({ parameters: plain })).accessToken,
    'that is no token': () => 'not-a-token',
    'that is empty between dots': () => '..',
    'of 20 kB': (_issuer, own) => own + 'A'.repeat(20_000),
  }

  it.for(Object.entries(forged))('B-OIDC-31, CS-14 %s is refused', async ([, make]) => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const id_token_hint = await make(issuer, await idTokenOf(issuer, { browser }))
    issuer.forget()
    for (const prompt of ['none', undefined]) {
      const parameters = { ...plain, id_token_hint, prompt }
      expectBack(await issuer.authorize({ browser, parameters }), 'invalid_request')
    }
    expect(eventsOf(issuer, 'authz.request.rejected').map(({ reason }) => reason)).toEqual([
      'id_token_hint',
      'id_token_hint',
    ])
  })
})
