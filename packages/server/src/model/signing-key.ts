import type { JwsAlgorithm, Seconds } from '@sallyport/protocol'

/** A signing key at rest; its state follows from the instants, so nodes never have to agree on a switch. */
export type SigningKey = {
  readonly kid: string
  readonly alg: JwsAlgorithm
  /** Public JWK as published. */
  readonly publicJwk: Readonly<Record<string, string>>
  /** PKCS #8 private key sealed with the master key; no bytes at all for a key that is kept elsewhere. */
  readonly sealedPrivateKey: Uint8Array
  /** Name of the key where it is kept, when that is not here. */
  readonly externalName: string | undefined
  readonly createdAt: Seconds
  /** First use; the key is published from `createdAt` on (B-JWK-02). */
  readonly activeFrom: Seconds
  /** After this instant it is no longer published; `undefined` until a successor is known. */
  readonly removeAt: Seconds | undefined
}
