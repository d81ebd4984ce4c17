import { parseScope, readConfirmation, verifyJwt, type Confirmation, type VerificationKey } from '@sallyport/protocol'
import type { BearerReason } from './bearer-error.ts'

/** A verified access token (RFC 9068). */
export type AccessToken = {
  /** Who it is about (`sub`). A client's own token has its client id here. */
  readonly subject: string
  readonly clientId: string
  readonly scope: readonly string[]
  /** `jti`. */
  readonly id: string
  /** Seconds since 1970. */
  readonly issuedAt: number
  /** Seconds since 1970. */
  readonly expiresAt: number
  /** Thumbprint of the key it is bound to, which was proven (RFC 9449 section 6); `undefined` for a token that is bound to none. */
  readonly jkt: string | undefined
  /** Thumbprint of the client certificate it is bound to (RFC 8705 section 3); `undefined` for a token that is bound to none. */
  readonly certificateThumbprint: string | undefined
  /** Every claim, as signed. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** To what a token is bound; at most one of the two has a value. */
export const boundBy = (cnf: Confirmation | undefined): Pick<AccessToken, 'jkt' | 'certificateThumbprint'> => ({
  jkt: cnf !== undefined && 'jkt' in cnf ? cnf.jkt : undefined,
  certificateThumbprint: cnf !== undefined && 'x5t#S256' in cnf ? cnf['x5t#S256'] : undefined,
})

export type Expected = { readonly issuer: string; readonly audience: string; readonly tolerance: number }

const text = (value: unknown): value is string => typeof value === 'string' && value !== ''

const instant = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** True when `aud` is this audience or a list of texts with it as an exact member (TX-03). */
function names(aud: unknown, audience: string): boolean {
  if (!Array.isArray(aud)) return aud === audience
  const members: readonly unknown[] = aud
  return members.every(text) && members.includes(audience)
}

/** Types before values (JW-09), then the claims in the order of RFC 9068 section 4. */
function readClaims(
  claims: Readonly<Record<string, unknown>>,
  expected: Expected,
  now: number,
): AccessToken | BearerReason {
  const { iss, aud, sub, client_id: clientId, jti, iat, exp, nbf, scope } = claims
  if (!text(sub) || !text(clientId) || !text(jti) || !instant(iat) || !instant(exp)) return 'claims'
  if (nbf !== undefined && !instant(nbf)) return 'claims'
  if (scope !== undefined && typeof scope !== 'string') return 'claims'
  const scopes = scope === undefined || scope === '' ? [] : parseScope(scope)
  if (scopes === undefined) return 'claims'
  if (iss !== expected.issuer) return 'iss'
  if (!names(aud, expected.audience)) return 'aud'
  if (exp + expected.tolerance <= now) return 'exp'
  if (Math.max(nbf ?? iat, iat) > now + expected.tolerance) return 'nbf'
  const cnf = readConfirmation(claims['cnf'])
  // Presence decides: a confirmation that cannot be checked here must not be taken for none.
  if ('cnf' in claims && cnf === undefined) return 'cnf'
  return { subject: sub, clientId, scope: scopes, id: jti, issuedAt: iat, expiresAt: exp, ...boundBy(cnf), claims }
}

/**
 * Verifies an access token against keys: `typ` at+jwt, a key and algorithm of the issuer, exact issuer and audience,
 * time. Gives the reason when it is refused; never throws.
 */
export function readAccessToken(
  token: string,
  keys: readonly VerificationKey[],
  expected: Expected,
  now: number,
): AccessToken | BearerReason {
  const verified = verifyJwt(token, ['at+jwt'], keys)
  return typeof verified === 'string' ? verified : readClaims(verified.claims, expected, now)
}
