import type { ClientCertificate, DistinguishedName, Seconds } from '@sallyport/protocol'

/** Whom a certificate names (RFC 5280 section 4.2.1.6). Addresses are bytes. */
export type CertificateNames = {
  readonly subject: DistinguishedName
  readonly dns: readonly string[]
  readonly uri: readonly string[]
  readonly email: readonly string[]
  readonly ip: readonly Uint8Array[]
}

/** A certificate that a trusted authority vouches for, and until when that is known. */
export type VouchedCertificate = { readonly names: CertificateNames; readonly until: Seconds }

/** Asks the operator's authorities about a certificate; a text says what is wrong with it, for the operator. */
export type CertificateCheck = (certificate: ClientCertificate, now: Seconds) => Promise<VouchedCertificate | string>
