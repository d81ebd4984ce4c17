import { requireQuotable } from './challenge-text.ts'

/** How a person has to have signed in for an operation (RFC 9470). */
export type AuthenticationNeeded = {
  /** Values of `acr` that are enough, the dearest first. Compared exactly: which is better than another only the issuer knows. */
  readonly acr?: readonly string[] | undefined
  /** Seconds since the sign-in after which it does not count any more. */
  readonly maxAge?: number | undefined
}

/** Throws TypeError for a rule that nobody could meet or that cannot stand in a challenge. */
export function requireAuthenticationRule({ acr, maxAge }: AuthenticationNeeded): void {
  if (acr === undefined && maxAge === undefined)
    throw new TypeError('requireAuthentication needs acr or maxAge, or it would ask for nothing')
  if (acr !== undefined) {
    if (acr.length === 0 || acr.some((value) => value === '' || value.includes(' ')))
      throw new TypeError('requireAuthentication.acr must name values, without spaces in them')
    requireQuotable('requireAuthentication.acr', acr.join(' '))
  }
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge >= 0))
    throw new TypeError('requireAuthentication.maxAge must be a whole number of seconds')
}

type Claims = Readonly<Record<string, unknown>>

/**
 * Whether a token tells of a sign-in that is enough. The token decides and not the session of the person, so an older and
 * weaker token stays weaker after a step-up (RFC 9470 section 9); what it does not tell did not happen.
 */
export function isAuthenticated(claims: Claims, { acr, maxAge }: AuthenticationNeeded, now: number): boolean {
  const { acr: reached, auth_time: since } = claims
  if (acr !== undefined && !(typeof reached === 'string' && acr.includes(reached))) return false
  return (
    maxAge === undefined || (typeof since === 'number' && Number.isFinite(since) && Math.floor(now) - since <= maxAge)
  )
}

/** What a challenge says of the sign-in that is needed (RFC 9470 section 3). */
export function authenticationParameters(needed: AuthenticationNeeded | undefined): [string, string][] {
  const parameters: [string, string][] = []
  if (needed?.acr !== undefined) parameters.push(['acr_values', needed.acr.join(' ')])
  if (needed?.maxAge !== undefined) parameters.push(['max_age', String(needed.maxAge)])
  return parameters
}
