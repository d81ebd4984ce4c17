import {
  canonicalResource,
  identityScopes,
  isJwsAlgorithm,
  maxRedirectUris,
  nearest,
  parseScope,
  redirectUriFault,
} from '@sallyport/protocol'
import { backchannelGrant, type ClientChannel } from '../model/client.ts'
import { agentFaults, mcpFaults } from './agent-rules.ts'
import { certificateFaults } from './certificate-rules.ts'
import type { ClientFault } from './client-fault.ts'
import { responseModeFaults } from './authorization-responses.ts'
import { encryptionFaults } from './encryption-rules.ts'
import { inventoryFaults } from './inventory.ts'
import { logoutFaults } from './logout-rules.ts'
import { keyFaults } from './key-rules.ts'
import { pageFaults, pageUriFault } from './page-rules.ts'
import { requestObjectFaults } from './request-object-rules.ts'
import { sectorFaults } from './sector-rules.ts'
import {
  clientTypes,
  registrationMembers,
  typeDefaults,
  type ClientRegistration,
  type TypeDefaults,
} from './registration.ts'

/** All that is wrong with a registration, at once. */
export class ClientMetadataError extends Error {
  readonly faults: readonly ClientFault[]

  constructor(faults: readonly ClientFault[]) {
    super(faults.map((fault) => `${fault.member}: ${fault.problem}`).join('; '))
    this.name = 'ClientMetadataError'
    this.faults = faults
  }
}

const hidden = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

function strangers(input: object): ClientFault[] {
  return Object.keys(input)
    .filter((key) => !(registrationMembers as readonly string[]).includes(key))
    .map((key) => {
      if (/pkce|codechallenge|plain/i.test(key.replaceAll('_', ''))) {
        return {
          member: key,
          problem: 'PKCE with S256 is required of every client; there is nothing to set',
          fix: 'remove it',
        }
      }
      if (/encrypt/i.test(key))
        return {
          member: key,
          problem:
            'ID Tokens and the answers of UserInfo, introspection and authorization requests can be encrypted, nothing else',
          fix: 'remove it',
        }
      const close = nearest(key, registrationMembers)
      return {
        member: key,
        problem: 'is not a member of a client',
        fix: close === undefined ? 'remove it' : `did you mean ${close}?`,
      }
    })
}

function nameFaults(name: unknown): ClientFault[] {
  if (typeof name !== 'string' || name.trim() === '') return [{ member: 'name', problem: 'is required' }]
  if (name.length > 100) return [{ member: 'name', problem: 'is longer than 100 characters' }]
  return hidden.test(name) ? [{ member: 'name', problem: 'contains control or direction characters' }] : []
}

function uriFaults(input: ClientRegistration, defaults: TypeDefaults, development: boolean): ClientFault[] {
  const faults: ClientFault[] = []
  const list = (member: 'redirectUris' | 'postLogoutRedirectUris'): void => {
    const uris = input[member] ?? []
    if (uris.length > maxRedirectUris) faults.push({ member, problem: `has more than ${maxRedirectUris} entries` })
    for (const uri of uris.slice(0, maxRedirectUris)) {
      const problem = redirectUriFault(uri, defaults.applicationType, development)
      if (problem !== undefined) faults.push({ member, problem: `${JSON.stringify(uri.slice(0, 200))} ${problem}` })
    }
  }
  list('redirectUris')
  list('postLogoutRedirectUris')
  for (const origin of input.allowedOrigins ?? []) {
    if (!/^https?:\/\/[a-z0-9.[\]:-]+$/.test(origin))
      faults.push({ member: 'allowedOrigins', problem: `${JSON.stringify(origin.slice(0, 200))} is not an origin` })
  }
  return faults
}

/** Where a client in ping mode is told (CIBA section 4): an address as those of pages, or this machine itself in development. */
function notificationFaults(
  { backchannelNotificationEndpoint: url }: ClientRegistration,
  grants: readonly string[],
  development: boolean,
): ClientFault[] {
  if (url === undefined) return []
  const member = 'backchannelNotificationEndpoint'
  if (!grants.includes(backchannelGrant))
    return [{ member, problem: `is for clients with the grant ${backchannelGrant}`, fix: 'leave it out' }]
  const local = development && typeof url === 'string' && /^http:\/\/127\.0\.0\.1:\d+\//.test(url)
  const problem = local ? undefined : pageUriFault(url)
  return problem === undefined ? [] : [{ member, problem }]
}

