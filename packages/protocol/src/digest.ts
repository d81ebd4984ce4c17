import { createHash, hash, timingSafeEqual } from 'node:crypto'

/** SHA-256 of the UTF-8 form of a text, as unpadded base64url (43 characters). */
export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** SHA-256 of bytes. */
export const sha256Bytes = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/**
 * The form in which a random handle (code, token, cookie value, client secret) is stored and looked up. The handles
 * carry 256 random bits, so a plain digest is enough (A-GEN-07); what is stored can never be presented.
 */
export const lookupKey = (handle: string): string => sha256(handle)

/** Equality of two strings in time that depends on their length only. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
