import { sign } from 'node:crypto'
import { decodeJwt, processorTime, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newRealIssuer } from '../real-pages.ts'
import { firstKey, kidOf, signedByUs } from '../signed-by-us.ts'

/** What the consumers of one issuer make of a token: `good` only when all take it. */
async function verdictOf(issuer: TestIssuer, token: string): Promise<string> {
  const user = await issuer.userinfo(token)
  const { json } = await issuer.introspect(issuer.clients.K, token)
  if (user.status === 200 && json['active'] === true) return 'good'
  expect([400, 401]).toContain(user.status)
  expect(json['active']).not.toBe(true)
  return 'refused'
}

/** Claims of an access token that UserInfo would take. */
async function goodClaims(issuer: TestIssuer) {
  const { accessToken } = await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } })
  return { accessToken, claims: decodeJwt(accessToken).claims }
}

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

describe('critical extensions', () => {
  const headers: Record<string, Record<string, unknown>> = {
    'crit b64': { crit: ['b64'], b64: true },
    'crit b64 false': { crit: ['b64'], b64: false },
    'crit exp': { crit: ['exp'], exp: 1 },
    'crit of something unheard of': { crit: ['x'], x: 1 },
    'an empty crit': { crit: [] },
    'crit that is no array': { crit: 'exp' },
    'crit null': { crit: null },
    'b64 without crit': { b64: false },
  }
  it.for(Object.entries(headers))('JW-01, B-JWK-05 %s refuses a good signature', async ([, header]) => {
    const issuer = await newRealIssuer()
    const { claims } = await goodClaims(issuer)
    expect(await verdictOf(issuer, await signedByUs(issuer, { claims }))).toBe('good')
    expect(await verdictOf(issuer, await signedByUs(issuer, { claims, header }))).toBe('refused')
  })

  it('B-JWK-05 keys and addresses of keys in the header are not used, and nothing is fetched', async () => {
    const issuer = await newRealIssuer()
    const { claims } = await goodClaims(issuer)
    const foreign = {
      kid: 'unheard-of',
      jku: 'https://evil.test/jwks',
      x5u: 'https://evil.test/x',
      jwk: { kty: 'oct', k: 'AAAA' },
    }
    expect(await verdictOf(issuer, await signedByUs(issuer, { claims, header: foreign }))).toBe('refused')
    const { kid: _kid, ...others } = foreign
    expect(await verdictOf(issuer, await signedByUs(issuer, { claims, header: others }))).toBe('good')
  })
})

describe('encrypted tokens', () => {
  const headers: Record<string, object> = {
    'a compressed one': { alg: 'dir', enc: 'A256GCM', zip: 'DEF' },
    'a password with 2^31 rounds': { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 2_147_483_648, p2s: 'AAAA' },
    RSA1_5: { alg: 'RSA1_5', enc: 'A128CBC-HS256' },
  }
  it.for(Object.entries(headers))('JW-02, JW-03, JW-04 %s is refused at once', async ([, header]) => {
    const issuer = await newRealIssuer()
    const jwe = [encoded(header), 'A'.repeat(342), 'A'.repeat(16), 'A'.repeat(12_000), 'A'.repeat(22)].join('.')
    const spent = await processorTime(async () => {
      expect(await verdictOf(issuer, jwe)).toBe('refused')
      const { error } = await issuer.authorize({ method: 'POST', parameters: { id_token_hint: jwe } })
      expect(error).toBe('invalid_request')
    })
    // 2^31 rounds would take minutes of it.
    expect(spent).toBeLessThan(1000)
  })
})

describe('size and form', () => {
  it('JW-05 what is too large or too deep is refused at once', async () => {
    const issuer = await newRealIssuer()
    const { claims } = await goodClaims(issuer)
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`c${index}`, index]))
    const tokens = {
      'a megabyte': `${encoded({ alg: 'ES256', typ: 'at+jwt' })}.${'A'.repeat(1 << 20)}.AAAA`,
      'a header of a megabyte': `${'A'.repeat(1 << 20)}.AAAA.AAAA`,
      'many claims': await signedByUs(issuer, { claims: { ...claims, ...many } }),
      'ten thousand dots': '.'.repeat(10_000),
      depth: await signedByUs(issuer, { claims: `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}` }),
      'a deep header': `${encoded(`{"alg":"ES256","typ":"at+jwt","x":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`)}.AAAA.AAAA`,
    }
    for (const [name, token] of Object.entries(tokens)) {
      const spent = await processorTime(async () => {
        expect([name, (await issuer.userinfo(token)).status]).toEqual([name, 401])
      })
      expect([name, spent < 100]).toEqual([name, true])
    }
  })

  it('JW-06 there is one written form, and everything else is no token', async () => {
    const issuer = await newRealIssuer()
    const { accessToken, claims } = await goodClaims(issuer)
    const [header = '', body = '', signature = ''] = accessToken.split('.')
    // The last character of a 64-byte signature has four spare bits; another spelling of the same bytes is refused.
    const spare = `${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(85) + 1)}`
    const forms = [
      `\t${accessToken}`,
      `${header}.${body}.${signature}=`,
      `${header}.${body}.${signature}==`,
      `${header}. ${body}.${signature}`,
      `${header}\n.${body}.${signature}`,
      `${header}.${body}`,
      `${header}.${body}.`,
      `${header}.${body}.${signature}.x.y`,
      `.${body}.${signature}`,
      `${header}..${signature}`,
      `${header}.${body}.${spare}`,
      `${header}.${body}.${signature}A`,
      JSON.stringify({ protected: header, payload: body, signature }),
      `"${accessToken}"`,
      accessToken.replaceAll('-', '+').replaceAll('_', '/').concat('+'),
      `${encoded('[]')}.${body}.${signature}`,
      `${encoded('"x"')}.${body}.${signature}`,
      `${encoded('null')}.${body}.${signature}`,
      await signedByUs(issuer, { claims: '[]' }),
      await signedByUs(issuer, { claims: 'null' }),
      await signedByUs(issuer, { claims: '"text"' }),
      await signedByUs(issuer, { claims: `\ufeff${JSON.stringify(claims)}` }),
      await signedByUs(issuer, { claims: '{' }),
    ]
    expect(await verdictOf(issuer, accessToken)).toBe('good')
    for (const token of forms) expect([token, await verdictOf(issuer, token)]).toEqual([token, 'refused'])
  })
})

