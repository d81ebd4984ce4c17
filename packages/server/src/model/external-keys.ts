import type { KeyObject } from 'node:crypto'
import type { JwsAlgorithm } from '@sallyport/protocol'

/** A signing key that never leaves where it is kept, such as a hardware security module; only signatures come out. */
export type ExternalKey = {
  readonly publicKey: KeyObject
  /**
   * Signs these bytes with the algorithm the key was opened for. Law: gives the raw signature of RFC 7518 section 3 (R and S
   * in sequence for ES256, a salt of 32 bytes for PS256), or rejects with ExternalKeyFault within a bounded time.
   */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>
}

/** Keys outside this process and its store: the seam for PKCS #11 modules and key management services. */
export type ExternalKeys = {
  /** Where the keys are, in the words of operators, such as `pkcs11:token=sallyport`. */
  readonly place: string
  /** Names of the keys of each algorithm in the order in which they are used; each key is there for one algorithm. */
  readonly names: Readonly<Partial<Record<JwsAlgorithm, readonly string[]>>>
  /** Finds a key by its name. Law: rejects with ExternalKeyFault when it is not there or cannot be used. */
  readonly open: (alg: JwsAlgorithm, name: string) => Promise<ExternalKey>
}

/** A key that is kept elsewhere cannot be used just now: what is wrong, and what the operator does about it. */
export class ExternalKeyFault extends Error {
  readonly remedy: string

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ExternalKeyFault'
    this.remedy = remedy
  }
}
