import type { Seconds } from '@sallyport/protocol'
import { chainLink, isAudited, trailStart } from '../model/audit.ts'
import type { OpaqueAccessToken } from '../model/access-token.ts'
import type { User } from '../model/account.ts'
import type {
  Authorization,
  AuthorizationCode,
  RefreshToken,
  RevocationReason,
  SecurityEvent,
} from '../model/authorization.ts'
import type { Client } from '../model/client.ts'
import type { Resource } from '../model/resource.ts'
import type { Consent, Interaction, Session } from '../model/interaction.ts'
import type { DeclaredObject } from '../model/declaration.ts'
import type { DeviceRequest, DeviceState } from '../model/device.ts'
import type { SecondFactor } from '../model/factor.ts'
import type { ClientLogo } from '../model/logo.ts'
import type { LogoutNotice, SessionClient } from '../model/logout.ts'
import type { PkceException } from '../model/exception.ts'
import { maxPage } from '../model/retention.ts'
import type { DynamicRegistration, InitialAccessToken } from '../model/registrations.ts'
import type { PushedRequest } from '../model/pushed-request.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Page } from '../model/page.ts'
import type { ClientUsage, LastUse } from '../model/usage.ts'

/** An authorization with the code it began with; one for a device has none. */
export type AuthorizationRow = {
  readonly authorization: Authorization
  readonly code: AuthorizationCode | undefined
  redeemedAt: Seconds | undefined
  destroyedAt: Seconds | undefined
  revokedAt: Seconds | undefined
  revokedReason: RevocationReason | undefined
  /** The row may be swept after this instant. */
  keptUntil: number
}

export type RefreshTokenRow = {
  token: Omit<RefreshToken, 'sealedAnswer'>
  sealedAnswer: Uint8Array | undefined
  rotatedAt: Seconds | undefined
  successor: string | undefined
  readonly keptUntil: number
}

export type DeviceRow = {
  readonly request: DeviceRequest
  state: DeviceState
  claimedBy: string | undefined
  authorizationId: string | undefined
  interval: number
  polledAt: Seconds | undefined
  keptUntil: number
}

export type PushedRow = {
  readonly request: PushedRequest
  browserDigest: string | undefined
  /** The row may be swept after this instant. */
  keptUntil: number
}

/** A notice, and when it may be claimed next. */
export type LogoutNoticeRow = { readonly notice: Omit<LogoutNotice, 'claimedUntil'>; dueAt: Seconds }

export type FactorRow = { factor: SecondFactor; recovery: Set<string> }

export type SigningKeyRow = { readonly key: SigningKey; removeAt: Seconds | undefined }

/** All that the memory store holds. Records in it are frozen copies; rows change in place. */
export type MemoryState = {
  readonly clients: Map<string, Client>
  readonly resources: Map<string, Resource>
  readonly interactions: Map<string, Interaction>
  /** Digests of requests that have ended, with the instant until which that is remembered. */
  readonly consumedInteractions: Map<string, Seconds>
  /** By session id. */
  readonly sessions: Map<string, Session>
  readonly sessionIds: Map<string, string>
  readonly consents: Map<string, Consent>
  readonly authorizations: Map<string, AuthorizationRow>
  /** Code digest to authorization id. */
  readonly codes: Map<string, string>
  /** Client and challenge to authorization id. */
  readonly challenges: Map<string, string>
  readonly refreshTokens: Map<string, RefreshTokenRow>
  /** By digest. */
  readonly accessTokens: Map<string, OpaqueAccessToken>
  readonly deniedTokens: Map<string, Seconds>
  readonly onceMarks: Map<string, Seconds>
  readonly counters: Map<string, { value: number; endsAt: number }>
  readonly disabledSubjects: Map<string, Seconds>
  readonly users: Map<string, User>
  readonly userIds: Map<string, string>
  readonly signingKeys: Map<string, SigningKeyRow>
  readonly signingKeySlots: Set<string>
  readonly events: Map<string, SecurityEvent>
  /** The links of the audit trail by event, and the newest one. */
  readonly links: Map<string, { readonly previous: string; readonly link: string }>
  newestLink: string
  readonly settings: Map<string, string>
  readonly exceptions: Map<string, PkceException>
  readonly registrations: {
    /** By digest. */
    readonly tokens: Map<string, InitialAccessToken>
    readonly clients: Map<string, { registration: DynamicRegistration; dueAt: number }>
  }
  /** By digest of the device code; and from the user codes that wait for a person to those digests. */
  readonly devices: { readonly rows: Map<string, DeviceRow>; readonly userCodes: Map<string, string> }
  /** By client. */
  readonly logos: Map<string, ClientLogo>
  /** By subject. */
  readonly factors: Map<string, FactorRow>
  /** By digest of the reference. */
  readonly pushed: Map<string, PushedRow>
  /** By session and client, and by id. */
  readonly logouts: {
    readonly clients: Map<string, SessionClient & { readonly expiresAt: Seconds }>
    readonly notices: Map<string, LogoutNoticeRow>
  }
  /** By kind and id. */
  readonly declared: Map<string, DeclaredObject>
  /** By client and week, and by client. */
  readonly usage: { readonly weeks: Map<string, ClientUsage>; readonly last: Map<string, LastUse> }
}

