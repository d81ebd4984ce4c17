/** One request that was really sent, what it had to give, and what it gave. */
export type ProofCase = {
  /** Requirement that is proven, such as `A-PKCE-01`. */
  readonly requirement: string
  /** Door at which the request came in. */
  readonly entry: string
  /** Kind of client in whose name it came. */
  readonly client: string
  readonly title: string
  readonly expected: string
  readonly seen: string
  readonly holds: boolean
}

/** The whole proof. `proven` is true only when every case holds. */
export type ProofReport = {
  readonly version: 1
  /** Every request in the name of every kind of client, or each in the name of some. */
  readonly extent: 'whole' | 'short'
  readonly issuer: string
  /** Seconds since 1970. */
  readonly at: number
  readonly milliseconds: number
  readonly proven: boolean
  readonly failed: number
  /** The policy it was proven for, as in force. */
  readonly policy: Readonly<Record<string, unknown>>
  /** Requests that were sent to its server. */
  readonly requests: number
  readonly cases: readonly ProofCase[]
}
