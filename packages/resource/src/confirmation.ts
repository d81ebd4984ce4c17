import { isThumbprint } from '@sallyport/protocol'

/**
 * The thumbprint of the key that a token is bound to, out of its `cnf` (RFC 7800 section 3.1, RFC 9449 section 6.1);
 * `undefined` for every other content. Two confirmations are none here: whoever checks one of them has not checked the
 * other.
 */
export function boundKey(cnf: unknown): string | undefined {
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).length !== 1) return undefined
  const { jkt } = cnf as { readonly jkt?: unknown }
  return isThumbprint(jkt) ? jkt : undefined
}
