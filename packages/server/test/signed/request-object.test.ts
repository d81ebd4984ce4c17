import { createHmac, createPublicKey, sign } from 'node:crypto'
import { createClientKey, dpopProof, signJws, type Authorized, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { addKeyClient, assertionOf } from '../client-keys/key-client.ts'
import { eventsOf, expectPage, expectRefusal, expectTokens, issuerId, newIssuer } from '../fixtures.ts'
import { addressOf } from '../pushed/fixtures.ts'
import { addSigningClient, ask, bring, objectOf, requestType, type SigningClient } from './fixtures.ts'

type Changes = Readonly<Record<string, unknown>>

async function newSigned(options: Parameters<typeof newIssuer>[0] = {}) {
  const issuer = await newIssuer(options)
  return { issuer, signer: await addSigningClient(issuer) }
}

/** Sent back to the client with the error; with the state of the object only where its signature was good. */
function expectReturned({ visit, response }: Authorized, error: string, state: unknown = null): void {
  expect({ status: visit.answer.status, error: response.get('error') }).toEqual({ status: 303, error })
  expect(visit.leftFor?.startsWith('https://signs.test/cb?')).toBe(true)
  expect([response.get('state'), response.get('iss'), response.has('code')]).toEqual([state, issuerId, false])
}

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A payload as it is, signed. */
function signedText({ key }: SigningClient, payload: string): string {
  const header = encoded({ alg: 'ES256', typ: requestType, kid: key.kid })
  const input = `${header}.${Buffer.from(payload).toString('base64url')}`
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** By value in a browser and in a push, the object is refused for the reason. */
async function refusedAtBothDoors(
  issuer: TestIssuer,
  { client }: SigningClient,
  request: string,
  reason: string,
): Promise<Authorized> {
  issuer.forget()
  const asked = await bring(issuer, client, request)
  expect(asked.response.get('error')).toBe('invalid_request_object')
  expect(asked.code).toBe('')
  expectRefusal(await issuer.push(client, { request }), 'invalid_request_object')
  const surfaces = eventsOf(issuer, 'authz.request.rejected', reason).map(({ detail }) => detail['surface'])
  expect(surfaces).toEqual(['authorize', 'pushed'])
  return asked
}

describe('what a request object says', () => {
  it('B-JAR-01, B-CX-06, JR-02 is the request, by GET, by POST and pushed; nothing beside it counts', async () => {
    const { issuer, signer } = await newSigned()
    const beside = {
      ...{ state: 'outside', nonce: 'outside', redirect_uri: 'https://evil.test/cb', scope: 'openid admin' },
      ...{ code_challenge: 'x', code_challenge_method: 'plain', response_type: 'token', max_age: '-1' },
    }
    for (const method of ['GET', 'POST'] as const) {
      const { request, claims, verifier } = objectOf(issuer, signer)
      const asked = await bring(issuer, signer.client, request, beside, method)
      expect(asked.response.get('state')).toBe(claims['state'])
      const answer = await issuer.redeem({ ...asked, verifier, sent: { redirect_uri: asked.client.redirectUri } })
      expectTokens(answer)
      expect(answer.json['scope']).toBe('read')
    }
    const { request, claims } = objectOf(issuer, signer)
    const answer = await issuer.push(signer.client, { request, ...beside, dpop_jkt: 'x' })
    expect(answer.status).toBe(201)
    const browser = issuer.browser()
    const visit = await browser.open(addressOf(signer.client, String(answer.json['request_uri'])))
    const ended = await issuer.finish({ client: signer.client, browser, verifier: '', challenge: '', sent: {}, visit })
    expect([ended.response.get('state'), ended.code === '']).toEqual([claims['state'], false])
  })

  it('B-JAR-01 numbers, lists and objects arrive as their parameters have them', async () => {
    const { issuer, signer } = await newSigned()
    const claims = { id_token: { auth_time: { essential: true } }, userinfo: { email: null } }
    const asked = await ask(issuer, signer, {
      max_age: 600,
      claims,
      resource: ['https://rs1.test'],
      unknown: [{ a: 1 }],
    })
    expect(asked.code).not.toBe('')
    const text = await ask(issuer, signer, { max_age: '600', claims: JSON.stringify(claims) })
    expect(text.code).not.toBe('')
  })

  it.for<[string, Changes]>([
    ['state', { state: 7 }],
    ['scope', { scope: ['openid'] }],
    ['redirect_uri', { redirect_uri: ['https://signs.test/cb'] }],
    ['code_challenge', { code_challenge: null }],
    ['max_age', { max_age: [1] }],
    ['resource', { resource: [1] }],
    ['claims', { claims: 1 }],
  ])('B-JAR-01, JW-09 a parameter of another type is none: %s', async ([detail, changes]) => {
    const { issuer, signer } = await newSigned()
    await refusedAtBothDoors(issuer, signer, objectOf(issuer, signer, changes).request, 'jar_claims')
    expect(issuer.records.events.at(-1)?.detail['reason_detail']).toBe(detail)
  })

  it.for<[string, Changes, string]>([
    ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an empty challenge', { code_challenge: '' }, 'invalid_request'],
    ['a verifier', { code_verifier: 'v'.repeat(43) }, 'invalid_request'],
    ['a token', { response_type: 'token' }, 'unsupported_response_type'],
    ['a scope it may not have', { scope: 'openid admin' }, 'invalid_scope'],
    ['a line break', { nonce: 'a\nb' }, 'invalid_request'],
    ['a fraction of a second', { max_age: 1.5 }, 'invalid_request'],
  ])('PK-01, A-PKCE-18, B-JAR-01 is judged as any other: %s', async ([, changes, error]) => {
    const { issuer, signer } = await newSigned()
    const asked = await ask(issuer, signer, { max_age: undefined, ...changes })
    expectReturned(asked, error, asked.claims['state'])
    expectRefusal(await issuer.push(signer.client, { request: objectOf(issuer, signer, changes).request }), error)
  })

  it('B-PAR-11, B-JAR-01 leads nowhere but to a registered redirect URI', async () => {
    const { issuer, signer } = await newSigned()
    expectPage(await ask(issuer, signer, { redirect_uri: 'https://signs.test/cb/' }), 'redirect_uri_mismatch')
    expectPage(await ask(issuer, signer, { redirect_uri: undefined }), 'redirect_uri_missing')
    const { request } = objectOf(issuer, signer, { redirect_uri: 'https://evil.test/cb' })
    expectRefusal(await issuer.push(signer.client, { request }), 'invalid_request')
  })
})

describe('whose it is', () => {
  it('B-JAR-01, JR-03 the client outside is there, and the one inside; otherwise nobody is sent anywhere', async () => {
    const { issuer, signer } = await newSigned()
    const other = await addSigningClient(issuer, { redirectUris: ['https://other.test/cb'] })
    const { request } = objectOf(issuer, signer)
    expectPage(await bring(issuer, signer.client, request, { client_id: undefined }), 'client_id_missing')
    expectPage(await bring(issuer, other.client, request), 'jar_client')
    expectRefusal(await issuer.push(other.client, { request }), 'invalid_request_object')
    for (const client_id of [undefined, other.client.id, [signer.client.id]])
      expectPage(await ask(issuer, signer, { client_id }), 'jar_client')
    expectRefusal(await issuer.push(signer.client, { request, client_id: other.client.id }), 'invalid_request')
  })

  it('B-JAR-02 only the key of the client counts, and only what it signed', async () => {
    const { issuer, signer } = await newSigned()
    const { request, claims } = objectOf(issuer, signer)
    const [header, payload, signature] = request.split('.')
    const altered = `${header}.${encoded({ ...claims, scope: 'openid write' })}.${signature}`
    expectReturned(await refusedAtBothDoors(issuer, signer, altered, 'jar_signature'), 'invalid_request_object')
    const flipped = `${header}.${payload}.${signature?.startsWith('A') ? 'B' : 'A'}${signature?.slice(1)}`
    await refusedAtBothDoors(issuer, signer, flipped, 'jar_signature')
    const thief = createClientKey('ES256', signer.key.kid)
    await refusedAtBothDoors(issuer, signer, signJws(thief, claims, { typ: requestType }), 'jar_signature')
    const unknown = createClientKey('ES256', 'unknown')
    await refusedAtBothDoors(issuer, signer, signJws(unknown, claims), 'jar_keys')
    await refusedAtBothDoors(
      issuer,
      signer,
      objectOf(issuer, signer, {}, { jwk: thief.jwk, kid: 'x' }).request,
      'jar_keys',
    )
  })

  it('B-JAR-02 a client without keys has none that count, and one that returns to several addresses gets a page', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const { request } = objectOf(issuer, { client: K, key: createClientKey() })
    const asked = await bring(issuer, K, request)
    expect([asked.visit.leftFor?.startsWith(K.redirectUri), asked.error]).toEqual([true, 'invalid_request_object'])
    const several = await addSigningClient(issuer, { redirectUris: ['https://signs.test/cb', 'https://signs.test/b'] })
    expectPage(await bring(issuer, several.client, `${objectOf(issuer, several).request}=`), 'jar_syntax')
    expectPage(await bring(issuer, several.client, objectOf(issuer, several, {}, { alg: 'none' }).request), 'jar_alg')
  })

  it('B-JAR-02, B-JWK-04 one algorithm where one was registered, and never another than the key has', async () => {
    const issuer = await newIssuer()
    const [pss, es] = [createClientKey('PS256', 'rsa'), createClientKey('ES256', 'ec')]
    const { alg: _, ...open } = pss.jwk
    const jwks = { keys: [open, es.jwk] }
    const { client } = await addSigningClient(issuer, { requestObjectAlgorithm: 'PS256', jwks })
    expect((await ask(issuer, { client, key: pss })).code).not.toBe('')
    const rs256 = { client, key: { ...pss, alg: 'RS256' as const } }
    await refusedAtBothDoors(issuer, rs256, objectOf(issuer, rs256).request, 'jar_alg')
    const ec = { client, key: es }
    await refusedAtBothDoors(issuer, ec, objectOf(issuer, ec).request, 'jar_keys')
    const old = await addSigningClient(issuer, { requestObjectAlgorithm: 'RS256', jwks: { keys: [open] } })
    expect((await ask(issuer, { client: old.client, key: rs256.key })).code).not.toBe('')
  })

  it('B-JAR-03, JR-01, B-CX-08 unsigned is never signed, whatever it is called', async () => {
    const { issuer, signer } = await newSigned()
    const { claims } = objectOf(issuer, signer)
    for (const alg of ['none', 'nOnE', 'NONE', '', undefined, 7])
      for (const signature of ['', 'AAAA'])
        await refusedAtBothDoors(
          issuer,
          signer,
          `${encoded({ alg, typ: requestType, kid: signer.key.kid })}.${encoded(claims)}.${signature}`,
          'jar_alg',
        )
    const es256 = { alg: 'ES256', typ: requestType, kid: signer.key.kid }
    await refusedAtBothDoors(issuer, signer, `${encoded(es256)}.${encoded(claims)}.`, 'jar_signature')
    const pem = createPublicKey({ key: signer.key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const input = `${encoded({ ...es256, alg: 'HS256' })}.${encoded(claims)}`
    const mac = createHmac('sha256', pem).update(input).digest('base64url')
    await refusedAtBothDoors(issuer, signer, `${input}.${mac}`, 'jar_alg')
  })
})

describe('what it says of itself', () => {
  it.for<[string, Changes]>([
    ['iss', { iss: 'somebody' }],
    ['iss', { iss: ['x'] }],
    ['aud', { aud: undefined }],
    ['aud', { aud: 'https://other.test' }],
    ['aud', { aud: `${issuerId}/` }],
    ['aud', { aud: [] }],
    ['aud', { aud: [[issuerId]] }],
    ['aud', { aud: { [issuerId]: true } }],
    ['exp', { exp: '9999999999' }],
    ['exp', { exp: null }],
    ['exp', { exp: -1 }],
    ['nbf', { nbf: 'now' }],
    ['iat', { iat: [1] }],
    ['jti', { jti: 7 }],
    ['jti', { jti: '' }],
    ['jti', { jti: 'x'.repeat(513) }],
    ['exp', { exp: undefined, nbf: undefined, iat: undefined }],
  ])('B-JAR-04, B-JAR-05, JR-06, JW-09 is wrong in %s: %o', async ([detail, changes]) => {
    const { issuer, signer } = await newSigned()
    const { request, claims } = objectOf(issuer, signer, changes)
    expectReturned(
      await refusedAtBothDoors(issuer, signer, request, 'jar_claims'),
      'invalid_request_object',
      claims['state'],
    )
    expect(issuer.records.events.at(-1)?.detail['reason_detail']).toBe(detail)
  })

  it('B-JAR-04 names this server, alone or among others, and its client or nobody', async () => {
    const { issuer, signer } = await newSigned()
    const good = [{ aud: issuerId }, { aud: ['https://other.test', issuerId] }, { iss: undefined }, { sub: 'alice' }]
    for (const changes of good) expect((await ask(issuer, signer, changes)).code).not.toBe('')
  })

  it('B-JAR-05, B-FAPI-07, JR-06 is neither over nor far ahead, nor good for more than an hour', async () => {
    const { issuer, signer } = await newSigned()
    const at = Math.floor(issuer.clock.now())
    const good = [
      { nbf: at + 8, iat: at + 8 },
      { nbf: at + 10, iat: undefined },
      { nbf: at - 3590, exp: at + 10 },
      { nbf: at, exp: at + 3600 },
      { exp: undefined },
      { exp: at + 3600, nbf: undefined, iat: undefined },
      { exp: undefined, nbf: undefined, iat: undefined, jti: undefined },
    ]
    for (const changes of good) expect((await ask(issuer, signer, changes)).code).not.toBe('')
    const bad = [
      { exp: at - 1 },
      { nbf: at + 70 },
      { iat: at + 62 },
      { nbf: at - 4200, exp: at + 60 },
      { nbf: at, exp: at + 4200 },
      { nbf: undefined, iat: at - 4200, exp: undefined },
      { exp: at + 4200, nbf: undefined, iat: undefined },
    ]
    for (const changes of bad)
      await refusedAtBothDoors(issuer, signer, objectOf(issuer, signer, changes).request, 'jar_claims')
  })

  it('B-JAR-06, JR-07 is made as a request object; nothing that was made for something else is one', async () => {
    const { issuer, signer } = await newSigned()
    for (const typ of [requestType, `application/${requestType}`, 'JWT', 'jwt', undefined])
      expect((await ask(issuer, signer, {}, { typ })).code).not.toBe('')
    for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'client-authentication+jwt', '', 7])
      await refusedAtBothDoors(issuer, signer, objectOf(issuer, signer, {}, { typ }).request, 'jar_typ')
    const asserting = objectOf(issuer, signer, { sub: signer.client.id }).request
    await refusedAtBothDoors(issuer, signer, asserting, 'jar_typ')
    const j = await addKeyClient(issuer)
    expectPage(await bring(issuer, j.client, assertionOf(issuer, j)), 'jar_client')
    const named = assertionOf(issuer, j, { client_id: j.client.id })
    expect((await bring(issuer, j.client, named)).visit.answer.text).toContain('redirect_uri_missing')
    const proof = dpopProof(signer.key, { method: 'GET', uri: issuerId, now: issuer.clock.now() })
    expectPage(await bring(issuer, signer.client, proof), 'jar_client')
  })

  it('B-JAR-07, B-PAR-03, JR-05 refers to no other request, and stands beside none', async () => {
    const { issuer, signer } = await newSigned()
    for (const inside of [{ request: 'a.b.c' }, { request_uri: 'urn:x' }, { request_uri: null }])
      await refusedAtBothDoors(issuer, signer, objectOf(issuer, signer, inside).request, 'jar_inside')
    const { request } = objectOf(issuer, signer)
    const both = { request, request_uri: 'https://signs.test/request', redirect_uri: signer.client.redirectUri }
    expectReturned(await bring(issuer, signer.client, request, both), 'invalid_request')
    expectPage(await bring(issuer, signer.client, request, { request_uri: 'urn:x' }), 'redirect_uri_missing')
    const pushed = `urn:ietf:params:oauth:request_uri:${'A'.repeat(43)}`
    expectPage(await bring(issuer, signer.client, request, { request_uri: pushed }), 'jar_nested')
    expectRefusal(await issuer.push(signer.client, both), 'invalid_request')
    expectPage(await bring(issuer, signer.client, request, { request: [request, request] }), 'param_duplicated')
  })

  it('B-JAR-12, JR-06 with an id it counts once, at whichever door, and a refused one costs nothing', async () => {
    const { issuer, signer } = await newSigned()
    const { request, claims } = objectOf(issuer, signer)
    expect((await bring(issuer, signer.client, request)).code).not.toBe('')
    const again = await refusedAtBothDoors(issuer, signer, request, 'jar_replayed')
    expectReturned(again, 'invalid_request_object', claims['state'])
    const { request: second } = objectOf(issuer, signer)
    const answers = await Promise.all(Array.from({ length: 5 }, () => issuer.push(signer.client, { request: second })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400, 400])
    issuer.clock.advance(60)
    expect((await bring(issuer, signer.client, second)).error).toBe('invalid_request_object')

    const jti = 'an id that is sent again'
    expect((await ask(issuer, signer, { jti, scope: 'openid admin' })).error).toBe('invalid_scope')
    expect((await ask(issuer, signer, { jti })).code).not.toBe('')
    const other = await addSigningClient(issuer, { redirectUris: ['https://other.test/cb'] })
    expect((await ask(issuer, other, { jti })).code).not.toBe('')
    const { request: nameless } = objectOf(issuer, signer, { jti: undefined })
    expect((await bring(issuer, signer.client, nameless)).code).not.toBe('')
    // Its challenge was used, which is another matter (A-PKCE-10).
    expect((await bring(issuer, signer.client, nameless)).error).toBe('invalid_request')
  })
})

describe('how it is written', () => {
  it('JW-01, JW-05, JW-06 long, doubled, encrypted, detached or twisted ones are refused at once', async () => {
    const { issuer, signer } = await newSigned()
    const { request, claims } = objectOf(issuer, signer)
    const [header, , signature] = request.split('.')
    const syntax = ['x', 'a.b.c', 'a.b.c.d.e', `${request}=`, ` ${request}`]
    for (const text of syntax) await refusedAtBothDoors(issuer, signer, text, 'jar_syntax')
    await refusedAtBothDoors(issuer, signer, `${header}..${signature}`, 'jar_signature')
    for (const more of [{ crit: ['exp'], exp: 1 }, { crit: [] }, { b64: false }, { zip: 'DEF' }])
      await refusedAtBothDoors(issuer, signer, objectOf(issuer, signer, {}, more).request, 'jar_syntax')
    const large = objectOf(issuer, signer, { filler: 'x'.repeat(20_000) }).request
    expect((await issuer.push(signer.client, { request: large })).status).toBe(201)
    const larger = objectOf(issuer, signer, { filler: 'x'.repeat(25_000) }).request
    await refusedAtBothDoors(issuer, signer, larger, 'jar_syntax')
    const named = `"client_id":"${signer.client.id}"`
    const deep = `{${named},"x":${'['.repeat(3000)}${']'.repeat(3000)}}`
    await refusedAtBothDoors(issuer, signer, signedText(signer, deep), 'jar_syntax')
    const twice = JSON.stringify(claims).replace('{', `{"scope":"openid write",${named},`)
    await refusedAtBothDoors(issuer, signer, signedText(signer, twice), 'jar_syntax')
    await refusedAtBothDoors(issuer, signer, signedText(signer, '[]'), 'jar_syntax')
    expect((await bring(issuer, signer.client, signedText(signer, JSON.stringify(claims)))).code).not.toBe('')
  })
})
