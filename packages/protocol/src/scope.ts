const token = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Bounds of one scope parameter: characters in all, and values. */
export const maxScopeLength = 2048
export const maxScopeValues = 100

/**
 * Splits a scope parameter by the grammar of OAuth 2.1 section 1.4.1: single spaces, no quotes, no backslash, no control
 * characters. Repeated values are folded. `undefined` when the grammar or a bound is broken.
 */
export function parseScope(text: string): readonly string[] | undefined {
  if (text.length > maxScopeLength) return undefined
  const values = text.split(' ')
  if (values.length > maxScopeValues) return undefined
  for (const value of values) if (!token.test(value)) return undefined
  return values.length === 1 ? values : [...new Set(values)]
}

/** The scope string of a list of values. */
export const formatScope = (values: readonly string[]): string => values.join(' ')

/** True when every wanted value is allowed. */
export function scopeWithin(wanted: readonly string[], allowed: readonly string[]): boolean {
  for (const value of wanted) if (!allowed.includes(value)) return false
  return true
}

/** Scopes of OpenID Connect Core sections 5.4 and 11; they belong to the issuer itself and only to people. */
export const identityScopes: readonly string[] = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']
