import type { AuthorizationAttempt } from './authorization-request.ts'

/** One thing that was compared, and whether it was as it had to be. */
export type Check = {
  readonly what: string
  readonly expected: string
  readonly got: string
  readonly passed: boolean
}

/** An authorization response as it arrived at the redirect URI. */
export type AuthorizationResponse = {
  readonly code: string | undefined
  readonly state: string | undefined
  readonly iss: string | undefined
  readonly error: string | undefined
  readonly errorDescription: string | undefined
}

const once = (query: URLSearchParams, name: string): string | undefined => {
  const values = query.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

/** Reads the response; a parameter that was sent twice counts as absent (A-ISS-04). */
export const readResponse = (query: URLSearchParams): AuthorizationResponse => ({
  code: once(query, 'code'),
  state: once(query, 'state'),
  iss: once(query, 'iss'),
  error: once(query, 'error'),
  errorDescription: once(query, 'error_description'),
})

const equal = (what: string, expected: string, got: string | undefined): Check => ({
  what,
  expected,
  got: got ?? 'nothing',
  passed: got === expected,
})

/**
 * What the app compares before it uses a code or shows an error: `state`, and `iss` as a plain string against the issuer it
 * had in mind when it sent the person away; an absent `iss` is as wrong as a foreign one (A-ISS-02).
 */
export const responseChecks = (attempt: AuthorizationAttempt, response: AuthorizationResponse): readonly Check[] => [
  equal('state', attempt.state, response.state),
  equal('iss', attempt.issuer, response.iss),
]

export const allPassed = (checks: readonly Check[]): boolean => checks.every(({ passed }) => passed)
