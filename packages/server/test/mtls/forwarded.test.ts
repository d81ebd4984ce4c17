import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import {
  certificateHeaders,
  certificateThumbprint,
  createCertificateReader,
  readCertificate,
  readConfirmation,
  type CertificateForm,
} from '@sallyport/protocol'
import { createTestAuthority, processorTime } from '@sallyport/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** The certificate of RFC 8705 appendix A. */
const published =
  'MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY='
const der = Buffer.from(published, 'base64')

const authority = createTestAuthority('Forwarding authority')
const client = authority.issue('m')
const sequence = (bytes: Uint8Array): string => `:${Buffer.from(bytes).toString('base64')}:`
const escaped = (pem: string): string => encodeURIComponent(pem)

const read = (form: CertificateForm, value: string | readonly string[] | undefined, chain?: string) =>
  createCertificateReader(form)({ [certificateHeaders[form]]: value, 'client-cert-chain': chain })

describe('thumbprints', () => {
  it('B-TV-15, B-TV-16, B-MTLS-06 are the SHA-256 of the DER bytes, and neither of the PEM text nor SHA-1', () => {
    expect(certificateThumbprint(der)).toBe('A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0')
    expect(readCertificate(der)?.subject).toBe('CN=mtls')
    const wrong = ['RZUyid0cUQWEONv2uroCiSi6CqAXdVZueQmkxBeJ0gc', 'T8Qp8fPmVYqb9iHyzQUaAbxBedY']
    expect(createHash('sha1').update(der).digest('base64url')).toBe(wrong[1])
    expect(wrong).not.toContain(certificateThumbprint(der))
  })

  it('B-ATJ-08 is one confirmation of two kinds, alone and well formed', () => {
    const thumbprint = certificateThumbprint(der)
    expect(readConfirmation({ 'x5t#S256': thumbprint })).toEqual({ 'x5t#S256': thumbprint })
    expect(readConfirmation({ jkt: thumbprint })).toEqual({ jkt: thumbprint })
    for (const cnf of [
      {},
      null,
      thumbprint,
      [thumbprint],
      { kid: 'x' },
      { 'x5t#S256': thumbprint, jkt: thumbprint },
      { 'x5t#S256': `${thumbprint}=` },
      { 'x5t#S256': 'T8Qp8fPmVYqb9iHyzQUaAbxBedY' },
      { x5t: thumbprint },
      { jkt: 7 },
    ])
      expect([cnf, readConfirmation(cnf)]).toEqual([cnf, undefined])
  })
})

