import { createHmac } from 'node:crypto'
import { checkProof, currentNonce, nonceFits, seconds, type Seconds } from '@sallyport/protocol'
import type { AccessToken } from './access-token.ts'
import { BearerError } from './bearer-error.ts'
import { checkDpopOptions, type DpopOptions } from './dpop-options.ts'

/** What of a request a proof is about. */
export type ProofParts = {
  /** Every `DPoP` header that was sent. */
  readonly proofs: readonly string[]
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
}

export type ProvenToken = {
  readonly token: AccessToken
  /** The nonce for the next proof, when the one that was used is about to end (RFC 9449 section 8.2). */
  readonly nonce: string | undefined
}

/** Decides about access tokens that are bound to a key. */
export type DpopVerifier = {
  /**
   * The token's content when it is valid, is bound to a key, and the request was proven with that key (RFC 9449 section 7.1).
   * @throws BearerError with the reason otherwise.
   */
  verify(token: string, request: ProofParts): Promise<ProvenToken>
  /** The nonce that proofs need now; `undefined` where none is demanded. */
  nonce(): string | undefined
}

export type DpopFacts = {
  readonly audience: string
  /** Seconds since 1970. */
  readonly now: () => number
  /** Reads a token, bound or not. */
  readonly read: (token: string) => Promise<AccessToken>
}

/** Nonces of another API, or of the issuer, are none here, even where the secret is the same (B-DPOP-24). */
const nonceKeyFor = (secret: Uint8Array, audience: string): Uint8Array =>
  createHmac('sha256', secret).update(`sallyport resource ${audience}`).digest()

/** The one header there has to be: two of them, or none, prove nothing (RFC 9449 section 4.3, check 1). */
function onlyProof(proofs: readonly string[]): string {
  const [proof, ...more] = proofs
  if (proof === undefined) throw new BearerError('dpop_missing')
  if (more.length > 0) throw new BearerError('dpop_syntax')
  return proof
}

/** Makes what checks bound tokens. Throws TypeError for an impossible option. */
export function createDpopVerifier(options: DpopOptions, { audience, now, read }: DpopFacts): DpopVerifier {
  checkDpopOptions(options)
  const { urls, replay, onReplayFailed } = options
  const nonceKey = options.nonceKey === undefined ? undefined : nonceKeyFor(options.nonceKey, audience)

  /** The last check, and the only one that leaves a trace: a proof that fails any other is not used up (B-DPOP-14). */
  const isFirstUse = async (mark: string, until: Seconds, at: Seconds): Promise<boolean> => {
    try {
      return await replay.rememberOnce(mark, until, at)
    } catch (cause) {
      onReplayFailed?.(cause)
      throw new BearerError('replay_unavailable', { cause })
    }
  }

  return {
    nonce: () => (nonceKey === undefined ? undefined : currentNonce(nonceKey, seconds(now()))),
    async verify(sent, { proofs, method, path }) {
      const header = onlyProof(proofs)
      const token = await read(sent)
      // A certificate binds it, and is sent in another way.
      if (token.certificateThumbprint !== undefined) throw new BearerError('cnf')
      if (token.jkt === undefined) throw new BearerError('not_bound')
      // The other form of an address in a request line has a host in it, and no host is taken from a request.
      if (!path.startsWith('/')) throw new BearerError('dpop_htu')
      const at = seconds(now())
      const fresh = nonceKey === undefined ? undefined : currentNonce(nonceKey, at)
      let used: string | undefined
      const fits = (nonce: string): boolean => {
        used = nonce
        return nonceKey !== undefined && nonceFits(nonceKey, nonce, at)
      }
      const uri = urls.map((url) => url + path)
      const expected = { method, uri, accessToken: sent, nonceFits: nonceKey === undefined ? undefined : fits }
      const proof = checkProof(header, expected, at)
      if (typeof proof === 'string') throw new BearerError(`dpop_${proof}`)
      if (proof.thumbprint !== token.jkt) throw new BearerError('jkt_mismatch')
      if (!(await isFirstUse(proof.mark, proof.rememberUntil, at))) throw new BearerError('dpop_replayed')
      return { token, nonce: used === fresh ? undefined : fresh }
    },
  }
}