export const emptyState = (): MemoryState => ({
  clients: new Map(),
  logos: new Map(),
  resources: new Map(),
  interactions: new Map(),
  consumedInteractions: new Map(),
  sessions: new Map(),
  sessionIds: new Map(),
  consents: new Map(),
  authorizations: new Map(),
  codes: new Map(),
  challenges: new Map(),
  refreshTokens: new Map(),
  accessTokens: new Map(),
  deniedTokens: new Map(),
  onceMarks: new Map(),
  counters: new Map(),
  disabledSubjects: new Map(),
  users: new Map(),
  userIds: new Map(),
  signingKeys: new Map(),
  signingKeySlots: new Set(),
  events: new Map(),
  links: new Map(),
  newestLink: trailStart,
  settings: new Map(),
  exceptions: new Map(),
  registrations: { tokens: new Map(), clients: new Map() },
  devices: { rows: new Map(), userCodes: new Map() },
  factors: new Map(),
  pushed: new Map(),
  logouts: { clients: new Map(), notices: new Map() },
  declared: new Map(),
  usage: { weeks: new Map(), last: new Map() },
})

/** Two parts as one key; the separator occurs in none of the identifiers. */
export const pairKey = (first: string, second: string): string => `${first}\n${second}`

/** A deeply frozen copy, so that neither the caller nor a later reader can reach what is stored. Bytes are copied. */
export const keep = <T>(value: T): T => copy(value) as T

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return value.slice()
  if (Array.isArray(value)) return Object.freeze(value.map(copy))
  const record: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    // An assignment to this one name would change what the record inherits from.
    if (key === '__proto__') Object.defineProperty(record, key, { value: copy(member), enumerable: true })
    else record[key] = copy(member)
  }
  return Object.freeze(record)
}

/** Stores events that are not there yet: the same event stored twice is one row. */
export function addEvents(state: MemoryState, events: readonly SecurityEvent[]): void {
  for (const event of events) {
    if (state.events.has(event.id)) continue
    state.events.set(event.id, keep(event))
    if (!isAudited(event)) continue
    const previous = state.newestLink
    state.newestLink = chainLink(previous, event)
    state.links.set(event.id, { previous, link: state.newestLink })
  }
}

/** One page of `rows` in order of their ids. */
export function pageOf<T>(
  rows: Iterable<T>,
  idOf: (row: T) => string,
  after: string | undefined,
  limit: number,
): Page<T> {
  const size = Math.max(1, Math.min(limit, maxPage))
  const sorted = [...rows]
    .filter((row) => after === undefined || idOf(row) > after)
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const items = sorted.slice(0, size)
  const last = items.at(-1)
  return { items, next: sorted.length > size && last !== undefined ? idOf(last) : undefined }
}

/** Ends a request and remembers that it has ended. */
export function consumeInteraction(state: MemoryState, digest: string): boolean {
  const interaction = state.interactions.get(digest)
  if (interaction === undefined) return false
  state.consumedInteractions.set(digest, interaction.expiresAt)
  return state.interactions.delete(digest)
}
