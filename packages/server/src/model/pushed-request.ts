import type { Seconds } from '@sallyport/protocol'

/** A pushed authorization request (RFC 9126 section 2), at rest. Its reference is here only as a digest. */
export type PushedRequest = {
  /** Digest of the random part of the reference, 256 bits. */
  readonly digest: string
  /** The client that authenticated when it pushed, and that alone may come with the reference. */
  readonly clientId: string
  /** The parameters as they were pushed, without credentials, sealed under the reference. */
  readonly form: string
  /** The reference can be opened until here. What was opened in time may take as long as any other request. */
  readonly expiresAt: Seconds
}

/** A pushed request that can still be opened. */
export type PushedRequestView = {
  readonly request: PushedRequest
  /** Digest of the cookie of the browser that opened it first; `undefined` as long as nobody was asked anything. */
  readonly browserDigest: string | undefined
}

/** Who answers which pushed request. */
export type PushedRequestUse = {
  readonly digest: string
  readonly clientId: string
  readonly browserDigest: string | undefined
}

/** Pushed requests, from the push to the answer, which is `use` or `Store.issueCode`. */
export type PushedStore = {
  create(request: PushedRequest): Promise<void>
  /** By the digest of the reference; nothing that has expired or was answered. */
  find(digest: string, now: Seconds): Promise<PushedRequestView | undefined>
  /**
   * Ties a request to a browser, and keeps it until `keptUntil` so that the person has time. Law: over all time, on all
   * nodes, one browser at most; true for that one, also again; false once the request was answered.
   */
  claim(digest: string, browserDigest: string, keptUntil: Seconds): Promise<boolean>
  /**
   * Notes that a request was answered, and forgets it. Law: over all time, on all nodes, of all calls of `use` and all codes
   * issued for one request at most one succeeds; only for the client that pushed it, and for the browser that it is tied to
   * where it is tied to one (JR-08, JR-09).
   */
  use(use: PushedRequestUse): Promise<boolean>
}
