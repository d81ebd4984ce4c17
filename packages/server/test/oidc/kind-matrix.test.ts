import { createVerifier } from '@sallyport/resource'
import { createClientKey, decodeJwt, withKey, type TestClient, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { askWith, assertionOf, type KeyClient } from '../client-keys/key-client.ts'
import { issuerId } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'
import { keysOf, signedByUs } from '../signed-by-us.ts'
import { objectOf } from '../signed/fixtures.ts'

/**
 * Every kind of token there is or will be. All JWTs but the assertion and the request object of the client are signed with one and the same key, so
 * only their content tells them apart.
 */
async function everyKind(issuer: TestIssuer, { client, key }: KeyClient): Promise<Record<string, string>> {
  const api = await issuer.codeFlow({ client })
  const own = await issuer.codeFlow({ client, parameters: { scope: 'openid offline_access', resource: undefined } })
  const fresh = await issuer.authorize({ client })
  const { sub } = decodeJwt(own.idToken).claims
  const iat = Math.floor(issuer.clock.now())
  const common = { iss: issuerId, sub, aud: client.id, iat, exp: iat + 300, jti: 'j', client_id: client.id }
  const made = (typ: string | undefined, claims: object) => signedByUs(issuer, { header: { typ }, claims })
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  return {
    'access token for the API': api.accessToken,
    'access token for UserInfo': own.accessToken,
    'ID Token': own.idToken,
    'refresh token': own.refreshToken,
    'authorization code': `${fresh.code} ${fresh.verifier}`,
    'signed UserInfo answer': (await issuer.userinfo(own.accessToken)).text,
    'logout token': await made('logout+jwt', { ...common, events }),
    'JARM answer': await made(undefined, { iss: issuerId, aud: client.id, exp: iat + 300, code: 'c' }),
    'request object': await made('oauth-authz-req+jwt', { ...common, iss: client.id, aud: issuerId }),
    'request object of the client': objectOf(issuer, { client, key }).request,
    'client assertion': assertionOf(issuer, { client, key }),
    'client assertion signed by us': await made('JWT', { ...common, iss: client.id, sub: client.id, aud: issuerId }),
    'DPoP proof': await made('dpop+jwt', { jti: 'j', htm: 'GET', htu: 'https://as.test/oauth2/userinfo', iat }),
    'introspection answer': await made('token-introspection+jwt', { ...common, token_introspection: { active: true } }),
    'security event': await made('secevent+jwt', { ...common, events }),
  }
}

type Consumer = (issuer: TestIssuer, client: TestClient, token: string) => Promise<boolean>

const hint: Consumer = async (issuer, client, id_token_hint) =>
  (await issuer.authorize({ client, parameters: { id_token_hint } })).error !== 'invalid_request'

const resourceServer: Consumer = async (issuer, _client, token) => {
  const keys = JSON.stringify({ keys: await keysOf(issuer) })
  const verifier = createVerifier({
    issuer: issuerId,
    audience: 'https://rs1.test',
    jwksUri: `${issuerId}/oauth2/jwks`,
    fetch: async () => new Response(keys, { headers: { 'content-type': 'application/jwk-set+json' } }),
    now: issuer.clock.now,
  })
  return verifier.verify(token).then(
    () => true,
    () => false,
  )
}

const consumers: Record<string, { readonly takes: readonly string[]; readonly ask: Consumer }> = {
  UserInfo: {
    takes: ['access token for UserInfo'],
    ask: async (issuer, _client, token) => (await issuer.userinfo(token)).status === 200,
  },
  'the API itself': { takes: ['access token for the API'], ask: resourceServer },
  'introspection by the API': {
    takes: ['access token for the API'],
    ask: async (issuer, _client, token) => (await issuer.introspect(issuer.clients.RS1, token)).json['active'] === true,
  },
  'introspection by the client': {
    takes: ['access token for the API', 'access token for UserInfo', 'refresh token'],
    ask: async (issuer, client, token) => (await issuer.introspect(client, token)).json['active'] === true,
  },
  'id_token_hint of a request': { takes: ['ID Token'], ask: hint },
  'id_token_hint of a sign-out': {
    takes: ['ID Token'],
    ask: async (issuer, _client, token) =>
      (await issuer.get(`/oauth2/logout?id_token_hint=${encodeURIComponent(token)}`)).status === 200,
  },
  'the code parameter': {
    takes: ['authorization code'],
    ask: async (issuer, client, token) => {
      const [code = '', code_verifier = issuer.random.handle()] = token.split(' ')
      const answer = await issuer.token(client, { grant_type: 'authorization_code', code, code_verifier })
      return answer.status === 200
    },
  },
  'the refresh_token parameter': {
    takes: ['refresh token'],
    ask: async (issuer, client, refreshToken) => (await issuer.refresh({ client, refreshToken })).status === 200,
  },
  'the client_assertion parameter': {
    takes: ['client assertion'],
    ask: async (issuer, client, assertion) => {
      const path = '/oauth2/introspect'
      const answer = await askWith(issuer, assertion, { client_id: client.id, token: 'x' }, { path })
      if (answer.status !== 200) expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client'])
      return answer.status === 200
    },
  },
  'the request parameter': {
    takes: ['request object of the client'],
    ask: async (issuer, client, request) => (await issuer.authorize({ client, parameters: { request } })).code !== '',
  },
}

describe('every kind of token at every consumer', () => {
  it.for(Object.entries(consumers))(
    'B-IDT-10, B-LOG-12, JW-09 %s takes what is meant for it and nothing else',
    async ([, consumer]) => {
      const issuer = await newRealIssuer()
      const alike = { idTokenAlgorithm: 'ES256', userinfoAlgorithm: 'ES256' } as const
      const key = createClientKey()
      const jwks = { keys: [key.jwk] }
      const keyed = { authenticationMethod: 'private_key_jwt', jwks } as const
      const client = withKey(await issuer.changeClient(issuer.clients.K, { ...alike, ...keyed }), key, issuer)
      const taken: string[] = []
      for (const [kind, token] of Object.entries(await everyKind(issuer, { client, key })))
        if (await consumer.ask(issuer, client, token)) taken.push(kind)
      expect(taken).toEqual(consumer.takes)
    },
  )

  it('B-IDT-11, TX-01 an ID Token at UserInfo is told to be no access token, under either scheme', async () => {
    const issuer = await newRealIssuer()
    const { idToken } = await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } })
    const bearer = await issuer.userinfo(idToken)
    expect([bearer.status, bearer.json['error']]).toEqual([401, 'invalid_token'])
    expect(bearer.headers['www-authenticate']).toContain('error="invalid_token"')
    const dpop = await issuer.get('/oauth2/userinfo', { authorization: `DPoP ${idToken}` })
    expect(dpop.status).toBe(401)
  })
})
