import { ClientMetadataError, registerClient } from '@sallyport/server'
import { decodeJwt } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { expectRefusal, newIssuer } from './fixtures.ts'

const jwt = 'application/token-introspection+jwt'
const signed = { headers: { accept: jwt } }

it('A-INT-07, B-MS-04 the answer is a JWT with the whole answer inside, and neither sub nor exp at the top', async () => {
  const issuer = await newIssuer()
  const caller = await issuer.changeClient(issuer.clients.RS1, { introspectionAlgorithm: 'RS256' })
  const { accessToken } = await issuer.codeFlow()
  const plain = await issuer.introspect(caller, accessToken)
  expect(plain.headers['content-type']).toBe('application/json')
  const answer = await issuer.introspect(caller, accessToken, signed)
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({ 'content-type': jwt, 'cache-control': 'no-store' })
  const { header, claims } = decodeJwt(answer.text)
  expect(header).toMatchObject({ typ: 'token-introspection+jwt', alg: 'RS256' })
  expect(claims).toEqual({
    iss: 'https://as.test',
    aud: caller.id,
    iat: issuer.clock.now(),
    token_introspection: plain.json,
  })
})

it('A-INT-07, B-MS-04 the JWT is no access token', async () => {
  const issuer = await newIssuer()
  const caller = await issuer.changeClient(issuer.clients.RS1, { introspectionAlgorithm: 'ES256' })
  const flow = await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } })
  const { text } = await issuer.introspect(caller, flow.accessToken, signed)
  expect((await issuer.userinfo(text)).status).toBe(401)
  expect((await issuer.introspect(caller, text)).json).toEqual({ active: false })
})

it('A-INT-07 who has no signed answers gets 406, or JSON where that will do as well', async () => {
  const issuer = await newIssuer()
  const { RS1 } = issuer.clients
  const { accessToken } = await issuer.codeFlow()
  const ask = (accept: string) => issuer.introspect(RS1, accessToken, { headers: { accept } })
  for (const accept of [jwt, jwt.toUpperCase(), `text/html, ${jwt};q=0.5`, `${jwt}, application/json;q=0`])
    expectRefusal(await ask(accept), 'invalid_request', 406)
  for (const accept of [`${jwt}, application/json`, `${jwt}, */*;q=0.1`, '*/*', 'application/json', `${jwt};q=0`])
    expect((await ask(accept)).json['active']).toBe(true)
})

it('A-INT-08 nothing but active: false about a token that is not in force or none of the caller’s business', async () => {
  const issuer = await newIssuer()
  const caller = await issuer.changeClient(issuer.clients.RS2, { introspectionAlgorithm: 'RS256' })
  const { accessToken } = await issuer.codeFlow()
  for (const token of [accessToken, 'nonsense', 'a.b.c']) {
    const answer = await issuer.introspect(caller, token, signed)
    expect(decodeJwt(answer.text).claims['token_introspection']).toEqual({ active: false })
  }
})

it.for(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('A-INT-08 signs with %s when registered so', async (alg) => {
  const issuer = await newIssuer()
  const caller = await issuer.changeClient(issuer.clients.RS1, { introspectionAlgorithm: alg })
  const { accessToken } = await issuer.codeFlow()
  const answer = await issuer.introspect(caller, accessToken, signed)
  const published = (await issuer.get('/.well-known/openid-configuration')).json
  const supported = published['introspection_signing_alg_values_supported'] as string[]
  if (supported.includes(alg)) expect(decodeJwt(answer.text).header['alg']).toBe(alg)
  else expectRefusal(answer, 'invalid_request', 406)
})

it('A-INT-08 none and unknown algorithms are refused at registration', async () => {
  const issuer = await newIssuer()
  const context = { development: false, now: issuer.clock.now(), random: issuer.random, secretLifetime: 1 }
  const make = (more: object) => registerClient({ type: 'service', name: 'x', scope: 'read', ...more }, context)
  for (const introspectionAlgorithm of ['none', 'HS256', ''])
    expect(() => make({ introspectionAlgorithm })).toThrow(ClientMetadataError)
})

it('A-INT-10 the algorithms of signed answers are published', async () => {
  const issuer = await newIssuer()
  const { json } = await issuer.get('/.well-known/openid-configuration')
  expect(json['introspection_signing_alg_values_supported']).toEqual(json['id_token_signing_alg_values_supported'])
})
