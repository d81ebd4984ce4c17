import { BearerError, createVerifier, type BearerReason, type VerifierOptions } from '@sallyport/resource'
import { SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { audience, baseClaims, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start, type Key } from './issuer.ts'

let key: Key
const now = start

const verifierFor = (keys: readonly Key[], options: Partial<VerifierOptions> = {}) =>
  createVerifier({ issuer, audience, fetch: issuerDocuments(jwksAnswer(keys)).fetcher, now: () => now, ...options })

const verify = (token: string, options?: Partial<VerifierOptions>) => verifierFor([key], options).verify(token)

const reasonOf = async (verification: Promise<unknown>): Promise<BearerReason | 'accepted'> => {
  try {
    await verification
    return 'accepted'
  } catch (error) {
    if (error instanceof BearerError) return error.reason
    throw error
  }
}

beforeAll(async () => {
  key = await makeKey('k1')
})

describe('what an access token has to be', () => {
  it('B-ATJ-06, A-BEAR-07 accepts a token of the issuer for this API and tells its content', async () => {
    const token = await verify(await sign(key))
    expect(token).toMatchObject({ subject: 'user_1', clientId: 'client_1', scope: ['orders.read'], id: 'token-1' })
    expect(token).toMatchObject({ issuedAt: start, expiresAt: start + 300, claims: baseClaims })
  })

  it.each(['JWT', 'logout+jwt', 'dpop+jwt', 'oauth-authz-req+jwt', 'token-introspection+jwt', 'at', ''])(
    'TX-02, TX-01 refuses typ %j',
    async (typ) => {
      expect(await reasonOf(verify(await sign(key, { typ })))).toBe('typ')
    },
  )

  it('TX-02 refuses a token without typ', async () => {
    expect(await reasonOf(verify(await sign(key, { typ: undefined })))).toBe('typ')
  })

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'APPLICATION/AT+JWT'])(
    'TX-02, B-ATJ-06 accepts typ %s',
    async (typ) => {
      expect(await reasonOf(verify(await sign(key, { typ })))).toBe('accepted')
    },
  )

  it('TX-01, A-BEAR-07 refuses an ID Token, also one whose audience is this API', async () => {
    const idToken = { client_id: undefined, jti: undefined, nonce: 'n' }
    expect(await reasonOf(verify(await sign(key, { typ: 'JWT', claims: idToken })))).toBe('typ')
    expect(await reasonOf(verify(await sign(key, { claims: idToken })))).toBe('claims')
  })

  it.each([
    ['another issuer', { iss: 'https://evil.test' }, 'iss'],
    ['an issuer with a slash added', { iss: `${issuer}/` }, 'iss'],
    ['an issuer in upper case', { iss: issuer.toUpperCase() }, 'iss'],
    ['no issuer', { iss: undefined }, 'iss'],
    ['a list of issuers', { iss: [issuer] }, 'iss'],
  ])('A-BEAR-05, B-ATJ-06 refuses %s', async (_name, claims, reason) => {
    expect(await reasonOf(verify(await sign(key, { claims })))).toBe(reason)
  })

  it.each([
    ['of another API', 'https://api.test/other'],
    ['that is a prefix', 'https://api.test'],
    ['that goes on', `${audience}/`],
    ['without scheme', 'api.test/orders'],
    ['that is missing', undefined],
    ['that is an empty list', []],
    ['that is a number', 7],
    ['with a null in its list', [audience, null]],
  ])('TX-03, JW-09 refuses an audience %s', async (_name, aud) => {
    expect(await reasonOf(verify(await sign(key, { claims: { aud } })))).toBe('aud')
  })

  it('TX-03 accepts a list of audiences with this API as an exact member', async () => {
    expect(await reasonOf(verify(await sign(key, { claims: { aud: ['https://api.test/other', audience] } })))).toBe(
      'accepted',
    )
  })

  it.each([
    ['expired for 61 s', { exp: start - 61 }, 'exp'],
    ['expired for 30 s', { exp: start - 30 }, 'exp'],
    ['expired for 1 s, inside the tolerance', { exp: start - 1 }, 'accepted'],
    ['expired for 29 s, inside the tolerance', { exp: start - 29 }, 'accepted'],
    ['with a negative expiry', { exp: -1 }, 'exp'],
    ['not valid for another 31 s', { nbf: start + 31 }, 'nbf'],
    ['not valid for another 30 s, inside the tolerance', { nbf: start + 30 }, 'accepted'],
    ['issued 31 s in the future', { iat: start + 31 }, 'nbf'],
  ])('TX-04 gives the right answer for a token %s', async (_name, claims, reason) => {
    expect(await reasonOf(verify(await sign(key, { claims })))).toBe(reason)
  })

  it('TX-04 widens no tolerance beyond 60 s', () => {
    expect(() => verifierFor([key], { tolerance: 61 })).toThrow(TypeError)
    expect(() => verifierFor([key], { tolerance: Number.NaN })).toThrow(TypeError)
  })

  it.each([
    ['exp as text', { exp: '9999999999' }],
    ['no exp', { exp: undefined }],
    ['iat as text', { iat: '1' }],
    ['nbf as text', { nbf: 'soon' }],
    ['sub as object', { sub: { id: 1 } }],
    ['no sub', { sub: undefined }],
    ['an empty sub', { sub: '' }],
    ['no client_id', { client_id: undefined }],
    ['client_id as list', { client_id: ['client_1'] }],
    ['no jti', { jti: undefined }],
    ['scope as list', { scope: ['orders.read'] }],
    ['scope with a quote', { scope: 'orders"read' }],
  ])('JW-09, B-ATJ-02 refuses %s', async (_name, claims) => {
    expect(await reasonOf(verify(await sign(key, { claims })))).toBe('claims')
  })

  it('JW-09 refuses an expiry beyond every number', async () => {
    const token = await new SignJWT({ ...baseClaims, exp: 1 })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
      .sign(key.privateKey)
    const [header = '', payload = ''] = token.split('.')
    const text = Buffer.from(payload, 'base64url').toString().replace('"exp":1,', '"exp":1e400,')
    const input = `${header}.${Buffer.from(text).toString('base64url')}`
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, Buffer.from(input))
    expect(text).toContain('1e400')
    expect(await reasonOf(verify(`${input}.${Buffer.from(signature).toString('base64url')}`))).toBe('claims')
  })

  it.each([
    ['a key thumbprint', { jkt: 'x' }],
    ['a certificate thumbprint', { 'x5t#S256': 'x' }],
    ['an unknown method', { kid: 'x' }],
    ['nothing', {}],
    ['two methods', { jkt: 'x', 'x5t#S256': 'y' }],
    ['null', null],
  ])('B-ATJ-08, A-BEAR-07 refuses a token bound to %s, since nothing here checks a binding', async (_name, cnf) => {
    expect(await reasonOf(verify(await sign(key, { claims: { cnf } })))).toBe('cnf')
  })
})

