import { randomUUID } from 'node:crypto'
import { jwkThumbprint, sha256 } from '@sallyport/protocol'
import { signJws, type ClientKey } from './client-key.ts'

/** The request that a proof is made for. */
export type ProofRequest = {
  readonly method?: string | undefined
  readonly uri: string
  /** Seconds since 1970. */
  readonly now: number
  readonly accessToken?: string | undefined
  readonly nonce?: string | undefined
}

/** How a proof departs from a good one; `undefined` leaves a member out. */
export type ProofChanges = {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A fresh proof of possession of a key (RFC 9449 section 4.2), for POST unless the request says otherwise. */
export function dpopProof(key: ClientKey, request: ProofRequest, changes: ProofChanges = {}): string {
  const { kid: _kid, alg: _alg, use: _use, ...jwk } = key.jwk
  const { method = 'POST', uri, now, accessToken, nonce } = request
  const ath = accessToken === undefined ? undefined : sha256(accessToken)
  const claims = { jti: randomUUID(), htm: method, htu: uri, iat: Math.floor(now), ath, nonce, ...changes.claims }
  return signJws(key, claims, { typ: 'dpop+jwt', kid: undefined, jwk, ...changes.header })
}

/** What tokens say that are bound to the key. */
export const thumbprintOf = (key: ClientKey): string => jwkThumbprint(key.jwk) ?? ''
