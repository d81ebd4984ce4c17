import type { ContentEncryptionAlgorithm, EncryptionKey, KeyEncryptionAlgorithm } from '@sallyport/protocol'

/** For whom a JWT is encrypted, and how. */
export type Encryption = {
  readonly key: EncryptionKey
  readonly alg: KeyEncryptionAlgorithm
  readonly enc: ContentEncryptionAlgorithm
}

/** A signed JWT inside a JWE in compact form (RFC 7519 section 11.2): signed first, so that the reader can show it to others. */
export async function encryptJwt(jwt: string, { key: { kid, key }, alg, enc }: Encryption): Promise<string> {
  // Loaded with the first encrypted answer: most servers never give one.
  const { CompactEncrypt } = await import('jose')
  const header = { alg, enc, cty: 'JWT', ...(kid === undefined ? {} : { kid }) }
  return new CompactEncrypt(Buffer.from(jwt)).setProtectedHeader(header).encrypt(key)
}
