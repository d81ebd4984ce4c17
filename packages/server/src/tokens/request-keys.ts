import { createECDH, createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto'
import { jwkThumbprint } from '@sallyport/protocol'
import type { Context } from '../context.ts'

/** A key that requests are encrypted to. */
export type RequestKey = {
  readonly kid: string
  readonly publicJwk: Readonly<Record<string, string>>
  readonly privateKey: KeyObject
}

/** Order of the group of P-256 (SEC 2, section 2.4.2). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/**
 * The key of one period. It follows from the master key, so that every node has it and no row keeps it; 128 bits more than the
 * scalar has leave no bias (FIPS 186-5, A.2.1).
 */
function deriveKey(secret: Uint8Array, period: number): RequestKey {
  const seed = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), `period ${period}`, 48))
  const scalar = (BigInt(`0x${seed.toString('hex')}`) % (order - 1n)) + 1n
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(d)
  const point = pair.getPublicKey()
  const key = { kty: 'EC', crv: 'P-256', x: base64url(point.subarray(1, 33)), y: base64url(point.subarray(33)) }
  const kid = jwkThumbprint(key) ?? ''
  return {
    kid,
    publicJwk: { ...key, kid, use: 'enc' },
    privateKey: createPrivateKey({ key: { ...key, d: base64url(d) }, format: 'jwk' }),
  }
}

const derived = new WeakMap<Uint8Array, Map<number, RequestKey>>()

function keyOf(secret: Uint8Array, period: number): RequestKey {
  const known = derived.get(secret) ?? new Map<number, RequestKey>()
  derived.set(secret, known)
  let key = known.get(period)
  if (key === undefined) {
    for (const old of known.keys()) if (old < period - 1) known.delete(old)
    known.set(period, (key = deriveKey(secret, period)))
  }
  return key
}

/** The key that is published now, and the one before, which a client may still have in its cache. */
export function requestKeys({ secrets, policy, now }: Context): readonly [current: RequestKey, before: RequestKey] {
  const period = Math.floor(now() / policy.keyRotationPeriod)
  return [keyOf(secrets.requestKeys, period), keyOf(secrets.requestKeys, period - 1)]
}
