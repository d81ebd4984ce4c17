import { createSigner, maxJwtLength, signJwt, verifyJwt, type JwtFault } from '@sallyport/protocol'
import { constants, createHmac, sign as rawSign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { privateKeys, publicKey, verificationKey } from './keys.ts'

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'key of ES256' }
const keys = [verificationKey('ES256')]
const verify = (token: string) => verifyJwt(token, ['at+jwt'], keys)

function signed(header: unknown, payload: unknown = {}): string {
  const input = `${encode(header)}.${encode(payload)}`
  const signature = rawSign('sha256', Buffer.from(input), { key: privateKeys.ES256, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

describe('headers', () => {
  const faults: readonly (readonly [string, unknown, JwtFault])[] = [
    ['alg none', { ...goodHeader, alg: 'none' }, 'alg'],
    ['alg None', { ...goodHeader, alg: 'None' }, 'alg'],
    ['alg HS256', { ...goodHeader, alg: 'HS256' }, 'alg'],
    ['alg es256', { ...goodHeader, alg: 'es256' }, 'alg'],
    ['alg ES384', { ...goodHeader, alg: 'ES384' }, 'alg'],
    ['alg as a list', { ...goodHeader, alg: ['ES256'] }, 'alg'],
    ['alg __proto__', { ...goodHeader, alg: 'toString' }, 'alg'],
    ['no alg', { typ: 'at+jwt', kid: 'key of ES256' }, 'alg'],
    ['another typ', { ...goodHeader, typ: 'JWT' }, 'typ'],
    ['no typ', { alg: 'ES256', kid: 'key of ES256' }, 'typ'],
    ['typ as a number', { ...goodHeader, typ: 1 }, 'typ'],
    ['crit', { ...goodHeader, crit: ['exp'] }, 'crit'],
    ['empty crit', { ...goodHeader, crit: [] }, 'crit'],
    ['b64 false', { ...goodHeader, b64: false }, 'crit'],
    ['zip', { ...goodHeader, zip: 'DEF' }, 'crit'],
    ['another kid', { ...goodHeader, kid: 'other' }, 'kid'],
    ['kid as an object', { ...goodHeader, kid: {} }, 'kid'],
    ['a long kid', { ...goodHeader, kid: 'k'.repeat(300) }, 'kid'],
    ['a list', [goodHeader], 'syntax'],
    ['null', null, 'syntax'],
    ['text', '"x"', 'syntax'],
    ['not JSON', '{alg:ES256}', 'syntax'],
    ['trailing rubbish', `${JSON.stringify(goodHeader)}x`, 'syntax'],
    ['deep nesting', { ...goodHeader, x: JSON.parse('['.repeat(9) + ']'.repeat(9)) as unknown }, 'syntax'],
  ]
  it.for(faults)('A-BEAR-07 %s is refused although the signature is good', ([, header, fault]) => {
    expect(verify(signed(header))).toBe(fault)
  })

  it('A-BEAR-07 keys inside the token are not looked at', () => {
    const jwk = publicKey('EdDSA').export({ format: 'jwk' })
    for (const more of [{ jwk }, { jku: 'https://evil.test' }, { x5u: 'https://evil.test' }, { x5c: ['x'] }])
      expect(typeof verify(signed({ ...goodHeader, ...more }))).toBe('object')
    const input = `${encode({ ...goodHeader, alg: 'EdDSA', jwk })}.${encode({})}`
    const own = rawSign(null, Buffer.from(input), privateKeys.EdDSA).toString('base64url')
    expect(verify(`${input}.${own}`)).toBe('alg')
  })

  it('A-BEAR-07 the public key is no secret of HMAC', () => {
    const pem = publicKey('RS256').export({ format: 'pem', type: 'spki' })
    const rsa = [verificationKey('RS256')]
    for (const alg of ['HS256', 'RS256']) {
      const input = `${encode({ alg, typ: 'at+jwt', kid: 'key of RS256' })}.${encode({})}`
      const mac = createHmac('sha256', pem).update(input).digest('base64url')
      expect(typeof verifyJwt(`${input}.${mac}`, ['at+jwt'], rsa)).toBe('string')
    }
  })

  it('A-BEAR-07 typ may have the prefix and any case; without kid exactly one key has to fit', () => {
    for (const typ of ['AT+JWT', 'application/at+jwt', 'Application/AT+JWT'])
      expect(typeof verify(signed({ ...goodHeader, typ }))).toBe('object')
    const nameless = signed({ alg: 'ES256', typ: 'at+jwt' })
    expect(typeof verify(nameless)).toBe('object')
    expect(verifyJwt(nameless, ['at+jwt'], [verificationKey('ES256', 'a'), verificationKey('ES256', 'b')])).toBe('kid')
    expect(typeof verifyJwt(nameless, ['at+jwt'], [verificationKey('ES256'), verificationKey('RS256')])).toBe('object')
    expect(verifyJwt(nameless, ['at+jwt'], [])).toBe('kid')
  })
})

describe('payloads and spelling', () => {
  it.for(['[]', 'null', '1', '"x"', '', '{', '{}x', '\ufeff{}', '{"a":1e999}'])(
    'A-BEAR-07 the payload %j is no claims set, or reads as JSON does',
    (payload) => {
      const result = verify(signed(goodHeader, payload))
      if (payload === '{"a":1e999}') expect(typeof result).toBe('object')
      else expect(result).toBe('syntax')
    },
  )

  it('IN-01 a member named __proto__ is a member like others', () => {
    const result = verify(signed(goodHeader, '{"__proto__":{"admin":true}}'))
    if (typeof result === 'string') throw new Error(result)
    expect((result.claims as { admin?: boolean }).admin).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('A-BEAR-07 the payload must be UTF-8', () => {
    const input = `${encode(goodHeader)}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}`
    const signature = rawSign('sha256', Buffer.from(input), { key: privateKeys.ES256, dsaEncoding: 'ieee-p1363' })
    expect(verify(`${input}.${signature.toString('base64url')}`)).toBe('syntax')
  })

  it('A-BEAR-07 one token has one spelling: no padding, no other alphabet, no white space, no fourth part', () => {
    const good = signed(goodHeader)
    const [header = '', payload = '', signature = ''] = good.split('.')
    const other = `${header}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`
    for (const token of [
      other,
      `${good}=`,
      ` ${good}`,
      `${good}\n`,
      `${good}.`,
      `.${good}`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}`,
      '',
      '.',
      '..',
      `${header}.${payload}.${signature}.x`,
    ])
      expect(typeof verify(token)).toBe('string')
    const spare = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)
    expect(typeof verify(`${header}.${payload}.${spare}`)).toBe('string')
  })

  it('IN-02 a token that is too long is not looked at', () => {
    const from = performance.now()
    expect(verify('a'.repeat(50_000_000))).toBe('size')
    expect(verify(`${'a.'.repeat(maxJwtLength / 2)}`)).toBe('syntax')
    expect(performance.now() - from).toBeLessThan(5_000)
  })
})

describe('signatures', () => {
  const [input, signature] = ((token) =>
    [
      token.slice(0, token.lastIndexOf('.')),
      Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url'),
    ] as const)(signed(goodHeader))
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
  const ec: readonly (readonly [string, Buffer])[] = [
    ['empty', Buffer.alloc(0)],
    ['all zero', Buffer.alloc(64)],
    ['r zero', Buffer.concat([Buffer.alloc(32), signature.subarray(32)])],
    ['s zero', Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)])],
    ['r = s = n', Buffer.concat([order, order])],
    ['r = s = 1', Buffer.concat([Buffer.alloc(31), Buffer.of(1), Buffer.alloc(31), Buffer.of(1)])],
    ['all ff', Buffer.alloc(64, 0xff)],
    ['63 bytes', signature.subarray(0, 63)],
    ['65 bytes', Buffer.concat([signature, Buffer.of(0)])],
    ['a leading zero', Buffer.concat([Buffer.of(0), signature])],
    ['twice', Buffer.concat([signature, signature])],
    ['DER', rawSign('sha256', Buffer.from(input), privateKeys.ES256)],
    ['halves swapped', Buffer.concat([signature.subarray(32), signature.subarray(0, 32)])],
  ]
  it.for(ec)('A-BEAR-07 ES256: %s is refused', ([, bytes]) => {
    expect(verify(`${input}.${bytes.toString('base64url')}`)).toBe('signature')
  })

  it('A-BEAR-07 EdDSA: S above the group order, wrong length and zeros are refused', async () => {
    const token = await signJwt(createSigner('key of EdDSA', 'EdDSA', privateKeys.EdDSA), 'at+jwt', {})
    const text = token.slice(0, token.lastIndexOf('.'))
    const bytes = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')
    const group = 2n ** 252n + 27742317777372353535851937790883648493n
    let s = 0n
    for (let index = 63; index >= 32; index--) s = s * 256n + BigInt(bytes[index] ?? 0)
    const malleable = Buffer.from(bytes)
    let rest = s + group
    for (let index = 32; index < 64; index++, rest /= 256n) malleable[index] = Number(rest % 256n)
    for (const other of [malleable, Buffer.alloc(64), bytes.subarray(0, 63), Buffer.concat([bytes, Buffer.of(0)])])
      expect(verifyJwt(`${text}.${other.toString('base64url')}`, ['at+jwt'], [verificationKey('EdDSA')])).toBe(
        'signature',
      )
  })

  it.for([0, 20, 48, 64, 222])('A-BEAR-07 PS256: a salt of %d bytes is refused', (saltLength) => {
    const text = `${encode({ ...goodHeader, alg: 'PS256', kid: 'key of PS256' })}.${encode({})}`
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const bytes = rawSign('sha256', Buffer.from(text), { key: privateKeys.PS256, padding, saltLength })
    expect(verifyJwt(`${text}.${bytes.toString('base64url')}`, ['at+jwt'], [verificationKey('PS256')])).toBe(
      'signature',
    )
  })

  it('A-BEAR-07 RS256: another digest, a leading zero, the value plus the modulus, and zeros are refused', () => {
    const text = `${encode({ ...goodHeader, alg: 'RS256', kid: 'key of RS256' })}.${encode({})}`
    const good = rawSign('sha256', Buffer.from(text), privateKeys.RS256)
    const modulus = BigInt(
      `0x${Buffer.from(publicKey('RS256').export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`,
    )
    const above = BigInt(`0x${good.toString('hex')}`) + modulus
    const hex = above.toString(16)
    const bad = [
      rawSign('sha1', Buffer.from(text), privateKeys.RS256),
      rawSign('sha512', Buffer.from(text), privateKeys.RS256),
      Buffer.concat([Buffer.of(0), good]),
      good.subarray(1),
      Buffer.alloc(256),
      Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'),
    ]
    const rsa = [verificationKey('RS256')]
    for (const bytes of bad)
      expect(verifyJwt(`${text}.${bytes.toString('base64url')}`, ['at+jwt'], rsa)).toBe('signature')
    expect(typeof verifyJwt(`${text}.${good.toString('base64url')}`, ['at+jwt'], rsa)).toBe('object')
  })
})
