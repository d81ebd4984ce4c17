import { createHmac, generateKeyPairSync } from 'node:crypto'
import {
  checkProof,
  clockSkew,
  proofAlgorithms,
  proofMaxAge,
  proofMemory,
  seconds,
  type Proof,
  type ProofFault,
  type ProvenRequest,
} from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { privateKeys } from './keys.ts'
import {
  derSignature,
  goodClaims,
  jwkOf,
  makeProof,
  newKey,
  now,
  proofWithSignature,
  type ProofParts,
} from './proofs.ts'

const endpoint = 'https://as.example/token'
const request: ProvenRequest = { method: 'POST', uri: endpoint }

const check = (proof: string, at = now, about = request): Proof | ProofFault => checkProof(proof, about, seconds(at))

const checked = async (parts: ProofParts, at = now): Promise<Proof | ProofFault> => check(await makeProof(parts), at)

const good = { thumbprint: expect.stringMatching(/^[\w-]{43}$/) as string }

// RFC 9449, section 4.1 and 7.1.
const rfcHeader =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'
const tokenProof = `${rfcHeader}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`
const resourceProof = `${rfcHeader}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`
const rfcToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const rfcThumbprint = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'

describe('the proofs of RFC 9449', () => {
  it('B-TV-06 takes the proof for the token endpoint, made by the key of B-TV-02', () => {
    const about = { method: 'POST', uri: 'https://server.example.com/token' }
    expect(check(tokenProof, 1_562_262_620, about)).toMatchObject({ thumbprint: rfcThumbprint })
    expect(check(tokenProof, 1_562_262_620)).toBe('htu')
    expect(check(tokenProof)).toBe('htu')
    expect(check(tokenProof, now, about)).toBe('iat')
  })

  it('B-TV-07 B-TV-08 takes the proof for a resource with its access token', () => {
    const about = { method: 'GET', uri: 'https://resource.example.org/protectedresource', accessToken: rfcToken }
    expect(check(resourceProof, 1_562_262_618, about)).toMatchObject({ thumbprint: rfcThumbprint })
    expect(check(resourceProof, 1_562_262_618, { ...about, accessToken: `${rfcToken}x` })).toBe('ath')
  })

  it('B-TV-05, B-WR-04 refuses a key whose point is not on the curve', async () => {
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
      y: '9VE4jf_Ok_o64tbkMYAPVS-9hQp9A7v9oy_A9C1_2RY',
    }
    expect(await checked({ header: { jwk } })).toBe('jwk')
  })
})

describe('the form of a proof', () => {
  it('B-DPOP-02 takes one compact JWS of at most 8 KiB and nothing else', async () => {
    const proof = await makeProof()
    const [header = '', claims = '', signature = ''] = proof.split('.')
    const broken = [
      '',
      'garbage',
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `${proof}.x.y`,
      `${header}=.${claims}.${signature}`,
      `${proof}\n`,
      ` ${proof}`,
      `${proof},${proof}`,
      JSON.stringify({ protected: header, payload: claims, signature }),
      'x'.repeat(102_400),
      `${header}.${Buffer.from('[]').toString('base64url')}.${signature}`,
    ]
    for (const text of broken) expect(['syntax', 'signature'], text.slice(0, 40)).toContain(check(text))
    expect(await checked({ claims: { more: 'x'.repeat(8192) } })).toBe('syntax')
    expect(check(proof)).toMatchObject(good)
  })

  it('B-DPOP-02 DP-13 refuses a header that changes how the signature is read', async () => {
    for (const header of [{ crit: ['b64'], b64: false }, { b64: false }, { zip: 'DEF' }])
      expect(await checked({ header })).toBe('syntax')
  })

  it.for([undefined, 'JWT', 'at+jwt', '', 'application/dpop+jwt', 1, null, ['dpop+jwt']])(
    'B-DPOP-03 DP-08 refuses typ %j',
    async (typ) => {
      expect(await checked({ header: { typ } })).toBe('typ')
    },
  )

  it('B-DPOP-03 DP-08 compares typ without case', async () => {
    for (const typ of ['DPOP+JWT', 'DPoP+jwt']) expect(await checked({ header: { typ } })).toMatchObject(good)
  })

  it('B-DPOP-04 DP-06 takes the four algorithms that are published, with keys that fit them', async () => {
    for (const alg of proofAlgorithms) expect(await checked({ alg }), alg).toMatchObject(good)
  })

  it.for(['none', 'HS256', 'RS1', 'ES256K', 'ES384', 'RS256', 'es256', '', undefined, 1, ['ES256']])(
    'B-DPOP-04 DP-06 refuses alg %j',
    async (alg) => {
      expect(await checked({ header: { alg } })).toBe('alg')
    },
  )

  it('B-DPOP-04 DP-06 refuses RS256 with a good signature, and a JWK used as a secret', async () => {
    expect(await checked({ alg: 'RS256' })).toBe('alg')
    const head = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'HS256', jwk: jwkOf(privateKeys.ES256) }))
    const input = `${head.toString('base64url')}.${Buffer.from(JSON.stringify(goodClaims())).toString('base64url')}`
    const mac = createHmac('sha256', JSON.stringify(jwkOf(privateKeys.ES256))).update(input)
    expect(check(`${input}.${mac.digest('base64url')}`)).toBe('alg')
  })

  it('B-DPOP-04 refuses an algorithm that does not fit the key or its curve', async () => {
    expect(await checked({ header: { jwk: jwkOf(privateKeys.PS256) } })).toBe('jwk')
    expect(await checked({ alg: 'PS256', header: { jwk: jwkOf(privateKeys.ES256) } })).toBe('jwk')
    expect(await checked({ alg: 'Ed25519', header: { jwk: jwkOf(privateKeys.ES256) } })).toBe('jwk')
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
    expect(await checked({ header: { jwk: jwkOf(other) } })).toBe('jwk')
    expect(await checked({ alg: 'EdDSA', header: { jwk: jwkOf(generateKeyPairSync('ed448').privateKey) } })).toBe('jwk')
  })
})

