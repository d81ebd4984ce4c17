import {
  identityScopes,
  isJwsAlgorithm,
  lookupKey,
  maxRedirectUris,
  nearest,
  parseScope,
  redirectUriFault,
  type ApplicationType,
  type JwsAlgorithm,
  type Random,
  type Seconds,
} from '@sallyport/protocol'
import { clientId } from '../ids.ts'
import type { Client, ClientAuthenticationMethod, ClientSecret, ClientType, GrantType } from '../model/client.ts'

/** What an operator says about a client. Everything not said follows from `type`. */
export type ClientRegistration = {
  readonly type: ClientType
  readonly name: string
  readonly redirectUris?: readonly string[] | undefined
  readonly postLogoutRedirectUris?: readonly string[] | undefined
  readonly allowedOrigins?: readonly string[] | undefined
  readonly authenticationMethod?: ClientAuthenticationMethod | undefined
  readonly grantTypes?: readonly GrantType[] | undefined
  readonly scope?: string | undefined
  readonly defaultScope?: string | undefined
  readonly resources?: readonly string[] | undefined
  readonly resourceServerOf?: readonly string[] | undefined
  readonly introspectOwnTokens?: boolean | undefined
  readonly idTokenAlgorithm?: JwsAlgorithm | undefined
  readonly userinfoAlgorithm?: JwsAlgorithm | undefined
  readonly defaultMaxAge?: number | undefined
  readonly requireAuthTime?: boolean | undefined
  readonly defaultAcrValues?: readonly string[] | undefined
  readonly requireState?: boolean | undefined
  readonly requireRedirectUriAtToken?: boolean | undefined
  readonly firstParty?: boolean | undefined
  readonly sessionRefreshTokens?: boolean | undefined
  readonly accessTokenLifetime?: number | undefined
  readonly refreshTokenIdle?: number | undefined
  readonly refreshTokenAbsolute?: number | undefined
  readonly clientUri?: string | undefined
}

export type ClientFault = { readonly member: string; readonly problem: string; readonly fix?: string | undefined }

/** All that is wrong with a registration, at once. */
export class ClientMetadataError extends Error {
  readonly faults: readonly ClientFault[]

  constructor(faults: readonly ClientFault[]) {
    super(faults.map((fault) => `${fault.member}: ${fault.problem}`).join('; '))
    this.name = 'ClientMetadataError'
    this.faults = faults
  }
}

type TypeDefaults = {
  readonly applicationType: ApplicationType
  readonly methods: readonly ClientAuthenticationMethod[]
  readonly grants: readonly GrantType[]
  readonly allowedGrants: readonly GrantType[]
}

const person: readonly GrantType[] = ['authorization_code', 'refresh_token']
const secrets: readonly ClientAuthenticationMethod[] = ['client_secret_basic', 'client_secret_post']

/** What each kind of client is (A-REDIR-10, A-REDIR-11): software in the hands of users has no secret. */
const types: Readonly<Record<ClientType, TypeDefaults>> = {
  web: { applicationType: 'web', methods: secrets, grants: person, allowedGrants: [...person, 'client_credentials'] },
  spa: { applicationType: 'web', methods: ['none'], grants: person, allowedGrants: person },
  native: { applicationType: 'native', methods: ['none'], grants: person, allowedGrants: person },
  device: { applicationType: 'native', methods: ['none'], grants: ['refresh_token'], allowedGrants: person },
  service: {
    applicationType: 'web',
    methods: secrets,
    grants: ['client_credentials'],
    allowedGrants: ['client_credentials'],
  },
}

export const clientTypes = Object.keys(types) as readonly ClientType[]

const members: readonly (keyof ClientRegistration)[] = [
  'type',
  'name',
  'redirectUris',
  'postLogoutRedirectUris',
  'allowedOrigins',
  'authenticationMethod',
  'grantTypes',
  'scope',
  'defaultScope',
  'resources',
  'resourceServerOf',
  'introspectOwnTokens',
  'idTokenAlgorithm',
  'userinfoAlgorithm',
  'defaultMaxAge',
  'requireAuthTime',
  'defaultAcrValues',
  'requireState',
  'requireRedirectUriAtToken',
  'firstParty',
  'sessionRefreshTokens',
  'accessTokenLifetime',
  'refreshTokenIdle',
  'refreshTokenAbsolute',
  'clientUri',
]

