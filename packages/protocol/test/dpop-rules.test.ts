import { currentNonce, isThumbprint, jwkThumbprint, nonceFits, normalTarget, seconds } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'

const ec = {
  kty: 'EC',
  crv: 'P-256',
  x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
  y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
}

describe('thumbprints (RFC 7638)', () => {
  it('B-TV-01 B-DPOP-17 ignores everything but the key itself', () => {
    const rsa = {
      alg: 'RS256',
      kid: '2011-04-29',
      e: 'AQAB',
      kty: 'RSA',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    }
    expect(jwkThumbprint(rsa)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it('B-TV-02 B-TV-04 B-DPOP-17 sorts the members of an EC key', () => {
    expect(jwkThumbprint(ec)).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
    const { kty, x, y, crv } = ec
    expect(jwkThumbprint({ kty, x, y, crv })).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
    expect(jwkThumbprint({ kty, x, y, crv })).not.toBe('n_P-LqPOv0qzz9DAZza2dAj7gtEE0kaQi0TEAzvQbCI')
  })

  it('B-TV-03 B-DPOP-17 knows Ed25519 keys', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
    expect(jwkThumbprint(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  it('B-DPOP-17 gives none for what is no key', () => {
    for (const jwk of [{}, { kty: 'oct', k: 'AQAB' }, { ...ec, x: undefined }, { ...ec, y: 5 }, { ...ec, crv: '' }])
      expect(jwkThumbprint(jwk)).toBeUndefined()
  })

  it('B-DPOP-21 tells a thumbprint from other texts', () => {
    expect(isThumbprint('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')).toBe(true)
    for (const text of ['', 'x'.repeat(42), 'x'.repeat(44), `${'x'.repeat(42)}=`, `${'x'.repeat(42)}\n`, 7, undefined])
      expect(isThumbprint(text)).toBe(false)
  })
})

describe('the address of a request in normal form', () => {
  const token = 'https://as.example/token'

  it.for([
    token,
    'HTTPS://AS.Example:443/token',
    'https://as.example/%74oken',
    'https://as.example/x/../token',
    'https://as.example/x/%2E%2e/token',
    'https://as.example/./token',
    'https://as.example/token?x=1',
    'https://as.example/token#x',
  ])('B-DPOP-10 takes %s for the same', (uri) => {
    expect(normalTarget(uri)).toBe(token)
  })

  it.for([
    'https://as.example/Token',
    'https://as.example/token/',
    'https://as.example//token',
    'https://as.example/token%2F',
    'https://as.example:8443/token',
    'http://as.example/token',
    'https://as.example./token',
  ])('B-DPOP-10 takes %s for another', (uri) => {
    expect(normalTarget(uri)).not.toBe(token)
  })

  it('B-DPOP-10 writes escapes and the empty path in one way', () => {
    expect(normalTarget('https://as.example')).toBe('https://as.example/')
    expect(normalTarget('https://as.example?x')).toBe('https://as.example/')
    expect(normalTarget('https://as.example/a%c3%a4%2f%7e')).toBe('https://as.example/a%C3%A4%2F~')
    expect(normalTarget('http://[::1]:80/x')).toBe('http://[::1]/x')
    expect(normalTarget('http://as.example:8080/x')).toBe('http://as.example:8080/x')
  })

  it.for([
    '',
    'token',
    '/token',
    '//as.example/token',
    'ftp://as.example/token',
    'https:as.example/token',
    'https:/as.example/token',
    'https://as.example\\token',
    ' https://as.example/token',
    'https://as.example/to\tken',
    'https://as.example/token\n',
    'https://user@as.example/token',
    'https://@as.example/token',
    'https://user:secret@as.example/token',
    'https://as.example/%zz',
    'https://as.example/%2',
    'https://as.example/ä',
    'https://as.example:99999/token',
    'https://%20/token',
    'https:///token',
    'https://?token',
  ])('B-DPOP-10 takes %j for no address', (uri) => {
    expect(normalTarget(uri)).toBeUndefined()
  })
})

describe('nonces of the server', () => {
  const key = new Uint8Array(32).fill(1)
  const other = new Uint8Array(32).fill(2)
  const at = (time: number) => seconds(1_800_000_000 + time)

  it('B-DPOP-24 DP-10 follow from the clock and a key that the nodes share', () => {
    expect(currentNonce(key, at(0))).toBe(currentNonce(Uint8Array.from(key), at(59)))
    expect(currentNonce(key, at(0))).not.toBe(currentNonce(key, at(60)))
    expect(currentNonce(key, at(0))).not.toBe(currentNonce(other, at(0)))
    // NQCHAR of RFC 6749, and as much as cannot be guessed.
    expect(currentNonce(key, at(0))).toMatch(/^[\x21\x23-\x5B\x5D-\x7E]{43}$/)
  })

  it('B-DPOP-23 DP-10 count in their period and in the next', () => {
    const nonce = currentNonce(key, at(0))
    for (const time of [0, 30, 59, 60, 119]) expect(nonceFits(key, nonce, at(time)), String(time)).toBe(true)
    for (const time of [120, 180, 3600, -1]) expect(nonceFits(key, nonce, at(time)), String(time)).toBe(false)
  })

  it('B-DPOP-24 are of no use when somebody else made them', () => {
    for (const nonce of ['', 'x', currentNonce(other, at(0)), `${currentNonce(key, at(0))}=`])
      expect(nonceFits(key, nonce, at(0))).toBe(false)
  })
})