describe('a certificate in a header', () => {
  it('B-MTLS-11 is one byte sequence of DER with its chain, or with nginx one escaped PEM', () => {
    expect(read('rfc9440', sequence(der))).toEqual({ der, chain: [] })
    const found = read('rfc9440', sequence(client.der), `${sequence(authority.der)}, ${sequence(der)}`)
    expect(found).toEqual({ der: client.der, chain: [authority.der, der] })
    expect(read('nginx', escaped(client.certificate))).toEqual({ der: client.der, chain: [] })
    expect([read('rfc9440', undefined), read('rfc9440', ''), read('nginx', undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('B-MTLS-12, MT-02 is refused when there are two of it', () => {
    const two = [sequence(client.der), sequence(der)]
    expect(read('rfc9440', two.join(', '))).toBe('multiple')
    expect(read('rfc9440', two)).toBe('multiple')
    expect(read('nginx', [escaped(client.certificate), escaped(client.certificate)].join(', '))).toBe('multiple')
    expect(read('nginx', escaped(`${client.certificate}${client.certificate}`))).toBe('syntax')
  })

  const text = Buffer.from(client.der).toString('base64')
  it.each([
    ['no colons', text],
    ['one colon', `:${text}`],
    ['a parameter', `:${text}:;a=1`],
    ['base64url', `:${text.replaceAll('+', '-').replaceAll('/', '_')}:`.replace(':M', ':_M')],
    ['bits that are left over', ':TWF=:'],
    ['trailing bytes', sequence(Buffer.concat([client.der, Buffer.from([0])]))],
    ['a second certificate behind it', sequence(Buffer.concat([client.der, client.der]))],
    ['a certificate cut short', sequence(client.der.slice(0, -7))],
    ['PEM', sequence(Buffer.from(client.certificate))],
    ['PEM as text', client.certificate.replaceAll('\n', ' ')],
    ['escaped PEM, which was not configured', escaped(client.certificate)],
    ['a megabyte', `:${'A'.repeat(1_048_576)}:`],
    ['more than 16 KiB', `:${'A'.repeat(16_384)}:`],
    ['nothing', '::'],
    ['NUL', `:${text}\0:`],
  ])('B-MTLS-12, MT-07 refuses %s', (_what, value) => {
    expect(read('rfc9440', value)).toBe('syntax')
  })

  it.each([
    ['DER', sequence(client.der)],
    ['PEM cut short', escaped(client.certificate.slice(0, -30))],
    ['a newline that is escaped twice', escaped(escaped(client.certificate))],
    ['an escape that is none', `${escaped(client.certificate)}%0`],
    ['a line before it', escaped(`Subject: m\n${client.certificate}`)],
    ['another label', escaped(client.certificate.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'))],
    ['no line feeds', escaped(client.certificate.replaceAll('\n', ''))],
    ['base64 that is none', escaped(client.certificate.replace('M', '*'))],
  ])('B-MTLS-12, MT-07 refuses %s where nginx was configured', (_what, value) => {
    expect(read('nginx', value)).toBe('syntax')
  })

  it('B-MTLS-13 refuses a chain that is too long or has something else in it, and a chain alone', () => {
    const link = sequence(authority.der)
    expect(read('rfc9440', sequence(client.der), Array.from({ length: 6 }, () => link).join(', '))).toBe('syntax')
    expect(read('rfc9440', sequence(client.der), `${link}, :AAAA:`)).toBe('syntax')
    expect(read('rfc9440', undefined, link)).toBe('syntax')
  })

  it('B-MTLS-13, MT-07 refuses keys that are too weak or made to keep a server busy', () => {
    for (const bits of [1024, 8200, 16_384]) {
      const made = authority.issue('unusual', { publicKey: rsaKey(bits) })
      expect([bits, readCertificate(made.der)]).toEqual([bits, undefined])
    }
    expect(readCertificate(authority.issue('usual', { publicKey: rsaKey(2048) }).der)?.subject).toBe('CN=usual')
  })

  it('B-MTLS-13, MT-07 answers every spoiled certificate, at once, and never throws', async () => {
    const mutation = fc.record({ at: fc.nat(client.der.length - 1), byte: fc.nat(255), cut: fc.nat(40) })
    const spent = await processorTime(async () =>
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
          let bytes = Buffer.from(client.der)
          for (const { at, byte, cut } of mutations) {
            bytes[Math.min(at, bytes.length - 1)] = byte
            bytes = bytes.subarray(0, Math.max(1, bytes.length - cut))
          }
          const found = read('rfc9440', sequence(bytes))
          expect(found === 'syntax' || (typeof found === 'object' && bytes.equals(found.der))).toBe(true)
        }),
        { numRuns: 500, seed: 8705 },
      ),
    )
    expect(spent / 500).toBeLessThan(50)
  })

  it('B-MTLS-12 the same header is read once, and many others do not stay', () => {
    const reader = createCertificateReader('rfc9440')
    const headers = { 'client-cert': sequence(client.der) }
    const first = reader(headers)
    expect(reader({ ...headers })).toBe(first)
    expect(reader({ ...headers, 'client-cert-chain': sequence(authority.der) })).not.toBe(first)
  })
})

/** A public key of so many bits. Nobody has the private one, which would take minutes to make. */
const rsaKey = (bits: number): KeyObject =>
  createPublicKey({
    key: { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(bits / 8, 0xff).toString('base64url') },
    format: 'jwk',
  })
