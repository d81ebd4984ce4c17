import { registrationBounds } from '@sallyport/protocol'
import {
  registrationGrants,
  type RegistrationMode,
  type RegistrationOptions,
  type StatementIssuer,
} from '@sallyport/server'
import { choice, count, duration, flag, list, redirectHostList, type Kind } from './kinds.ts'
import { setting, type Setting } from './setting.ts'

const looksLikeIssuer = (value: unknown): value is StatementIssuer =>
  typeof value === 'object' &&
  value !== null &&
  'issuer' in value &&
  typeof value.issuer === 'string' &&
  'jwks' in value &&
  typeof value.jwks === 'object' &&
  value.jwks !== null &&
  'keys' in value.jwks &&
  Array.isArray(value.jwks.keys) &&
  value.jwks.keys.every((key) => typeof key === 'object' && key !== null)

/** Issuers with their keys: a list in a file, JSON in the environment. */
const statementIssuers: Kind<readonly StatementIssuer[]> = {
  parse: (written) => {
    const fix = 'write a list of entries with issuer and jwks, or the same as JSON'
    let value: unknown = written
    try {
      if (typeof written === 'string') value = JSON.parse(written)
    } catch {
      return { problem: 'is not JSON', fix }
    }
    if (Array.isArray(value) && value.every(looksLikeIssuer)) return { value }
    return { problem: 'is no list of issuers with keys', fix }
  },
  write: (value) => JSON.stringify(value),
  schema: {
    type: 'array',
    items: {
      type: 'object',
      required: ['issuer', 'jwks'],
      properties: { issuer: { type: 'string' }, jwks: { type: 'object' } },
    },
  },
}

/** Grants that a client may have without an administrator; without a code there is nothing it could do. */
const grantList: Kind<NonNullable<RegistrationOptions['grantTypes']>> = {
  parse: (written) => {
    const parsed = list.parse(written)
    if ('problem' in parsed) return parsed
    const grants = registrationGrants.filter((grant) => parsed.value.includes(grant))
    const fix = `write [${registrationGrants.join(', ')}], or authorization_code alone`
    const stranger = parsed.value.find((value) => !(registrationGrants as readonly string[]).includes(value))
    if (stranger !== undefined)
      return {
        problem: `${JSON.stringify(stranger.slice(0, 100))} is given by administrators alone, or is no grant`,
        fix,
      }
    return grants.includes('authorization_code') ? { value: grants } : { problem: 'has no authorization_code', fix }
  },
  write: (value) => value,
  schema: {
    type: 'array',
    items: { enum: registrationGrants },
    contains: { const: 'authorization_code' },
  },
}

const modes: readonly RegistrationMode[] = ['off', 'initial_access_token', 'open']

const mode = setting(
  'registration.mode',
  choice(modes),
  'Who may register clients over the network: nobody, holders of an initial access token, or anybody',
  { fallback: 'off' as RegistrationMode },
)
const scope = setting('registration.scope', list, 'Most that a client may register for itself', {
  fallback: ['openid', 'profile', 'email', 'offline_access'] as readonly string[],
})
const mcp = setting(
  'registration.mcp',
  flag,
  'Clients that register themselves are clients of MCP servers: https and loopback redirects only, and the whole scope',
  { fallback: false },
)
const redirectHosts = setting(
  'registration.redirectHosts',
  redirectHostList,
  'Hosts that redirect URIs of clients that register themselves may name; any host when left out',
)
const grants = setting(
  'registration.grants',
  grantList,
  'Grant types that a client may register for itself; authorization_code is always among them',
  { fallback: registrationGrants },
)
const perNetwork = setting(
  'registration.perNetwork',
  count(registrationBounds.perNetwork),
  'Registrations tried from one network in an hour',
  { fallback: registrationBounds.perNetwork.default },
)
const mostClients = setting(
  'registration.mostClients',
  count(registrationBounds.mostClients),
  'Most clients by dynamic registration; documents have a bound of their own',
  { fallback: registrationBounds.mostClients.default },
)
const unusedLifetime = setting(
  'registration.unusedLifetime',
  duration(registrationBounds.unusedLifetime),
  'A client that registered itself is removed after so long without use; at most 30 days where anybody may register',
  { fallback: registrationBounds.unusedLifetime.default },
)
const management = setting(
  'registration.management',
  choice(['full', 'read_only'] as const),
  'Whether clients may change and remove themselves, or only look',
  { fallback: 'full' as const },
)
const trusted = setting(
  'registration.statementIssuers',
  statementIssuers,
  'Issuers of software statements that count, with their public keys',
  { fallback: [] as readonly StatementIssuer[] },
)
const reservedNames = setting(
  'registration.reservedNames',
  list,
  'Names that no self-registered client may have or look like',
  { fallback: [] as readonly string[] },
)

/** Everything about clients that register themselves. */
export const registrationSettings: readonly Setting<unknown>[] = [
  ...[
    mode,
    scope,
    mcp,
    redirectHosts,
    grants,
    perNetwork,
    mostClients,
    unusedLifetime,
    management,
    trusted,
    reservedNames,
  ],
].map((one) => one as unknown as Setting<unknown>)

/** What the server is told; `value` gives a setting as it came out. */
export const registrationOptions = (value: <T>(setting: Setting<T>) => T): RegistrationOptions => ({
  mode: value(mode),
  scope: value(scope),
  mcp: value(mcp),
  redirectHosts: value(redirectHosts),
  grantTypes: value(grants),
  perNetwork: value(perNetwork),
  mostClients: value(mostClients),
  unusedLifetime: value(unusedLifetime),
  management: value(management),
  statementIssuers: value(trusted),
  reservedNames: value(reservedNames),
})
