import type { AccountClaims, User } from '@sallyport/server/model'

type Check = (value: unknown) => unknown

const text: Check = (value) => (typeof value === 'string' && value !== '' ? value : undefined)
const flag: Check = (value) => (typeof value === 'boolean' ? value : undefined)
const matching =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? value : undefined
const instant: Check = (value) => (typeof value === 'number' && Number.isFinite(value) ? Math.floor(value) : undefined)

/** An https URL or nothing: clients put these into links and pictures (B-UI-13). */
const webAddress: Check = (value) => {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  return new URL(value).protocol === 'https:' ? value : undefined
}

const addressMembers = ['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country']

const address: Check = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const members = Object.entries(value).filter(
    ([name, member]) => addressMembers.includes(name) && text(member) !== undefined,
  )
  return members.length === 0 ? undefined : Object.fromEntries(members)
}

/** The claims of OpenID Connect Core section 5.1 with their exact types (B-OIDC-27). */
const standard: Readonly<Record<string, Check>> = {
  name: text,
  given_name: text,
  family_name: text,
  middle_name: text,
  nickname: text,
  preferred_username: text,
  profile: webAddress,
  picture: webAddress,
  website: webAddress,
  email: matching(/^[^\s@]+@[^\s@]+$/),
  email_verified: flag,
  gender: text,
  birthdate: matching(/^\d{4}(?:-\d{2}-\d{2})?$/),
  zoneinfo: text,
  locale: matching(/^[a-z]{2,8}(?:[-_][a-z0-9]{1,8})*$/i),
  phone_number: text,
  phone_number_verified: flag,
  address,
  updated_at: instant,
}

/** Names that the server itself gives a meaning; no record of a person may set them. */
const reserved = new Set(
  'sub iss aud azp exp iat nbf jti nonce auth_time acr amr at_hash c_hash s_hash sid client_id scope cnf act'.split(
    ' ',
  ),
)

/** Anything that is not a claim of the standard passes as it is, unless it is empty. */
function otherClaim(value: unknown): unknown {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return undefined
  return value
}

/**
 * The claims of a person as they may be told: exact types, https addresses only, nothing empty, nothing reserved. User
 * name and time of the last change are filled in from the record.
 */
export function claimsOf(user: User): AccountClaims {
  const given: Readonly<Record<string, unknown>> = {
    preferred_username: user.username,
    updated_at: user.updatedAt,
    ...user.claims,
  }
  const claims: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const base = name.split('#')[0] ?? ''
    if (base === '' || base === '__proto__' || reserved.has(base)) continue
    const check = Object.hasOwn(standard, base) ? standard[base] : otherClaim
    const checked = check?.(value)
    if (checked !== undefined) claims[name] = checked
  }
  return claims
}

/** The name a person reads about themselves. */
export function displayName(user: User): string {
  const { name } = claimsOf(user)
  return typeof name === 'string' ? name : user.username
}
