import type { Seconds } from '@sallyport/protocol'
import type {
  Authorization,
  AuthorizationCode,
  AuthorizationCodeView,
  IssuedRecords,
  Redemption,
  RefreshTokenView,
  RevocationReason,
  SecurityEvent,
} from './authorization.ts'
import type { AccessTokenStore } from './access-tokens.ts'
import type { AccountStore } from './account.ts'
import type { AuditReport } from './audit.ts'
import type { ClaimsRequest } from './authorization-request.ts'
import type { Client } from './client.ts'
import type { ContainmentStore } from './containment.ts'
import type { Consent, Interaction, Session } from './interaction.ts'
import type { DeclarationStore } from './declaration.ts'
import type { DerivationStore } from './derivation.ts'
import type { DeviceStore } from './device.ts'
import type { FactorStore } from './factor.ts'
import type { LogoStore } from './logo.ts'
import type { LogoutStore } from './logout.ts'
import type { ExceptionStore } from './exception.ts'
import type { Page } from './page.ts'
import type { PushedRequestUse, PushedStore } from './pushed-request.ts'
import type { RegistrationStore } from './registrations.ts'
import type { Resource } from './resource.ts'
import type { SealedStore } from './sealed.ts'
import type { SigningKey } from './signing-key.ts'
import type { UsageStore } from './usage.ts'

/** What happened to a request for a code. Everything but `issued` wrote nothing. */
export type CodeIssue =
  | 'issued'
  | 'interaction_consumed'
  | 'challenge_reused'
  | 'pushed_used'
  | 'session_ended'
  | 'client_disabled'
  | 'exception_ended'

/** All that is written when an authorization request succeeds. */
export type CodeIssueRecords = {
  readonly authorization: Authorization
  readonly code: AuthorizationCode
  /** The interaction that ends here, and the version at which it was read; `undefined` when no page was shown. */
  readonly interaction: { readonly digest: string; readonly version: number } | undefined
  /** The pushed request that is answered here; `undefined` for one that came directly. */
  readonly pushed: PushedRequestUse | undefined
  /** Agreement to remember; replaces the earlier one of the same person and client. */
  readonly consent: Consent | undefined
  /** The client wants to hear when the session ends: it is noted for that. */
  readonly hearsOfLogout: boolean
  readonly events: readonly SecurityEvent[]
}

/** What decides whether an access token is still good. */
export type TokenStanding = {
  readonly jti: string
  /** `undefined` for tokens of the client credentials grant. */
  readonly authorizationId: string | undefined
  readonly clientId: string
}

/** What UserInfo needs to know of an authorization; the token itself may name the person by a pairwise identifier. */
export type Granted = { readonly subject: string; readonly claims: ClaimsRequest | undefined }

/** A session as the browser surface needs it. */
export type SessionView = { readonly session: Session; readonly subjectActive: boolean }

/** Rows removed by one sweep, per table. */
export type Swept = Readonly<Record<string, number>>

/**
 * The hot side of storage: protocol verbs, each with its concurrency law. Every promise that resolves after a write means
 * that the write is durable. A driver that cannot reach its medium rejects with `StoreUnavailable`, and then nothing of
 * the call was written or everything will be found later; it never resolves with a guess.
 */