describe('signatures', () => {
  it.each(['none', 'NONE', 'HS256', 'ES384', 'RS512'])('B-JWK-04, B-ATJ-06 refuses alg %s', async (alg) => {
    const [, payload = '', signature = ''] = (await sign(key)).split('.')
    const header = Buffer.from(JSON.stringify({ alg, kid: 'k1', typ: 'at+jwt' })).toString('base64url')
    expect(await reasonOf(verify(`${header}.${payload}.${signature}`))).toBe('alg')
    expect(['alg', 'syntax']).toContain(await reasonOf(verify(`${header}.${payload}.`)))
  })

  it('B-JWK-04 refuses RS256 until it is named, and a symmetric key always', async () => {
    const rsa = await makeKey('r1', 'RS256')
    const token = await sign(rsa)
    expect(await reasonOf(verifierFor([key, rsa]).verify(token))).toBe('kid')
    expect(await reasonOf(verifierFor([rsa], { algorithms: ['RS256'] }).verify(token))).toBe('accepted')
    expect(() => verifierFor([key], { algorithms: ['HS256' as 'ES256'] })).toThrow(TypeError)
    expect(() => verifierFor([key], { algorithms: [] })).toThrow(TypeError)
  })

  it.each(['PS256', 'EdDSA'])('B-JWK-04 accepts %s with a key of that kind', async (alg) => {
    const other = await makeKey('o1', alg)
    expect(await reasonOf(verifierFor([other]).verify(await sign(other)))).toBe('accepted')
  })

  it('A-BEAR-05 refuses a signature of another key under a known kid', async () => {
    const stranger = await makeKey('k1')
    expect(await reasonOf(verify(await sign(stranger)))).toBe('signature')
  })

  it('A-BEAR-05 refuses a changed payload', async () => {
    const [header = '', , signature = ''] = (await sign(key)).split('.')
    const payload = Buffer.from(JSON.stringify({ ...baseClaims, scope: 'admin' })).toString('base64url')
    expect(await reasonOf(verify(`${header}.${payload}.${signature}`))).toBe('signature')
  })

  it('JW-01, B-JWK-05 refuses crit and asks no address that a token names', async () => {
    const documents = issuerDocuments(jwksAnswer([key]))
    const verifier = verifierFor([key], { fetch: documents.fetcher })
    const [, payload = '', signature = ''] = (await sign(key)).split('.')
    for (const extra of [{ crit: ['exp'] }, { crit: [] }, { b64: false }]) {
      const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...extra })).toString(
        'base64url',
      )
      expect(await reasonOf(verifier.verify(`${header}.${payload}.${signature}`))).toBe('crit')
    }
    const stranger = await makeKey('k1')
    const header = { jku: 'https://evil.test/jwks', jwk: stranger.jwk, x5u: 'https://evil.test/x5u' }
    expect(await reasonOf(verifier.verify(await sign(stranger, { header })))).toBe('signature')
    expect(documents.state.asked.filter((url) => url.includes('evil'))).toEqual([])
  })

  it('B-JWK-06 takes a token without kid only when exactly one key fits', async () => {
    const token = await sign(key, { header: { kid: undefined } })
    expect(await reasonOf(verifierFor([key]).verify(token))).toBe('accepted')
    expect(await reasonOf(verifierFor([key, await makeKey('k2')]).verify(token))).toBe('kid')
  })

  it('JW-05 refuses a megabyte at once', async () => {
    const verifier = verifierFor([key])
    await verifier.verify(await sign(key))
    const before = performance.now()
    expect(await reasonOf(verifier.verify('x'.repeat(1 << 20)))).toBe('size')
    expect(performance.now() - before).toBeLessThan(5_000)
  })

  it.each(['', '.', '..', 'a.b', 'a.b.c.d.e', 'e30.e30.e30', ' e30.e30.e30', '{}.{}.{}'])(
    'JW-06, A-BEAR-05 refuses %j as syntax or type',
    async (token) => {
      expect(['syntax', 'typ']).toContain(await reasonOf(verify(token)))
    },
  )
})

describe('options', () => {
  it.each(['http://as.test', 'as.test', 'https://as.test?x=1', 'https://as.test#x', 'ftp://as.test'])(
    'A-BEAR-08 refuses the issuer %s',
    (bad) => {
      expect(() => createVerifier({ issuer: bad, audience })).toThrow(TypeError)
    },
  )

  it('A-BEAR-08 refuses a key address without TLS, but for this machine', () => {
    expect(() => createVerifier({ issuer, audience, jwksUri: 'http://as.test/jwks' })).toThrow(TypeError)
    expect(() => createVerifier({ issuer: 'http://localhost:7636', audience })).not.toThrow()
    expect(() => createVerifier({ issuer: 'http://localhost.evil.test', audience })).toThrow(TypeError)
  })
})
