import { hash } from 'node:crypto'
import type { JwsAlgorithm } from '@sallyport/protocol'
import { mechanism, mgf1Sha256 } from './constants.ts'
import { mechanismOf, ulongs, type Pointing } from './memory.ts'

/** How a token is asked for a signature. */
export type Signing = {
  readonly mechanism: Pointing
  /** What the token gets of the bytes to sign. */
  readonly input: (data: Uint8Array) => Buffer
}

const whole = (data: Uint8Array): Buffer => Buffer.from(data)
const saltBytes = 32

const edwards: Signing = { mechanism: mechanismOf(mechanism.eddsa), input: whole }

/** ECDSA over a digest made here, which every token has; RSA and EdDSA over the bytes themselves, as the algorithm wants it. */
export const signings: Readonly<Record<JwsAlgorithm, Signing>> = {
  ES256: { mechanism: mechanismOf(mechanism.ecdsa), input: (data) => hash('sha256', data, 'buffer') },
  EdDSA: edwards,
  Ed25519: edwards,
  RS256: { mechanism: mechanismOf(mechanism.sha256Rsa), input: whole },
  PS256: {
    mechanism: mechanismOf(mechanism.sha256RsaPss, ulongs(mechanism.sha256, mgf1Sha256, saltBytes)),
    input: whole,
  },
}