function grantFaults(input: ClientRegistration, defaults: TypeDefaults, development: boolean): ClientFault[] {
  const faults: ClientFault[] = []
  const grants = input.grantTypes ?? defaults.grants
  for (const grant of grants) {
    if (!defaults.allowedGrants.includes(grant))
      faults.push({
        member: 'grantTypes',
        problem: `${grant} is not for clients of type ${input.type}`,
        fix: `use ${defaults.allowedGrants.join(', ')}`,
      })
  }
  if (grants.includes('authorization_code') && (input.redirectUris ?? []).length === 0) {
    faults.push({
      member: 'redirectUris',
      problem: 'at least one complete redirect URI is needed',
      fix: 'add --redirect-uri',
    })
  }
  const returns = [...defaults.allowedGrants, ...grants].includes('authorization_code')
  if (!returns && (input.redirectUris ?? []).length > 0)
    faults.push({
      member: 'redirectUris',
      problem: `are not for clients of type ${input.type}; nobody is ever sent back to one`,
      fix: 'leave them out',
    })
  if (input.requirePushedRequests === true && !grants.includes('authorization_code'))
    faults.push({
      member: 'requirePushedRequests',
      problem: 'is for clients with the grant authorization_code; others have no requests to push',
      fix: 'leave it out',
    })
  faults.push(...notificationFaults(input, grants, development))
  const method = input.authenticationMethod
  if (method !== undefined && !defaults.methods.includes(method)) {
    faults.push({
      member: 'authenticationMethod',
      problem: `${method} is not for clients of type ${input.type}`,
      fix: `use ${defaults.methods.join(' or ')}`,
    })
  }
  return faults
}

function scopeFaults(input: ClientRegistration, defaults: TypeDefaults): ClientFault[] {
  const faults: ClientFault[] = []
  const scope = input.scope === undefined ? [] : parseScope(input.scope)
  if (scope === undefined) return [{ member: 'scope', problem: 'is not a list of scope values with single spaces' }]
  const fallback = input.defaultScope === undefined ? [] : parseScope(input.defaultScope)
  if (fallback === undefined || fallback.some((value) => !scope.includes(value))) {
    faults.push({ member: 'defaultScope', problem: 'must be part of scope' })
  }
  const grants = input.grantTypes ?? defaults.grants
  const machine = input.machineScope === undefined ? [] : parseScope(input.machineScope)
  if (machine === undefined || machine.some((value) => !scope.includes(value) || identityScopes.includes(value)))
    faults.push({ member: 'machineScope', problem: 'must be part of scope, without what belongs to people' })
  if (input.machineScope !== undefined && !grants.includes('client_credentials'))
    faults.push({ member: 'machineScope', problem: 'is for clients with the grant client_credentials' })
  if (grants.length === 1 && grants[0] === 'client_credentials') {
    const personal = scope.filter((value) => identityScopes.includes(value))
    if (personal.length > 0)
      faults.push({ member: 'scope', problem: `${personal.join(' ')} belong to people; a service acts for itself` })
  }
  return faults
}

/** A wish beyond what the policy says is kept and cut by it, so that a changed policy needs no changed clients. */
const numberFaults = (input: ClientRegistration): ClientFault[] =>
  (['defaultMaxAge', 'accessTokenLifetime', 'refreshTokenIdle', 'refreshTokenAbsolute'] as const)
    .filter((member) => {
      const value = input[member]
      return value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= 31_536_000)
    })
    .map((member) => ({ member, problem: 'must be a whole number of seconds' }))

const algorithmFaults = (input: ClientRegistration): ClientFault[] =>
  (['idTokenAlgorithm', 'userinfoAlgorithm', 'authorizationAlgorithm', 'introspectionAlgorithm'] as const)
    .filter((member) => input[member] !== undefined && !isJwsAlgorithm(input[member]))
    .map((member) => ({ member, problem: 'must be RS256, PS256, ES256, EdDSA or Ed25519' }))

function resourceFaults({ defaultResource, resources }: ClientRegistration): ClientFault[] {
  if (defaultResource === undefined) return []
  const member = 'defaultResource'
  const id = typeof defaultResource === 'string' ? canonicalResource(defaultResource) : undefined
  if (id === undefined) return [{ member, problem: 'must be an https URI without a query and a fragment' }]
  const allowed = resources === undefined || resources.some((resource) => canonicalResource(resource) === id)
  return allowed ? [] : [{ member, problem: 'must be one of resources' }]
}

/** Everything wrong with a registration; empty when it may be stored. The one validator for every way in (RU-04). */
export function registrationFaults(
  input: ClientRegistration,
  development: boolean,
  channel: ClientChannel = 'managed',
): readonly ClientFault[] {
  if (!Object.hasOwn(typeDefaults, input.type)) {
    return [
      { member: 'type', problem: `must be one of ${clientTypes.join(', ')}`, fix: nearest(input.type, clientTypes) },
    ]
  }
  const defaults = typeDefaults[input.type]
  return [
    ...strangers(input),
    ...nameFaults(input.name),
    ...grantFaults(input, defaults, development),
    ...keyFaults(input, development),
    ...certificateFaults(input),
    ...encryptionFaults(input),
    ...responseModeFaults(input),
    ...requestObjectFaults(input, development),
    ...uriFaults(input, defaults, development),
    ...logoutFaults(input, development),
    ...pageFaults(input),
    ...inventoryFaults(input),
    ...agentFaults(input),
    ...mcpFaults(input),
    ...scopeFaults(input, defaults),
    ...numberFaults(input),
    ...resourceFaults(input),
    ...algorithmFaults(input),
    ...sectorFaults(input, channel),
  ]
}
