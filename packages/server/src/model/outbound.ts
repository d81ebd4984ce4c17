import type { Duplex } from 'node:stream'

/** What a fetch is for: the word in events and the name its budgets go by. */
export type FetchPurpose =
  | 'metadata_document'
  | 'resource_metadata'
  | 'jwks'
  | 'sector_identifier'
  | 'request_uri'
  | 'logo'
  | 'logout'
  | 'request_object'
  | 'ping'

export type FetchRequest = {
  readonly purpose: FetchPurpose
  readonly url: string
  /** Most bytes of a body; one more is a failure. */
  readonly maxBytes: number
  /** Value of `accept`. */
  readonly accept: string
  /** Makes the request a POST. */
  readonly content?: { readonly type: string; readonly body: string } | undefined
  /** Value of `authorization`, for a receiver that gave it to us. */
  readonly authorization?: string | undefined
  /** The request on whose behalf it is made, for events and for the quota of its network; absent for upkeep. */
  readonly source?: { readonly requestId: string; readonly network: string } | undefined
}

/**
 * Why there is no answer. Refused before anything was sent: `url` (not one to be fetched), `address` (the name leads to a
 * special-use address), `budget` (too many fetches here), `quota` (too many for this network). Refused afterwards:
 * `redirect`. The rest are failures of the other side or of the way to it.
 */
export type FetchFault =
  | 'url'
  | 'address'
  | 'budget'
  | 'quota'
  | 'redirect'
  | 'resolve'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'size'
  | 'encoding'
  | 'response'

export type FetchAnswer = {
  readonly ok: true
  readonly status: number
  /** Media type in lower case without parameters; empty when there was none. */
  readonly contentType: string
  readonly cacheControl: string
  readonly body: Buffer
}

export type FetchResult = FetchAnswer | { readonly ok: false; readonly fault: FetchFault }

/** The one way out of the server (B-JWK-10, A-CIMD-08). Never rejects, never follows a redirect, and keeps nothing. */
export type Fetcher = (request: FetchRequest) => Promise<FetchResult>

/** Every address of a host name; an error is a failure to resolve. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** Where to connect: an address that was checked, and the name its certificate has to show. */
export type ConnectTarget = {
  readonly address: string
  readonly port: number
  readonly host: string
  /** False only for plain http to this machine itself, in development. */
  readonly secure: boolean
}

/** Opens a connection and, for a secure target, verifies the certificate against `host`; rejects otherwise. */
export type Connect = (target: ConnectTarget, signal: AbortSignal) => Promise<Duplex>

export type OutboundOptions = {
  /** Allows this machine itself, http included, as a target; only heeded when the issuer is plain http on loopback. */
  readonly loopback?: boolean | undefined
  readonly resolve?: Resolve | undefined
  readonly connect?: Connect | undefined
  /** Milliseconds until there must be a connection. Default and ceiling 2000. */
  readonly connectTimeout?: number | undefined
  /** Milliseconds until there must be a whole answer. Default and ceiling 5000. */
  readonly timeout?: number | undefined
}
