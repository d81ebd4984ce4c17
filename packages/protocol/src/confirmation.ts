import { isThumbprint } from './dpop-key.ts'

/**
 * To what a token is bound (RFC 7800 section 3): the key of a DPoP proof (RFC 9449 section 6.1), or a client certificate (RFC
 * 8705 section 3.1). Exactly one of them (B-ATJ-08).
 */
export type Confirmation = { readonly jkt: string } | { readonly 'x5t#S256': string }

/** A confirmation of a kind that is known here, alone and well formed; `undefined` for everything else, which is never bearer. */
export function readConfirmation(cnf: unknown): Confirmation | undefined {
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).length !== 1) return undefined
  if ('jkt' in cnf) return isThumbprint(cnf.jkt) ? { jkt: cnf.jkt } : undefined
  if (!('x5t#S256' in cnf)) return undefined
  const thumbprint = cnf['x5t#S256']
  return isThumbprint(thumbprint) ? { 'x5t#S256': thumbprint } : undefined
}

const certificatePrefix = 'x5t#S256:'

/**
 * One text for either kind, as grants and records carry it: the thumbprint of a proof's key as it is, that of a certificate with
 * its name before it. So the two are never taken for each other, and are compared in one place.
 */
export const certificateSenderKey = (thumbprint: string): string => `${certificatePrefix}${thumbprint}`

export const isCertificateSenderKey = (senderKey: string): boolean => senderKey.startsWith(certificatePrefix)

/** The sender key of a confirmation. */
export const senderKeyOf = (cnf: Confirmation): string =>
  'jkt' in cnf ? cnf.jkt : certificateSenderKey(cnf['x5t#S256'])

/** The `cnf` of what is bound to a sender key. */
export const confirmationOf = (senderKey: string): Confirmation =>
  isCertificateSenderKey(senderKey) ? { 'x5t#S256': senderKey.slice(certificatePrefix.length) } : { jkt: senderKey }