export type Store = {
  findClient(id: string): Promise<Client | undefined>
  /** True when some client that is not disabled may call from this origin: its `allowedOrigins` name it (A-CORS-03). */
  originRegistered(origin: string): Promise<boolean>
  findResource(id: string): Promise<Resource | undefined>
  listResources(): Promise<readonly Resource[]>

  saveInteraction(interaction: Interaction): Promise<void>
  /** `consumed` for one that has ended, until it would have expired (CS-17). */
  findInteraction(digest: string, now: Seconds): Promise<Interaction | 'consumed' | undefined>
  /** Law: over all time, on all nodes, at most one call per digest and version resolves true. */
  advanceInteraction(next: Interaction, fromVersion: number): Promise<boolean>
  /** Ends an interaction without a code. Law: as advanceInteraction; it competes with issueCode. */
  endInteraction(digest: string, version: number): Promise<boolean>

  findSession(digest: string, now: Seconds): Promise<SessionView | undefined>
  /**
   * Stores a session. `replaces` is the id of a session row that disappears in the same transaction without ending what
   * was issued under it; a person who signs in again keeps the id and only gets a new handle. Clients that are noted for
   * that id stay noted for as long as the session now lives.
   */
  startSession(session: Session, replaces: string | undefined, events: readonly SecurityEvent[]): Promise<void>
  /**
   * Puts a session with a new handle in the place of the one with the same id and the handle `before`. Law: over all time, on
   * all nodes, at most one call per handle resolves true, and none once that session has ended; otherwise nothing is written.
   */
  raiseSession(session: Session, before: string, events: readonly SecurityEvent[]): Promise<boolean>
  /** Notes that a session was used, for the idle limit. */
  touchSession(id: string, seenAt: Seconds): Promise<void>
  /**
   * Ends a session: its handle is dead, its interactions and unredeemed codes are gone, and every authorization of it
   * that is not offline, or belongs to a browser-based client, is revoked. Of a live one each client noted for it gets a
   * notice, here and wherever else sessions end. Idempotent; true when it was alive.
   */
  endSession(id: string, now: Seconds, events: readonly SecurityEvent[]): Promise<boolean>

  findConsent(subject: string, clientId: string, now: Seconds): Promise<Consent | undefined>
  /** What a person agreed to have remembered and that is still in force, at most 200, by client. */
  listConsents(subject: string, now: Seconds): Promise<readonly Consent[]>
  /** Forgets the agreement and revokes every authorization of this person and client, in one transaction (RT-17). */
  withdrawConsent(subject: string, clientId: string, now: Seconds, events: readonly SecurityEvent[]): Promise<boolean>

  /** True when a code whose row still exists was issued to this client for this challenge (A-PKCE-10). */
  challengeUsed(clientId: string, codeChallenge: string): Promise<boolean>
  /**
   * Ends the interaction, remembers consent and stores authorization and code, together or not at all.
   * Law: over all time, on all nodes, one interaction and one (client, challenge) pair gives at most one `issued`; session,
   * subject and client are looked at inside the transaction. A code under a dated exception is counted there, and issued only
   * while the exception is in force; one for a pushed request competes with `pushed.use`.
   */
  issueCode(records: CodeIssueRecords, now: Seconds): Promise<CodeIssue>
  findAuthorizationCode(digest: string): Promise<AuthorizationCodeView | undefined>
  /** Destroys an issued code; a redeemed one stays redeemed. Law: at most one call per code resolves true. */
  destroyAuthorizationCode(digest: string, now: Seconds, events: readonly SecurityEvent[]): Promise<boolean>

  findRefreshToken(digest: string): Promise<RefreshTokenView | undefined>
  /**
   * Redeems a code, refresh token or device code AND writes what is issued for it, together or not at all.
   * Law: over all time, on all nodes, at most one call per digest resolves true, and none after the authorization was
   * revoked or its person or client was disabled, and none of a code without a challenge unless the exception that it
   * was issued under is in force, and of a device code only after its approval, and of a derivation only while its client,
   * its person and every authorization it hangs on are in force. A call that resolves false wrote nothing.
   * A refresh token that is kept is redeemed as often as it is current and its authorization stands, and never goes idle
   * sooner than it would have. With nothing to redeem it only writes.
   */
  redeem(redemption: Redemption, records: IssuedRecords, now: Seconds): Promise<boolean>
  /** Ends an authorization and everything issued under it. Idempotent; true for the call that ended it. Never called inside redeem. */
  revokeAuthorization(
    id: string,
    reason: RevocationReason,
    now: Seconds,
    events: readonly SecurityEvent[],
  ): Promise<boolean>
  /** Puts one access token on the deny list until it would have expired anyway. Idempotent. */
  denyAccessToken(jti: string, expiresAt: Seconds, events: readonly SecurityEvent[]): Promise<void>
  /** Whose authorization it is, and the `claims` parameter of the request it came from. */
  findGranted(authorizationId: string): Promise<Granted | undefined>
  /** True while token, authorization, person and client are all in force. */
  tokenStands(token: TokenStanding, now: Seconds): Promise<boolean>

  /** Law: over all time, on all nodes, at most one call per key resolves true before it expires. */
  rememberOnce(key: string, expiresAt: Seconds, now: Seconds): Promise<boolean>
  /** Adds `by` (1 unless given) to a counter that starts over `window` seconds after its first count, and tells the new value. Atomic. */
  count(key: string, window: number, now: Seconds, by?: number): Promise<number>
  /** Present value of a counter; 0 when its window is over. */
  readCount(key: string, now: Seconds): Promise<number>
  /** Sets a counter back, after a success. */
  clearCount(key: string): Promise<void>

  /** True unless the person was disabled; people the store never heard of count as active (an embedder's own user base). */
  subjectActive(subject: string): Promise<boolean>
  /** Disables or enables a person. Disabling ends all sessions and authorizations at once; enabling revives none (RT-12). */
  setSubjectActive(subject: string, active: boolean, now: Seconds, events: readonly SecurityEvent[]): Promise<void>
  /** Ends all sessions and authorizations of a person, for instance after a password change (A-RT-11). */
  endSubject(subject: string, reason: RevocationReason, now: Seconds, events: readonly SecurityEvent[]): Promise<void>

  listSigningKeys(): Promise<readonly SigningKey[]>
  /** Law: at most one call per `slot` (algorithm and predecessor) resolves true, so two nodes never rotate at once. */
  addSigningKey(
    key: SigningKey,
    slot: string,
    retire: { readonly kid: string; readonly removeAt: Seconds } | undefined,
  ): Promise<boolean>

  appendEvents(events: readonly SecurityEvent[]): Promise<void>
  /** Removes what no decision needs any more, at most `limit` rows a table, oldest first. */
  sweep(now: Seconds, limit: number): Promise<Swept>

  readonly admin: AdminStore
  readonly accounts: AccountStore
  readonly accessTokens: AccessTokenStore
  readonly usage: UsageStore
  readonly registrations: RegistrationStore
  readonly exceptions: ExceptionStore
  readonly declarations: DeclarationStore
  readonly devices: DeviceStore
  readonly logos: LogoStore
  readonly logouts: LogoutStore
  readonly pushed: PushedStore
  readonly factors: FactorStore
  readonly containment: ContainmentStore
  readonly derivations: DerivationStore
  readonly sealed: SealedStore
  /** Waits for what is under way and lets go of the medium. */
  close(): Promise<void>
}