describe('algorithms and signatures', () => {
  it('B-JWK-04, B-WR-07, JW-07 the algorithm of the key counts, never the one a token names', async () => {
    const issuer = await newRealIssuer()
    const { accessToken, claims } = await goodClaims(issuer)
    const kid = await kidOf(issuer, 'ES256')
    for (const alg of [
      'none',
      'NONE',
      'None',
      '',
      'HS256',
      'RS256',
      'PS256',
      'EdDSA',
      'ES384',
      'ES256K',
      'RS1',
      'es256',
      null,
      1,
      ['ES256'],
    ]) {
      const token = await signedByUs(issuer, { claims, header: { alg, kid } })
      expect([alg, await verdictOf(issuer, token)]).toEqual([alg, 'refused'])
    }
    const [, body = ''] = accessToken.split('.')
    expect(await verdictOf(issuer, `${encoded({ alg: 'none', typ: 'at+jwt', kid })}.${body}.`)).toBe('refused')
    // Signed with another of the issuer's own keys, under the name of the right one and under its own.
    for (const alg of ['RS256', 'EdDSA', 'PS256'] as const)
      expect(await verdictOf(issuer, await signedByUs(issuer, { alg, claims, header: { kid } }))).toBe('refused')
  })

  it('JW-07 the signature has exactly one form', async () => {
    const issuer = await newRealIssuer()
    const { accessToken } = await goodClaims(issuer)
    const [header = '', body = '', signature = ''] = accessToken.split('.')
    const raw = Buffer.from(signature, 'base64url')
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
    const flipped = Buffer.from(raw)
    flipped[10] = (flipped[10] ?? 0) ^ 1
    const der = sign('sha256', Buffer.from(`${header}.${body}`), await firstKey('ES256'))
    const zero = Buffer.alloc(32)
    const bad: Record<string, Buffer> = {
      'r and s zero': Buffer.alloc(64),
      's zero': Buffer.concat([raw.subarray(0, 32), zero]),
      's of the order': Buffer.concat([raw.subarray(0, 32), order]),
      'r of the order': Buffer.concat([order, raw.subarray(32)]),
      '63 bytes': raw.subarray(0, 63),
      '65 bytes': Buffer.concat([raw, Buffer.of(0)]),
      'a zero in front': Buffer.concat([Buffer.of(0), raw]),
      DER: der,
      'one bit flipped': flipped,
      nothing: Buffer.alloc(0),
      'all ones': Buffer.alloc(64, 0xff),
    }
    for (const [name, bytes] of Object.entries(bad))
      expect([name, await verdictOf(issuer, `${header}.${body}.${bytes.toString('base64url')}`)]).toEqual([
        name,
        'refused',
      ])
  })
})

describe('types of claims', () => {
  const odd: Record<string, object> = {
    'aud a number': { aud: 1 },
    'aud null': { aud: null },
    'aud an array with null': { aud: ['https://as.test', null] },
    'aud an array': { aud: ['https://as.test'] },
    'exp a text': { exp: '9999999999' },
    'exp negative': { exp: -1 },
    'exp null': { exp: null },
    'sub an object': { sub: { id: 'x' } },
    'sub empty': { sub: '' },
    'iss an array': { iss: ['https://as.test'] },
    'iat a text': { iat: '1' },
    'jti a number': { jti: 1 },
    'scope an array': { scope: ['openid'] },
    'client_id null': { client_id: null },
  }
  it.for(Object.entries(odd))('JW-09 %s is refused although we signed it', async ([, change]) => {
    const issuer = await newRealIssuer()
    const { claims } = await goodClaims(issuer)
    expect(await verdictOf(issuer, await signedByUs(issuer, { claims: { ...claims, ...change } }))).toBe('refused')
  })

  it('JW-09 numbers beyond all bounds are refused', async () => {
    const issuer = await newRealIssuer()
    const { claims } = await goodClaims(issuer)
    for (const number of ['1e400', '-1e400', '1e308e', 'NaN', 'Infinity']) {
      const text = JSON.stringify(claims).replace(/"exp":\d+/, `"exp":${number}`)
      expect([number, await verdictOf(issuer, await signedByUs(issuer, { claims: text }))]).toEqual([number, 'refused'])
    }
  })
})
