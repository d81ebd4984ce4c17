import type { AccountClaims } from './model/account.ts'
import type { ClaimRequest } from './model/authorization-request.ts'

/** Which claims a scope stands for (OpenID Connect Core section 5.4, B-OIDC-25). */
export const claimsOfScope: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
}

/** Every claim about a person that can be returned. */
export const supportedClaims: readonly string[] = Object.values(claimsOfScope).flat()

/** Names that belong to the protocol; an account can never set them (MX-03). */
export const protocolClaims: ReadonlySet<string> = new Set(
  'iss sub aud exp iat nbf jti nonce auth_time acr amr azp at_hash c_hash s_hash sid client_id scope cnf typ'.split(
    ' ',
  ),
)

function put(target: Record<string, unknown>, name: string, value: unknown): void {
  // Absent means absent: no null, no empty text (B-OIDC-27).
  if (value === undefined || value === null || value === '' || protocolClaims.has(name)) return
  target[name] = value
}

/** The claims that a granted scope gives. */
export function scopedClaims(person: AccountClaims, scope: readonly string[]): Record<string, unknown> {
  const claims: Record<string, unknown> = {}
  for (const value of scope) for (const name of claimsOfScope[value] ?? []) put(claims, name, person[name])
  return claims
}

/** The name of a claim without its language tag (OpenID Connect Core section 5.2). */
const bare = (name: string): string => name.split('#', 1)[0] ?? ''

/** The claims asked for one by one, in a language where the name says so. What cannot be supplied is left out and never an error (B-OIDC-22). */
export function requestedClaims(
  person: AccountClaims,
  wanted: Readonly<Record<string, ClaimRequest>>,
): Record<string, unknown> {
  const claims: Record<string, unknown> = {}
  for (const name of Object.keys(wanted)) {
    if (supportedClaims.includes(bare(name)) && Object.hasOwn(person, name)) put(claims, name, person[name])
  }
  return claims
}
