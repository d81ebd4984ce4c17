import type { Seconds } from '@sallyport/protocol'
import type { Authorization, AuthorizationEnd, SecurityEvent } from './authorization.ts'

/** Whom a client asked for by name, and how it wants to hear of the decision (CIBA section 7.1). */
export type BackchannelFacts = {
  /** The person who is meant: nobody else is asked. */
  readonly subject: string
  /** Shown to the person, and on the screen in front of which the person sits. */
  readonly bindingMessage: string | undefined
  /** The client asked for a level of authentication and is told the one there was. */
  readonly tellAcr: boolean
  /** In ping mode, sealed: the identifier of the request and the token that the notification carries. */
  readonly ping: string | undefined
}

/**
 * What a device (RFC 8628 section 3.1) or the client of a backchannel request (CIBA section 7.1) asked for, at rest: a person
 * decides about both elsewhere, and the asker polls. No code is here, each only as its digest.
 */
export type DeviceRequest = {
  /** Digest of the device code or of the `auth_req_id`, 256 random bits. */
  readonly digest: string
  /** Keyed digest of the user code, which is too short for a plain one; a backchannel request has none. */
  readonly userCodeKey: string | undefined
  /** `undefined` for a device. */
  readonly backchannel: BackchannelFacts | undefined
  readonly clientId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** S256 challenge of a device that wants its code to be worth nothing to others; checked when present. */
  readonly codeChallenge: string | undefined
  /** Seconds between two polls, as the device was told. */
  readonly interval: number
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
  /** Where the request came from, and what the device says it is, cut to 200 characters; for the page that asks the person. */
  readonly network: string
  readonly userAgent: string
}

/**
 * `pending` until somebody enters the user code, then `claimed` by that session. A person ends it as `approved`, `denied` or
 * `disowned` (the person never started it); a wrong verifier as `destroyed`; the device as `redeemed`.
 */
export type DeviceState = 'pending' | 'claimed' | 'approved' | 'denied' | 'disowned' | 'destroyed' | 'redeemed'

/** A device request with all that decides about its redemption, read in one trip. */
export type DeviceView = {
  readonly request: DeviceRequest
  readonly state: DeviceState
  /** The session that entered the user code first. */
  readonly claimedBy: string | undefined
  /** From the approval on. */
  readonly authorization: Authorization | undefined
  readonly ended: AuthorizationEnd | undefined
}

/** What is written when a person lets a device in. */
export type DeviceApproval = {
  readonly digest: string
  /** Its `sessionId` is the session that has to hold the claim. */
  readonly authorization: Authorization
  /** As for a code. */
  readonly hearsOfLogout: boolean
  readonly events: readonly SecurityEvent[]
}

/** What happened to an approval. Everything but `approved` wrote nothing. */
export type DeviceApprovalOutcome = 'approved' | 'request_ended' | 'session_ended' | 'client_disabled'

/** How a person or a failed proof ends a request without tokens. */
export type DeviceEnd = 'denied' | 'disowned' | 'destroyed'

/** Added to the interval by each poll that comes too early (RFC 8628 section 3.5). */
export const pollPenalty = 5
/** Seconds by which a poll may come early: what left in time may arrive sooner after the one before. */
export const pollSlack = 0.5
/** Longest interval that too early polls lead to; longer than any device code lives. */
export const maxPollInterval = 3600

/** The interval after a poll, and whether that poll came too early. The first poll never does. */
export function nextPoll(
  interval: number,
  polledAt: number | undefined,
  now: number,
): { readonly early: boolean; readonly interval: number } {
  const early = polledAt !== undefined && now - polledAt < interval - pollSlack
  return { early, interval: early ? Math.min(interval + pollPenalty, maxPollInterval) : interval }
}

/** Backchannel requests of one person that are shown at once. */
export const maxWaitingRequests = 10

/** Requests that a person decides about elsewhere, from the first code to the redemption, which is `Store.redeem`. */
export type DeviceStore = {
  /**
   * Stores a request. Law: of all requests that wait for a person no two have the same user code; false when this one is
   * taken, and then nothing was written.
   */
  create(request: DeviceRequest): Promise<boolean>
  /** By the digest of the device code. A request that has expired is found until it is swept. */
  find(digest: string): Promise<DeviceView | undefined>
  /** The request that waits for a person under this user code; nothing that has expired or was decided. */
  findWaiting(userCodeKey: string, now: Seconds): Promise<DeviceView | undefined>
  /**
   * Notes a poll; true when it came before the interval was over, which grows then for all polls to come. Law: the polls of
   * one code, on all nodes, come one after another, and each is measured from the one before, early or not.
   */
  poll(digest: string, now: Seconds): Promise<boolean>
  /** The backchannel requests that wait for this person, those that end first, at most `maxWaitingRequests`. */
  listWaiting(subject: string, now: Seconds): Promise<readonly DeviceView[]>
  /** Ties a waiting request to a session. Law: over all time, on all nodes, one session at most; true for that one, also again. */
  claim(digest: string, sessionId: string, now: Seconds): Promise<boolean>
  /**
   * Stores the authorization and links the request to it, together or not at all. Law: at most one of `approve` and `end`
   * succeeds for one request, over all time and on all nodes; only for the session that claimed it; session, person and
   * client are looked at inside the transaction.
   */
  approve(approval: DeviceApproval, now: Seconds): Promise<DeviceApprovalOutcome>
  /**
   * Ends a request without tokens: for a person, when `sessionId` claimed it and it waits; without a session, as long as it
   * was not redeemed. Law: at most one call per request resolves true.
   */
  end(
    digest: string,
    end: { readonly as: DeviceEnd; readonly sessionId: string | undefined },
    now: Seconds,
    events: readonly SecurityEvent[],
  ): Promise<boolean>
}
