import { decodeJwt, headerOf, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, machineToken, newIssuer } from './fixtures.ts'

const personal = { parameters: { resource: undefined, scope: 'openid profile offline_access' } } as const

const document = 'resource_metadata="https://as.test/.well-known/oauth-protected-resource/oauth2/userinfo"'
const realm = `Bearer realm="https://as.test", ${document}, DPoP realm="https://as.test", algs="ES256 PS256 EdDSA Ed25519", ${document}`

/** The parameters of a Bearer challenge, each at most once. */
function challengeOf(value: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  const rest = /^Bearer (.*)$/.exec(value ?? '')?.[1] ?? ''
  for (const [, name = '', text = ''] of rest.matchAll(/([a-z_]+)="([^"\\]*)"(?:, |$)/g)) {
    expect(parameters.has(name)).toBe(false)
    parameters.set(name, text)
  }
  return parameters
}

const ask = (issuer: TestIssuer, headers: Record<string, string>, more: { query?: string; body?: string } = {}) =>
  issuer.send({
    path: '/oauth2/userinfo',
    method: more.body === undefined ? 'GET' : 'POST',
    query: more.query ?? '',
    headers: more.body === undefined ? headers : { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: more.body === undefined ? undefined : Buffer.from(more.body),
  })

describe('where the token stands', () => {
  it('A-BEAR-01 the scheme is read without regard to case', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow(personal)
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR', 'Bearer '])
      expect((await ask(issuer, { authorization: `${scheme} ${accessToken}` })).status).toBe(200)
  })

  it('A-BEAR-01 what is no token68 is a bad request', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow(personal)
    const odd = [
      'Bearer',
      'Bearer ',
      `Bearer  ${accessToken} junk`,
      'Bearer a b',
      'Bearer "x"',
      'Bearer é',
      `Bearer ${accessToken},x`,
      'Bearer =x',
    ]
    for (const authorization of odd) {
      const answer = await ask(issuer, { authorization })
      expect([authorization, answer.status, answer.json['error']]).toEqual([authorization, 400, 'invalid_request'])
    }
  })

  it('A-BEAR-02, A-BEAR-08 a token in the address counts as none, and is noticed without being written down', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow(personal)
    const answer = await ask(issuer, {}, { query: `access_token=${accessToken}` })
    expect([answer.status, headerOf(answer, 'www-authenticate'), answer.text]).toEqual([401, realm, ''])
    expectEvent(issuer, 'http.request.rejected', { reason: 'query_credential' })
  })

  it('A-BEAR-03 the form body is no place for it, and two places are one too many', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow(personal)
    const authorization = `Bearer ${accessToken}`
    const body = `access_token=${accessToken}`
    expect((await ask(issuer, {}, { body })).status).toBe(401)
    for (const more of [{ body }, { query: body }]) {
      const answer = await ask(issuer, { authorization }, more)
      expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request'])
    }
    expect((await ask(issuer, { authorization }, { body: 'x=1' })).status).toBe(200)
  })

  it('A-BEAR-04 without credentials there is a challenge and no error', async () => {
    const issuer = await newIssuer()
    for (const headers of [{}, { authorization: 'Basic QTpC' }, { authorization: 'Bearerx y' }] as Record<
      string,
      string
    >[]) {
      const answer = await ask(issuer, headers)
      expect([answer.status, headerOf(answer, 'www-authenticate'), answer.text]).toEqual([401, realm, ''])
    }
    expect(eventsOf(issuer, 'jwt.rejected')).toEqual([])
  })
})