describe('the key of a proof', () => {
  it.for(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'B-DPOP-05 DP-07 refuses a key with the private member %s',
    async (member) => {
      expect(await checked({ header: { jwk: { ...jwkOf(privateKeys.ES256), [member]: 'AQAB' } } })).toBe('jwk')
    },
  )

  it('B-DPOP-05 B-WR-03 refuses the sample that exports its private key into the header', async () => {
    expect(await checked({ header: { jwk: privateKeys.ES256.export({ format: 'jwk' }) } })).toBe('jwk')
  })

  it('B-DPOP-05 DP-07 refuses what is no key, and keys that are named in another way', async () => {
    const jwk = jwkOf(privateKeys.ES256)
    for (const value of [undefined, null, 'x', [], [jwk], {}, { kty: 'oct', k: 'AQAB' }, { ...jwk, x: 1 }])
      expect(await checked({ header: { jwk: value } })).toBe('jwk')
    for (const member of ['kid', 'jku', 'x5u', 'x5c']) expect(await checked({ header: { [member]: 'x' } })).toBe('jwk')
  })

  it('B-DPOP-06 refuses RSA keys that are too weak, too large or have a useless exponent', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    expect(await checked({ alg: 'PS256', key: weak })).toBe('jwk')
    const rsa = jwkOf(privateKeys.PS256)
    for (const e of ['AQ', 'AQAC', 'Ag', 'AQAAAAAB'])
      expect(await checked({ alg: 'PS256', header: { jwk: { ...rsa, e } } }), e).toBe('jwk')
    const large = Buffer.alloc(1100, 0xff).toString('base64url')
    expect(await checked({ alg: 'PS256', header: { jwk: { ...rsa, n: large } } })).toBe('jwk')
    const three = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey
    expect(await checked({ alg: 'PS256', key: three })).toMatchObject(good)
  })

  it('B-DPOP-06 DP-14 refuses signatures that another key made, or that have another form', async () => {
    expect(await checked({ header: { jwk: jwkOf(newKey()) } })).toBe('signature')
    const flipped = proofWithSignature(() => Buffer.alloc(64, 7))
    const zero = proofWithSignature(() => Buffer.alloc(64))
    const der = proofWithSignature(derSignature)
    for (const proof of [flipped, zero, der]) expect(check(proof)).toBe('signature')
    expect(check(proofWithSignature(() => Buffer.alloc(0)))).toBe('signature')
  })
})

