import type { PresentedCertificate } from '@sallyport/protocol'

/** A request as the server sees it: one plain record, made by an adapter, never changed. */
export type HttpRequest = {
  readonly method: string
  /** The path as sent, without query; nothing is decoded or normalised. */
  readonly path: string
  /** The query as sent, without its question mark. */
  readonly query: string
  /** Names in lower case, as node:http gives them. */
  readonly headers: HttpHeaders
  /** The body, at most as large as the policy allows; `undefined` for a request without one. */
  readonly body: Uint8Array | undefined
  /** Address of the peer: the socket's, or what a configured proxy said (A-GEN-06). */
  readonly remoteAddress: string
  /**
   * The certificate that the client proved in the TLS handshake: with our own listener, or with a configured proxy, and with
   * nobody else (B-MTLS-11). Never made from what a client says of itself.
   */
  readonly certificate?: PresentedCertificate | undefined
  /** Set by the adapter when the request may not be looked at any further. */
  readonly fault?: HttpFault | undefined
}

export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What an adapter found wrong before the server saw the request. */
export type HttpFault = 'size' | 'header_count' | 'header_duplicated' | 'encoding' | 'expectation' | 'framing'

/**
 * An answer: status, headers in the order they are written, and the whole body. Each answer is made for one request: the
 * layers above the endpoint still add headers to it, so none may be kept and given twice.
 */
export type HttpResponse = {
  readonly status: number
  readonly headers: Record<string, string | readonly string[]>
  readonly body: string | Uint8Array
}