describe('what makes a token invalid', () => {
  const causes: readonly (readonly [string, (issuer: TestIssuer) => Promise<string>, string])[] = [
    ['nonsense', async () => 'x', 'token_invalid'],
    ['three empty parts', async () => '..', 'token_invalid'],
    [
      'a changed signature',
      async (issuer) => {
        const { accessToken } = await issuer.codeFlow(personal)
        return accessToken.slice(0, -2) + (accessToken.endsWith('AA') ? 'BA' : 'AA')
      },
      'token_invalid',
    ],
    [
      'a changed claim',
      async (issuer) => {
        const [header, claims, signature] = (await issuer.codeFlow(personal)).accessToken.split('.')
        const changed = { ...decodeJwt(`${header}.${claims}.`).claims, sub: issuer.bob.subject }
        return `${header}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}`
      },
      'token_invalid',
    ],
    [
      'expiry',
      async (issuer) => {
        const { accessToken } = await issuer.codeFlow(personal)
        issuer.clock.advance(300)
        return accessToken
      },
      'token_expired',
    ],
    ['another audience', async (issuer) => (await issuer.codeFlow()).accessToken, 'token_audience'],
    ['being an ID token', async (issuer) => (await issuer.codeFlow(personal)).idToken, 'token_typ'],
    ['being a refresh token', async (issuer) => (await issuer.codeFlow(personal)).refreshToken, 'token_invalid'],
    [
      'revocation',
      async (issuer) => {
        const flow = await issuer.codeFlow(personal)
        await issuer.revoke(flow.client, flow.accessToken)
        return flow.accessToken
      },
      'token_revoked',
    ],
    [
      'another issuer',
      async () => (await (await newIssuer({ issuer: 'https://other.test' })).codeFlow(personal)).accessToken,
      'token_invalid',
    ],
    [
      'a disabled person',
      async (issuer) => {
        const { accessToken } = await issuer.codeFlow(personal)
        await issuer.store.setSubjectActive(issuer.alice.subject, false, issuer.clock.now(), [])
        return accessToken
      },
      'token_revoked',
    ],
    [
      'a disabled client',
      async (issuer) => {
        const { accessToken } = await issuer.codeFlow(personal)
        await issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() })
        return accessToken
      },
      'token_revoked',
    ],
  ]
  it.for(causes)('A-BEAR-05, A-BEAR-07 %s', async ([, tokenFor, reason]) => {
    const issuer = await newIssuer()
    const answer = await issuer.userinfo(await tokenFor(issuer))
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_token'])
    expect(challengeOf(headerOf(answer, 'www-authenticate')).get('error')).toBe('invalid_token')
    expectEvent(issuer, 'jwt.rejected', { reason })
  })

  it('A-BEAR-05 all causes look the same from outside', async () => {
    const seen = new Set<string>()
    for (const [, tokenFor] of causes) {
      const issuer = await newIssuer()
      const answer = await issuer.userinfo(await tokenFor(issuer))
      seen.add(`${answer.status} ${answer.text} ${headerOf(answer, 'www-authenticate')}`)
    }
    expect(seen.size).toBe(1)
  })

  it('A-BEAR-06 a token without openid lacks scope, and the challenge names it', async () => {
    const issuer = await newIssuer()
    const without = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'profile' } })
    for (const token of [await machineToken(issuer), without.accessToken]) {
      const answer = await issuer.userinfo(token)
      expect([answer.status, answer.json['error']]).toEqual([403, 'insufficient_scope'])
      expect(challengeOf(headerOf(answer, 'www-authenticate')).get('scope')).toBe('openid')
    }
  })

  it('A-BEAR-09 a challenge names each of its parameters once, in the allowed characters', async () => {
    const issuer = await newIssuer()
    for (const authorization of ['Bearer x', 'Bearer "', `Bearer ${await machineToken(issuer)}`]) {
      const value = headerOf(await ask(issuer, { authorization }), 'www-authenticate')
      const parameters = challengeOf(value)
      expect(parameters.get('realm')).toBe('https://as.test')
      expect(
        [...parameters.keys()].every((name) =>
          ['realm', 'error', 'error_description', 'error_uri', 'scope', 'resource_metadata'].includes(name),
        ),
      ).toBe(true)
      expect(value).toMatch(/^[\x20-\x7e]+$/)
    }
  })
})
