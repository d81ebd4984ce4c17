const alphabet = /^[A-Za-z0-9_-]*$/

/** Unpadded base64url of bytes (RFC 7515 section 2). */
export const toBase64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')

/**
 * Decodes canonical unpadded base64url: foreign characters, padding, an impossible length and non-zero spare bits all
 * give `undefined`, so that one byte string has exactly one accepted spelling.
 */
export function fromBase64url(text: string): Buffer | undefined {
  if (!alphabet.test(text) || text.length % 4 === 1) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
