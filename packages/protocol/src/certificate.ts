import { X509Certificate } from 'node:crypto'
import { sha256Bytes } from './digest.ts'
import { isGoodModulus } from './key-set.ts'

/** Longest certificate that is looked at, in bytes of DER; real ones have one or two thousand (B-MTLS-13). */
export const maxCertificateBytes = 12_288

/** Most certificates that may come along to lead from a certificate to one that is trusted. */
export const maxCertificateChain = 5

/** The certificate that a client proved in its TLS handshake, by which connection or header it came (RFC 8705). */
export type ClientCertificate = {
  readonly der: Uint8Array
  /** What the client sent along, the next issuer first. */
  readonly chain: readonly Uint8Array[]
}

/** `x5t#S256`: base64url of the SHA-256 of the DER bytes (RFC 8705 section 3.1, B-MTLS-06). */
export const certificateThumbprint = (der: Uint8Array): string => sha256Bytes(der).toString('base64url')

const block = (label: string): RegExp =>
  new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+?)-----END ${label}-----`, 'g')

/** The DER bytes of everything with this label in a text of PEM (RFC 7468); text between is passed over. */
export const pemBlocks = (text: string, label: 'CERTIFICATE' | 'X509 CRL'): readonly Buffer[] =>
  [...text.matchAll(block(label))].map(([, body = '']) => Buffer.from(body, 'base64'))

/**
 * One certificate of DER bytes, all of them and no more; `undefined` for what is none, is too large, or has a key that is too
 * weak or was made to keep a server busy. Never throws (B-MTLS-13).
 */
export function readCertificate(der: Uint8Array): X509Certificate | undefined {
  if (der.length > maxCertificateBytes) return undefined
  try {
    const certificate = new X509Certificate(der)
    // The reader also takes PEM, and passes over what stands behind the certificate.
    if (!certificate.raw.equals(der)) return undefined
    const { asymmetricKeyDetails } = certificate.publicKey
    const modulus = asymmetricKeyDetails?.modulusLength
    return modulus === undefined || isGoodModulus(modulus) ? certificate : undefined
  } catch {
    return undefined
  }
}
