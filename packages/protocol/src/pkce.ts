import { equalInConstantTime, sha256 } from './digest.ts'

/** The one supported `code_challenge_method` (OAuth 2.1 section 7.5.2): `plain` does not exist here. */
export const codeChallengeMethod = 'S256'

// 43 characters carry 258 bits for a 256-bit hash: the two spare bits of the last character must be zero.
const challengeSyntax = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const verifierSyntax = /^[A-Za-z0-9\-._~]{43,128}$/

/** True for the only shape an S256 challenge can have (RFC 7636 section 4.2, A-PKCE-04). */
export const isCodeChallenge = (value: string): boolean => challengeSyntax.test(value)

/** True for 43 to 128 unreserved characters (RFC 7636 section 4.1); to be asked before anything is hashed. */
export const isCodeVerifier = (value: string): boolean => value.length <= 128 && verifierSyntax.test(value)

/** BASE64URL(SHA-256(ASCII(verifier))), RFC 7636 section 4.2. */
export const challengeOf = (verifier: string): string => sha256(verifier)

/** Compares the challenge of a syntactically valid verifier with the stored one in constant time (RFC 7636 section 4.6). */
export const challengeMatches = (verifier: string, challenge: string): boolean =>
  equalInConstantTime(challengeOf(verifier), challenge)

/** Challenges printed in specifications, and that of the empty verifier: known to everybody, so refused in production (A-PKCE-10). */
export const publishedChallenges: ReadonlySet<string> = new Set([
  'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  '6fdkQaPm51l13DSukcAH3Mdx7_ntecHYd1vi3n0hMZY',
  '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
])
