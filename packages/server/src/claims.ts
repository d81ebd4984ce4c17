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

/** The name of a claim without its language tag (OpenID Connect Core section 5.2). */
const bare = (name: string): string => name.split('#', 1)[0] ?? ''

/** `ja-hani-jp`, `ja-hani`, `ja`: a wish for a tag is met by a shorter one as well (RFC 4647 section 3.4). */
function* everShorter(tag: string): Generator<string> {
  for (let end = tag.length; end > 0; end = tag.lastIndexOf('-', end - 1)) yield tag.slice(0, end)
}

/** The member that tells a claim in the first wished language there is (B-OIDC-28). */
function taggedMember(person: AccountClaims, name: string, locales: readonly string[]): string | undefined {
  const members = Object.keys(person).filter((member) => member.startsWith(`${name}#`))
  if (members.length === 0) return undefined
  for (const locale of locales)
    for (const tag of everShorter(locale)) {
      const found = members.find((member) => member.slice(name.length + 1).toLowerCase() === tag)
      if (found !== undefined) return found
    }
  return undefined
}

/** A claim under its plain name, and beside it in the language that was wished. */
function tell(target: Record<string, unknown>, person: AccountClaims, name: string, locales: readonly string[]): void {
  put(target, name, person[name])
  const member = locales.length === 0 || name.includes('#') ? undefined : taggedMember(person, name, locales)
  if (member !== undefined) put(target, member, person[member])
}

/** The claims that a granted scope gives, also in the first of the wished languages that there is. */
export function scopedClaims(
  person: AccountClaims,
  scope: readonly string[],
  locales: readonly string[],
): Record<string, unknown> {
  const claims: Record<string, unknown> = {}
  for (const value of scope) for (const name of claimsOfScope[value] ?? []) tell(claims, person, name, locales)
  return claims
}

/** The claims asked for one by one, in a language where the name says so. What cannot be supplied is left out and never an error (B-OIDC-22). */
export function requestedClaims(
  person: AccountClaims,
  wanted: Readonly<Record<string, ClaimRequest>>,
  locales: readonly string[],
): Record<string, unknown> {
  const claims: Record<string, unknown> = {}
  for (const name of Object.keys(wanted))
    if (supportedClaims.includes(bare(name)) && (Object.hasOwn(person, name) || locales.length > 0))
      tell(claims, person, name, locales)
  return claims
}