export type RegistrationContext = {
  /** The issuer is plain http on the loopback interface (see redirectUriFault). */
  readonly development: boolean
  readonly now: Seconds
  readonly random: Random
  readonly secretLifetime: number
}

const hidden = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

function strangers(input: object): ClientFault[] {
  return Object.keys(input)
    .filter((key) => !(members as readonly string[]).includes(key))
    .map((key) => {
      if (/pkce|codechallenge|plain/i.test(key.replaceAll('_', ''))) {
        return {
          member: key,
          problem: 'PKCE with S256 is required of every client; there is nothing to set',
          fix: 'remove it',
        }
      }
      const close = nearest(key, members)
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
  if (input.clientUri !== undefined && !input.clientUri.startsWith('https://'))
    faults.push({ member: 'clientUri', problem: 'must be an https URL' })
  return faults
}

function grantFaults(input: ClientRegistration, defaults: TypeDefaults): ClientFault[] {
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
  if (grants.length === 1 && grants[0] === 'client_credentials') {
    const personal = scope.filter((value) => identityScopes.includes(value))
    if (personal.length > 0)
      faults.push({ member: 'scope', problem: `${personal.join(' ')} belong to people; a service acts for itself` })
  }
  return faults
}

const numberFaults = (input: ClientRegistration): ClientFault[] =>
  (['defaultMaxAge', 'accessTokenLifetime', 'refreshTokenIdle', 'refreshTokenAbsolute'] as const)
    .filter((member) => {
      const value = input[member]
      return value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= 31_536_000)
    })
    .map((member) => ({ member, problem: 'must be a whole number of seconds' }))

const algorithmFaults = (input: ClientRegistration): ClientFault[] =>
  (['idTokenAlgorithm', 'userinfoAlgorithm'] as const)
    .filter((member) => input[member] !== undefined && !isJwsAlgorithm(input[member]))
    .map((member) => ({ member, problem: 'must be RS256, PS256, ES256, EdDSA or Ed25519' }))

/** Everything wrong with a registration; empty when it may be stored. The one validator for every way in (RU-04). */
export function registrationFaults(input: ClientRegistration, development: boolean): readonly ClientFault[] {
  if (!Object.hasOwn(types, input.type)) {
    return [
      { member: 'type', problem: `must be one of ${clientTypes.join(', ')}`, fix: nearest(input.type, clientTypes) },
    ]
  }
  const defaults = types[input.type]
  return [
    ...strangers(input),
    ...nameFaults(input.name),
    ...grantFaults(input, defaults),
    ...uriFaults(input, defaults, development),
    ...scopeFaults(input, defaults),
    ...numberFaults(input),
    ...algorithmFaults(input),
  ]
}

/** A fresh secret of 256 bits; only its digest is kept, and it ends after `lifetime` seconds (A-TOK-10, A-CC-05). */
export function newSecret({ now, random, secretLifetime }: RegistrationContext): {
  secret: string
  record: ClientSecret
} {
  const secret = random.handle()
  return {
    secret,
    record: {
      id: random.id(9),
      digest: lookupKey(secret),
      createdAt: now,
      expiresAt: (now + secretLifetime) as Seconds,
    },
  }
}

const webOrigins = (input: ClientRegistration): readonly string[] =>
  input.type === 'spa' ? [...new Set((input.redirectUris ?? []).map((uri) => new URL(uri).origin))] : []

/** Makes the record of a client. Throws ClientMetadataError with every fault. The secret is returned once and never again. */
export function registerClient(
  input: ClientRegistration,
  context: RegistrationContext,
): { client: Client; secret: string | undefined } {
  const faults = registrationFaults(input, context.development)
  if (faults.length > 0) throw new ClientMetadataError(faults)
  const defaults = types[input.type]
  const authenticationMethod = input.authenticationMethod ?? defaults.methods[0] ?? 'none'
  const secret = authenticationMethod === 'none' ? undefined : newSecret(context)
  const client: Client = {
    ...describedBy(input, defaults, authenticationMethod),
    id: clientId(context.random),
    version: 1,
    channel: 'managed',
    secrets: secret === undefined ? [] : [secret.record],
    createdAt: context.now,
    updatedAt: context.now,
    disabledAt: undefined,
  }
  return { client, secret: secret?.secret }
}

type Described = Omit<Client, 'id' | 'version' | 'channel' | 'secrets' | 'createdAt' | 'updatedAt' | 'disabledAt'>

function describedBy(
  input: ClientRegistration,
  defaults: TypeDefaults,
  authenticationMethod: ClientAuthenticationMethod,
): Described {
  return {
    name: input.name.normalize('NFC').trim(),
    type: input.type,
    applicationType: defaults.applicationType,
    authenticationMethod,
    redirectUris: input.redirectUris ?? [],
    postLogoutRedirectUris: input.postLogoutRedirectUris ?? [],
    allowedOrigins: input.allowedOrigins ?? webOrigins(input),
    grantTypes: input.grantTypes ?? defaults.grants,
    scope: input.scope === undefined ? [] : (parseScope(input.scope) ?? []),
    defaultScope: input.defaultScope === undefined ? [] : (parseScope(input.defaultScope) ?? []),
    resources: input.resources,
    resourceServerOf: input.resourceServerOf ?? [],
    introspectOwnTokens: input.introspectOwnTokens ?? authenticationMethod !== 'none',
    idTokenAlgorithm: input.idTokenAlgorithm ?? 'RS256',
    userinfoAlgorithm: input.userinfoAlgorithm,
    defaultMaxAge: input.defaultMaxAge,
    requireAuthTime: input.requireAuthTime ?? false,
    defaultAcrValues: input.defaultAcrValues ?? [],
    requireState: input.requireState ?? false,
    requireRedirectUriAtToken: input.requireRedirectUriAtToken ?? false,
    firstParty: input.firstParty ?? false,
    sessionRefreshTokens: input.sessionRefreshTokens ?? false,
    accessTokenLifetime: input.accessTokenLifetime,
    refreshTokenIdle: input.refreshTokenIdle,
    refreshTokenAbsolute: input.refreshTokenAbsolute,
    clientUri: input.clientUri,
  }
}

/** The registration a record stands for, to be changed and checked again as a whole. */
export function registrationOf(client: Client): ClientRegistration {
  const {
    id: _id,
    version: _version,
    channel: _channel,
    secrets: _secrets,
    createdAt: _created,
    updatedAt: _updated,
    disabledAt: _disabled,
    applicationType: _application,
    ...rest
  } = client
  return {
    ...rest,
    scope: rest.scope.length === 0 ? undefined : rest.scope.join(' '),
    defaultScope: rest.defaultScope.length === 0 ? undefined : rest.defaultScope.join(' '),
  }
}

/**
 * The record after a change of its registration; its type, and with it what it is, stays for good (A-REDIR-10). A client
 * with a secret may send it another way, but never start or stop having one. Origins that followed from the redirect URIs
 * follow the new ones.
 */
export function changeClient(
  client: Client,
  change: Partial<ClientRegistration>,
  context: RegistrationContext,
): Client {
  const before = registrationOf(client)
  const derived = sameList(client.allowedOrigins, webOrigins(before))
  const input: ClientRegistration = { ...before, ...(derived ? { allowedOrigins: undefined } : {}), ...change }
  const faults = [...changeFaults(client, input), ...registrationFaults(input, context.development)]
  if (faults.length > 0) throw new ClientMetadataError(faults)
  const defaults = types[input.type]
  return {
    ...client,
    ...describedBy(input, defaults, input.authenticationMethod ?? client.authenticationMethod),
    version: client.version + 1,
    updatedAt: context.now,
  }
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index])

function changeFaults(client: Client, input: ClientRegistration): ClientFault[] {
  if (input.type !== client.type)
    return [{ member: 'type', problem: 'one client has one type; register another client' }]
  const hasSecret = (input.authenticationMethod ?? client.authenticationMethod) !== 'none'
  return hasSecret === (client.authenticationMethod !== 'none')
    ? []
    : [{ member: 'authenticationMethod', problem: 'a client keeps having a secret or none; register another client' }]
}
