import type { Seconds } from '@sallyport/protocol'
import type { SecurityEvent } from './authorization.ts'
import type { Client } from './client.ts'
import type { Page } from './page.ts'

/** Permission of an administrator to register clients (RFC 7591 section 1.2); at rest only its digest. */
export type InitialAccessToken = {
  /** Public name for operators. */
  readonly id: string
  readonly digest: string
  /** Whom it was made for, in the operator's words. */
  readonly label: string
  /** Registrations it is good for, and those it was used for. */
  readonly uses: number
  readonly used: number
  /** The ceiling of what its clients may ask for; `undefined` means the one of the policy. */
  readonly scope: readonly string[] | undefined
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

/** What belongs to a client because it registered itself. */
export type DynamicRegistration = {
  readonly clientId: string
  /** Digest of its registration access token (RFC 7592 section 3). */
  readonly tokenDigest: string
  /** The token before, for a client that never got the answer with the new one (A-DCM-07). */
  readonly previous: { readonly digest: string; readonly until: Seconds } | undefined
  /** Scope it may be given at most, fixed when it was registered. */
  readonly scopeCeiling: readonly string[]
  /** Seconds without use after which it is removed. */
  readonly unusedLifetime: number
  readonly softwareStatement: string | undefined
}

/** What happened to a registration. Everything but `registered` wrote nothing. */
export type RegistrationOutcome = 'registered' | 'token_spent' | 'full'

export type NewRegistration = {
  readonly client: Client
  readonly registration: DynamicRegistration
  /** Digest of the initial access token it is registered with, where one is needed. */
  readonly initialToken: string | undefined
  /** Most clients there may be that came in by the same channel. */
  readonly most: number
  readonly events: readonly SecurityEvent[]
}

export type ReplacedRegistration = {
  readonly client: Client
  readonly registration: DynamicRegistration
  /** Digest of the token that was presented for it. */
  readonly presented: string
  /** Forget what people agreed to for this client (A-DCM-05). */
  readonly withdrawConsent: boolean
  readonly events: readonly SecurityEvent[]
}

/** Clients that register themselves, and who may. */
export type RegistrationStore = {
  addToken(token: InitialAccessToken, events: readonly SecurityEvent[]): Promise<void>
  findToken(digest: string): Promise<InitialAccessToken | undefined>
  listTokens(after: string | undefined, limit: number): Promise<Page<InitialAccessToken>>
  /** Ends a token; what was registered with it stays. False when there is none. */
  removeToken(id: string, events: readonly SecurityEvent[]): Promise<boolean>
  /**
   * Stores a client and its registration and spends one use of the initial access token, together or not at all.
   * Law: over all time, on all nodes, a token gives at most `uses` registrations, and none from the instant of its end on;
   * there are never more than `most` clients of its channel,
   * and those of other channels take no room from it.
   */
  register(records: NewRegistration, now: Seconds): Promise<RegistrationOutcome>
  find(clientId: string): Promise<DynamicRegistration | undefined>
  /**
   * Replaces client and registration as a whole. Law: writes only over the version before, and only while the presented
   * token is the client's current one or its previous one in time; of two calls with one version at most one resolves true.
   */
  replace(records: ReplacedRegistration, now: Seconds): Promise<boolean>
  /** The current token was used: the one before it is dead from here on. Idempotent. */
  confirmToken(clientId: string, tokenDigest: string): Promise<void>
  /** Clients whose time without use may be over, longest overdue first. */
  listDue(now: Seconds, limit: number): Promise<readonly DynamicRegistration[]>
  /** The time of the client begins anew at `from`, where it was used or looked at. Never brings an end nearer. */
  postpone(clientId: string, from: Seconds): Promise<void>
}
