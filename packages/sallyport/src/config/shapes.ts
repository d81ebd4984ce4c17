import { maxClientKeys } from '@sallyport/protocol'
import type { ClientRegistration } from '@sallyport/server'
import { day } from './kinds.ts'
import { parseDuration } from './units.ts'

/** What kind of value a member of a declared object takes. */
export type Shape = 'text' | 'texts' | 'flag' | 'seconds' | 'day' | 'instant' | 'words' | 'keys' | 'any'

type Schema = Readonly<Record<string, unknown>>

type Rule = {
  /** The value as the rules of the server know it, or `undefined` when it is of another kind. */
  readonly read: (written: unknown) => unknown
  readonly fix: string
  readonly schema: Schema
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const anyText = { type: 'string', minLength: 1 }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const instantSyntax = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/

/** Seconds since 1970 of a day or an instant, or `undefined` for what is neither. */
export function instantOf(text: string): number | undefined {
  const time = instantSyntax.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time / 1000
}

export const shapeRules: Readonly<Record<Shape, Rule>> = {
  text: { read: (value) => (isText(value) ? value : undefined), fix: 'write one text', schema: anyText },
  texts: {
    read: (value) => (Array.isArray(value) && value.every(isText) ? value : undefined),
    fix: 'write [first, second]',
    schema: { type: 'array', items: anyText },
  },
  flag: {
    read: (value) => (typeof value === 'boolean' ? value : undefined),
    fix: 'write true or false',
    schema: { type: 'boolean' },
  },
  seconds: { read: parseDuration, fix: 'write a duration such as 5m', schema: { type: ['string', 'integer'] } },
  day: {
    read: (value) => (isText(value) && 'value' in day.parse(value) ? Date.parse(value) / 1000 : undefined),
    fix: 'write a day like 2027-06-30',
    schema: day.schema,
  },
  instant: {
    read: (value) => (isText(value) ? instantOf(value) : undefined),
    fix: 'write a day such as "2027-06-30", which means its first second in UTC, or an instant such as "2027-06-30T12:00:00Z"',
    schema: { type: 'string', pattern: instantSyntax.source },
  },
  words: {
    read: (value) => (isRecord(value) && Object.values(value).every(isText) ? value : undefined),
    fix: 'write each scope as name: words',
    schema: { type: 'object', additionalProperties: anyText },
  },
  keys: {
    read: (value) =>
      isRecord(value) && Array.isArray(value['keys']) && value['keys'].every(isRecord) ? value : undefined,
    fix: 'write a JWK set: keys, and below it a list of public keys',
    schema: {
      type: 'object',
      required: ['keys'],
      properties: { keys: { type: 'array', minItems: 1, maxItems: maxClientKeys, items: { type: 'object' } } },
    },
  },
  any: { read: (value) => value ?? undefined, fix: 'give it a value', schema: {} },
}

/** Members of a client; one that is not here is judged by the rules of registration alone. */
export const clientShapes: Readonly<Partial<Record<keyof ClientRegistration, Shape>>> = {
  type: 'text',
  name: 'text',
  redirectUris: 'texts',
  postLogoutRedirectUris: 'texts',
  backchannelLogoutUri: 'text',
  backchannelLogoutSessionRequired: 'flag',
  frontchannelLogoutUri: 'text',
  frontchannelLogoutSessionRequired: 'flag',
  allowedOrigins: 'texts',
  authenticationMethod: 'text',
  jwks: 'keys',
  jwksUri: 'text',
  authenticationAlgorithm: 'text',
  assertionAudience: 'text',
  grantTypes: 'texts',
  scope: 'text',
  defaultScope: 'text',
  machineScope: 'text',
  resources: 'texts',
  defaultResource: 'text',
  resourceServerOf: 'texts',
  introspectOwnTokens: 'flag',
  subjectType: 'text',
  sectorIdentifierUri: 'text',
  idTokenAlgorithm: 'text',
  idTokenEncryptionAlgorithm: 'text',
  idTokenContentEncryption: 'text',
  userinfoAlgorithm: 'text',
  userinfoEncryptionAlgorithm: 'text',
  userinfoContentEncryption: 'text',
  authorizationAlgorithm: 'text',
  authorizationEncryptionAlgorithm: 'text',
  authorizationContentEncryption: 'text',
  responseModes: 'texts',
  introspectionAlgorithm: 'text',
  introspectionEncryptionAlgorithm: 'text',
  introspectionContentEncryption: 'text',
  defaultMaxAge: 'seconds',
  requireAuthTime: 'flag',
  defaultAcrValues: 'texts',
  authorizationDetailsTypes: 'texts',
  requireState: 'flag',
  requirePushedRequests: 'flag',
  requireSignedRequests: 'flag',
  requestObjectAlgorithm: 'text',
  requestUris: 'texts',
  backchannelNotificationEndpoint: 'text',
  dpopBoundAccessTokens: 'flag',
  certificateBoundAccessTokens: 'flag',
  tlsClientAuthSubjectDn: 'text',
  tlsClientAuthSanDns: 'text',
  tlsClientAuthSanUri: 'text',
  tlsClientAuthSanIp: 'text',
  tlsClientAuthSanEmail: 'text',
  useMtlsEndpointAliases: 'flag',
  requireRedirectUriAtToken: 'flag',
  firstParty: 'flag',
  mcp: 'flag',
  sessionRefreshTokens: 'flag',
  accessTokenLifetime: 'seconds',
  refreshTokenIdle: 'seconds',
  refreshTokenAbsolute: 'seconds',
  clientUri: 'text',
  logoUri: 'text',
  policyUri: 'text',
  tosUri: 'text',
  owner: 'text',
  purpose: 'text',
  reviewBy: 'day',
  profile: 'text',
  securityLevel: 'text',
}

/** What the file may say of a client beyond its registration. */
export const clientExtras = { secret: 'text', secretFile: 'text', disabled: 'flag' } as const satisfies Record<
  string,
  Shape
>

export const resourceShapes = {
  name: 'text',
  scopes: 'words',
  accessTokenLifetime: 'seconds',
  format: 'text',
  binding: 'text',
  signingAlgorithm: 'text',
  documentation: 'text',
  notByDevice: 'texts',
} as const satisfies Record<string, Shape>

/** All of them are required: an exception without an owner, a reason and an end is a switch. */
export const exceptionShapes = {
  client: 'text',
  owner: 'text',
  reason: 'text',
  ticket: 'text',
  compensatingControl: 'text',
  acceptedBy: 'text',
  created: 'instant',
  deadline: 'instant',
} as const satisfies Record<string, Shape>

/** Members of a client as a file writes them. */
export const writtenMembers = (members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  typeof members['reviewBy'] === 'number'
    ? { ...members, reviewBy: new Date(members['reviewBy'] * 1000).toISOString().slice(0, 10) }
    : members