describe('the claims of a proof', () => {
  it.for([undefined, '', 7, null, 'x'.repeat(257), 'x'.repeat(4000)])('B-DPOP-07 DP-09 refuses jti %j', async (jti) => {
    expect(await checked({ claims: { jti } })).toBe('jti')
  })

  it('B-DPOP-07 takes a jti of 1 and of 256 characters', async () => {
    for (const jti of ['x', 'x'.repeat(256)]) expect(await checked({ claims: { jti } })).toMatchObject(good)
  })

  it.for([undefined, 'GET', 'PUT', 'post', 'POST ', 1, ['POST']])('B-DPOP-08 DP-03 refuses htm %j', async (htm) => {
    expect(await checked({ claims: { htm } })).toBe('htm')
  })

  it.for([undefined, 1, [request.uri], {}, '', '/token', 'as.example/token'])(
    'B-DPOP-07 DP-04 refuses htu %j',
    async (htu) => {
      expect(await checked({ claims: { htu } })).toBe('htu')
    },
  )

  it.for([
    'https://other.example/token',
    'http://as.example/token',
    'https://as.example:444/token',
    'https://as.example/other',
    'https://10.0.0.1:8080/token',
    'https://as.example/token/x?/token',
  ])('B-DPOP-09 DP-04 refuses htu %s', async (htu) => {
    expect(await checked({ claims: { htu } })).toBe('htu')
  })

  it('B-DPOP-11 DP-04 counts for each address under which the same thing is reached, and no other', async () => {
    const uri = ['https://api.example/v1/orders', 'https://orders.example/orders']
    const check = async (htu: string) =>
      checkProof(await makeProof({ claims: { htu } }), { method: 'POST', uri }, seconds(now))
    for (const htu of [...uri, 'https://ORDERS.example:443/orders?page=2']) expect(await check(htu)).toMatchObject(good)
    for (const htu of ['https://orders.example/v1/orders', 'https://api.example/orders', 'https://as.example/token'])
      expect(await check(htu)).toBe('htu')
  })

  it('B-DPOP-09 B-WR-05 compares without query and fragment on both sides', async () => {
    for (const htu of [`${endpoint}?a=b#c`, `${endpoint}?`, `${endpoint}#c`])
      expect(await checked({ claims: { htu } }), htu).toMatchObject(good)
    const withQuery = { method: 'GET', uri: 'https://api.example/items?page=2' }
    const proof = await makeProof({ claims: { htm: 'GET', htu: 'https://api.example/items' } })
    expect(check(proof, now, withQuery)).toMatchObject(good)
  })

  it.for([-10, 10, -proofMaxAge, clockSkew, 0])('B-DPOP-12 DP-09 takes iat %d seconds from now', async (offset) => {
    expect(await checked({ claims: { iat: now + offset } })).toMatchObject(good)
  })

  it.for([-3600, -61, 61, 31, 3600])('B-DPOP-12 DP-09 refuses iat %d seconds from now', async (offset) => {
    expect(await checked({ claims: { iat: now + offset } })).toBe('iat')
  })

  it.for([undefined, String(now), 1e308, null, [now]])('B-DPOP-07 DP-09 refuses iat %j', async (iat) => {
    expect(await checked({ claims: { iat } })).toBe('iat')
  })

  it('B-DPOP-15 ignores what it does not know, and lets exp and nbf only narrow the window', async () => {
    expect(await checked({ header: { extra: 1 }, claims: { more: { a: 1 } } })).toMatchObject(good)
    expect(await checked({ claims: { nbf: now, exp: now + 300 } })).toMatchObject(good)
    expect(await checked({ claims: { exp: now - 10 } })).toMatchObject(good)
    for (const claims of [{ exp: now - clockSkew }, { exp: 'x' }, { nbf: now + 31 }, { nbf: null }])
      expect(await checked({ claims })).toBe('iat')
    expect(await checked({ claims: { iat: now - 61, exp: now + 300 } })).toBe('iat')
  })

  it('B-DPOP-28 B-WR-01 B-TV-09 refuses every other value in ath, the sample that puts the JWK thumbprint in ath among them', async () => {
    const about = { ...request, accessToken: rfcToken }
    const wrong = [
      undefined,
      rfcThumbprint,
      'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo=',
      'fUHyO2r2Z3DZ53EsNrWBbw',
      'N2Q0MWYyM2I2YWY2Njc3MGQ5ZTc3MTJjMzZiNTgxNmY0YzU2NWU4NjhkY2I5ZjQ4ODhhMDgwYWE0YjI2NDA0YQ',
      ['fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo'],
    ]
    for (const ath of wrong) expect(check(await makeProof({ claims: { ath } }), now, about)).toBe('ath')
    const ath = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo'
    expect(check(await makeProof({ claims: { ath } }), now, about)).toMatchObject(good)
  })
})

describe('what a good proof is remembered by', () => {
  it('B-DPOP-13 DP-15 is a digest of key and jti, for longer than the proof counts', async () => {
    const mine = await checked({ claims: { jti: 'same' } })
    const again = await checked({ claims: { jti: 'same', iat: now - 1 } })
    const theirs = await checked({ key: newKey(), claims: { jti: 'same' } })
    const other = await checked({ claims: { jti: 'other' } })
    if (
      typeof mine === 'string' ||
      typeof again === 'string' ||
      typeof theirs === 'string' ||
      typeof other === 'string'
    )
      throw new Error('a good proof was refused')
    expect(again.mark).toBe(mine.mark)
    expect(new Set([mine.mark, theirs.mark, other.mark]).size).toBe(3)
    expect(mine.mark).toMatch(/^dpop:[\w-]{43}$/)
    expect(mine.rememberUntil).toBe(now + proofMemory)
    // A proof from the edge of the future still counts this long.
    expect(proofMemory).toBeGreaterThan(clockSkew + proofMaxAge)
  })

  it('B-DPOP-23 asks for a nonce at last, and only where one is demanded', async () => {
    const about = { ...request, nonceFits: (nonce: string) => nonce === 'ours' }
    expect(check(await makeProof(), now, about)).toBe('nonce')
    for (const nonce of ['theirs', '', 1, ['ours']])
      expect(check(await makeProof({ claims: { nonce } }), now, about)).toBe('nonce')
    expect(check(await makeProof({ claims: { nonce: 'ours' } }), now, about)).toMatchObject(good)
    expect(check(await makeProof({ claims: { nonce: 'ours', htm: 'GET' } }), now, about)).toBe('htm')
    expect(await checked({ claims: { nonce: 'whatever' } })).toMatchObject(good)
  })
})
