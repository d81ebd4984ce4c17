import { challengeMatches, isCodeVerifier } from './pkce.ts'

/** What is wrong with a verifier; each has a reason of its own (A-PKCE-05 to -07). */
export type VerifierFault = 'verifier_missing' | 'verifier_syntax' | 'pkce_mismatch'

/** What speaks against a verifier for a stored challenge. */
export function verifierFault(verifier: string | undefined, challenge: string): VerifierFault | undefined {
  if (verifier === undefined) return 'verifier_missing'
  // Syntax before the hash: a megabyte of verifier costs a length comparison.
  if (!isCodeVerifier(verifier)) return 'verifier_syntax'
  return challengeMatches(verifier, challenge) ? undefined : 'pkce_mismatch'
}