export type AuthorizationListing = {
  readonly authorization: Authorization
  readonly revokedAt: Seconds | undefined
  readonly revokedReason: RevocationReason | undefined
}

/** Lists and edits, for operators. At most 200 rows a page. */
export type AdminStore = {
  /** Law: false when the id exists, and then nothing was written. */
  createClient(client: Client, events: readonly SecurityEvent[]): Promise<boolean>
  /** Law: writes only over the version before; false when somebody else was faster or the client is gone. */
  updateClient(client: Client, events: readonly SecurityEvent[]): Promise<boolean>
  /** Removes a client and revokes all its authorizations; false when there was none. */
  deleteClient(id: string, now: Seconds, events: readonly SecurityEvent[]): Promise<boolean>
  listClients(after: string | undefined, limit: number): Promise<Page<Client>>
  saveResource(resource: Resource, events: readonly SecurityEvent[]): Promise<void>
  /** Takes an API out of the registry: nothing is issued for it any more. Law: at most one call per registration resolves true. */
  removeResource(id: string, events: readonly SecurityEvent[]): Promise<boolean>
  listSessions(
    filter: { readonly subject?: string | undefined },
    after: string | undefined,
    limit: number,
    now: Seconds,
  ): Promise<Page<Session>>
  listAuthorizations(
    filter: {
      readonly subject?: string | undefined
      readonly clientId?: string | undefined
      /** Only what a person allowed on a page, and nothing that came of it or rests on another issuer's word. */
      readonly given?: true | undefined
    },
    after: string | undefined,
    limit: number,
  ): Promise<Page<AuthorizationListing>>
  listEvents(
    filter: {
      readonly requestId?: string | undefined
      readonly clientId?: string | undefined
      readonly event?: string | undefined
    },
    after: string | undefined,
    limit: number,
  ): Promise<Page<SecurityEvent>>
  /** The newest events, oldest first. */
  lastEvents(limit: number): Promise<Page<SecurityEvent>>
  /**
   * Follows the audit trail from the oldest event kept (A-LOG-04). Law: an event for which `isAudited` holds gets its link
   * in the transaction that stores it; all processes on one medium keep one trail, and the sweep cuts only its old end.
   */
  verifyAudit(): Promise<AuditReport>
  /** What the store remembers about itself under a name, such as the issuer it belongs to. */
  readSetting(name: string): Promise<string | undefined>
  /** Law: writes only over the value `expected` (`undefined`: over nothing); false when another stands there. */
  writeSetting(name: string, value: string, expected: string | undefined): Promise<boolean>
}

/** The store cannot do its work now: unreachable, full, read-only or too slow. Answered with 503 and `Retry-After`. */
export class StoreUnavailable extends Error {
  readonly reason: 'unreachable' | 'full' | 'read_only' | 'timeout'

  constructor(reason: StoreUnavailable['reason'], cause?: unknown) {
    super(`store unavailable: ${reason}`, { cause })
    this.name = 'StoreUnavailable'
    this.reason = reason
  }
}
