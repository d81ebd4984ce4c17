import {
  contentEncryptionAlgorithms,
  fromBase64url,
  isContentEncryptionAlgorithm,
  parseStrictJson,
  requestEncryptionAlgorithms,
} from '@sallyport/protocol'
import type { Context } from '../context.ts'
import { requestKeys } from './request-keys.ts'

/** True for what looks like a JWE in compact form (RFC 7516 section 7.1). */
export const isEncrypted = (text: string): boolean => text.split('.', 6).length === 5

/** The header, when it asks for nothing but what is taken here: judged before any key is touched or anything inflated (JW-01 to JW-04). */
function readHeader(jwe: string): { readonly kid: unknown } | undefined {
  const bytes = fromBase64url(jwe.slice(0, jwe.indexOf('.')))
  const header = bytes === undefined ? 'syntax' : parseStrictJson(bytes)
  if (typeof header === 'string' || 'zip' in header || 'crit' in header) return undefined
  const { alg, enc, kid } = header
  const known = (requestEncryptionAlgorithms as readonly unknown[]).includes(alg) && isContentEncryptionAlgorithm(enc)
  return known ? { kid } : undefined
}

/**
 * The request object inside an encrypted one (RFC 9101 section 6.1, B-JAR-13): signed first and encrypted afterwards, so that what
 * comes out has to be verified like any other. `undefined` whatever was wrong; nobody learns more (JW-04).
 */
export async function decryptRequest(ctx: Context, jwe: string): Promise<string | undefined> {
  const header = readHeader(jwe)
  if (header === undefined) return undefined
  const keys = requestKeys(ctx)
  const key = header.kid === undefined ? keys[0] : keys.find(({ kid }) => kid === header.kid)
  if (key === undefined) return undefined
  // Loaded with the first encrypted request: most servers never see one.
  const { compactDecrypt } = await import('jose')
  try {
    const { plaintext } = await compactDecrypt(jwe, key.privateKey, {
      keyManagementAlgorithms: [...requestEncryptionAlgorithms],
      contentEncryptionAlgorithms: [...contentEncryptionAlgorithms],
    })
    return Buffer.from(plaintext).toString('latin1')
  } catch {
    return undefined
  }
}
