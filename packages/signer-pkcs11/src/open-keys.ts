import type { JwsAlgorithm } from '@sallyport/protocol'
import type { ExternalKey, ExternalKeys } from '@sallyport/server'
import { signings } from './algorithms.ts'
import { readLength, ulongBytes } from './memory.ts'
import { findPrivateKey, readPublicKey } from './objects.ts'
import { createSessions, type Sessions, type TokenOptions } from './sessions.ts'

export type Pkcs11Options = TokenOptions & {
  /** Labels (CKA_LABEL) of the keys of each algorithm, in the order in which they are used. */
  readonly names: ExternalKeys['names']
}

/** Keys on a token. `close` logs out and leaves the module. */
export type Pkcs11Keys = ExternalKeys & { readonly close: () => Promise<void> }

/** An RSA key of 8192 bits. */
const mostSignatureBytes = 1024

function signerOf(sessions: Sessions, alg: JwsAlgorithm, name: string): ExternalKey['sign'] {
  const { mechanism, input } = signings[alg]
  let known: { readonly handle: bigint; readonly epoch: number } | undefined
  return (data) =>
    sessions.run(async (session, module, epoch) => {
      if (known?.epoch !== epoch) known = { handle: await findPrivateKey({ module, session }, name), epoch }
      const what = `the key ${name} does not sign`
      await module.call(what, 'C_SignInit', session, mechanism, known.handle)
      const signature = Buffer.alloc(mostSignatureBytes)
      const length = ulongBytes(signature.length)
      const bytes = input(data)
      await module.call(what, 'C_Sign', session, bytes, bytes.length, signature, length)
      return signature.subarray(0, readLength(length, 0, signature.length) ?? 0)
    })
}

/**
 * Keys on a PKCS #11 token, for `externalKeys` of a server. Nothing is loaded before the first key is opened, and every fault
 * is an ExternalKeyFault that says what to do. The module runs inside this process: load none that you would not run.
 */
export function openPkcs11Keys(options: Pkcs11Options): Pkcs11Keys {
  const sessions = createSessions(options)
  return {
    place: `pkcs11:token=${encodeURIComponent(options.token)}`,
    names: options.names,
    open: async (alg, name) => {
      const publicKey = await sessions.run(async (session, module) => {
        const at = { module, session }
        return readPublicKey(at, name, await findPrivateKey(at, name))
      })
      return { publicKey, sign: signerOf(sessions, alg, name) }
    },
    close: sessions.close,
  }
}
