import { equalInConstantTime, sha256 } from './digest.ts'
import { clockSkew } from './client-assertion.ts'
import { readProofKey, type ProofKey } from './dpop-key.ts'
import { normalTarget } from './dpop-target.ts'
import { isJwsAlgorithm, type JwsAlgorithm } from './jws-algorithm.ts'
import { readCompactJws, signatureFits, type CompactJws } from './jws-verify.ts'
import { after, type Seconds } from './seconds.ts'

/** Longer proofs are not looked at (B-DPOP-02). */
export const maxProofLength = 8192

/** Seconds for which a proof counts (B-DPOP-12). */
export const proofMaxAge = 60

/** Seconds for which a used proof is remembered: beyond every instant at which it would still count (B-DPOP-13). */
export const proofMemory = proofMaxAge + clockSkew + 10

/** Algorithms that proofs may be signed with; RS256 is not among them (B-DPOP-04). */
export const proofAlgorithms: readonly JwsAlgorithm[] = ['ES256', 'PS256', 'EdDSA', 'Ed25519']

/** What is wrong with a proof; the `reason` of `dpop.proof.rejected`. */
export type ProofFault =
  'syntax' | 'typ' | 'alg' | 'jwk' | 'signature' | 'jti' | 'htm' | 'htu' | 'iat' | 'ath' | 'nonce'

/** The request that a proof must be about. */
export type ProvenRequest = {
  readonly method: string
  /**
   * Public address of the endpoint, from the configuration and never from a request (B-DPOP-11); more than one where the
   * same thing is reached under several names.
   */
  readonly uri: string | readonly string[]
  /** The access token that is sent along, at a resource. */
  readonly accessToken?: string | undefined
  /** Whether a nonce is one of ours and not yet old; `undefined` where none is demanded. */
  readonly nonceFits?: ((nonce: string) => boolean) | undefined
}

/** What a good proof proves; the caller still has to ask whether it was used before. */
export type Proof = {
  /** Thumbprint of the key, the `jkt` of what is bound to it. */
  readonly thumbprint: string
  /** Under what this proof is remembered: a digest, and of the key too, so that nobody uses up the ids of others (DP-15). */
  readonly mark: string
  /** Until when it has to be remembered. */
  readonly rememberUntil: Seconds
}

type Claims = Readonly<Record<string, unknown>>

/** Members that would name a key by another way than the one there is (DP-07). */
const otherKeys = ['kid', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256']

const longestId = 256

/**
 * Checks a proof of possession as RFC 9449 section 4.3 lists it, all but the last step: that it was not used before. Says
 * what is wrong, or whose key was proven. Never throws, and never trusts a proof in part.
 */
export function checkProof(proof: string, request: ProvenRequest, now: Seconds): Proof | ProofFault {
  if (proof.length > maxProofLength) return 'syntax'
  const jws = readCompactJws(proof)
  if (typeof jws === 'string') return 'syntax'
  const key = provenKey(jws)
  if (typeof key === 'string') return key
  const claims = jws.claims()
  if (claims === undefined) return 'syntax'
  const jti = claims['jti']
  if (typeof jti !== 'string' || jti === '' || jti.length > longestId) return 'jti'
  const fault = requestFault(claims, request) ?? timeFault(claims, now) ?? tokenFault(claims, request)
  if (fault !== undefined) return fault
  const { thumbprint } = key
  return { thumbprint, mark: `dpop:${sha256(`${thumbprint} ${jti}`)}`, rememberUntil: after(now, proofMemory) }
}

/** Checks 4 to 7: type, algorithm, key, and that the key made the signature. */
function provenKey(jws: CompactJws): ProofKey | ProofFault {
  const { header } = jws
  const { typ, alg, jwk } = header
  if (typeof typ !== 'string' || typ.toLowerCase() !== 'dpop+jwt') return 'typ'
  if (!isJwsAlgorithm(alg) || !proofAlgorithms.includes(alg)) return 'alg'
  if (otherKeys.some((member) => member in header)) return 'jwk'
  const key = readProofKey(jwk, alg)
  if (key === undefined) return 'jwk'
  return signatureFits(jws, { alg, key: key.key }) ? key : 'signature'
}

/** Checks 8 and 9: made for this method and this address. */
function requestFault({ htm, htu }: Claims, { method, uri }: ProvenRequest): ProofFault | undefined {
  if (htm !== method) return 'htm'
  if (typeof htu !== 'string') return 'htu'
  if (typeof uri === 'string') return isSameTarget(htu, uri) ? undefined : 'htu'
  return uri.some((one) => isSameTarget(htu, one)) ? undefined : 'htu'
}

function isSameTarget(htu: string, uri: string): boolean {
  if (htu === uri) return true
  const target = normalTarget(htu)
  return target !== undefined && target === normalTarget(uri)
}

/** Check 11. `exp` and `nbf` are no part of a proof; where they stand they can only narrow the window (B-DPOP-15). */
function timeFault({ iat, exp, nbf }: Claims, now: Seconds): ProofFault | undefined {
  if (typeof iat !== 'number' || iat < now - proofMaxAge || iat > now + clockSkew) return 'iat'
  if (exp !== undefined && !(typeof exp === 'number' && exp > now - clockSkew)) return 'iat'
  return nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + clockSkew) ? 'iat' : undefined
}

/** Checks 12 and 10: the token that is sent along, and at last the nonce, so that it is asked only of proofs that are good otherwise. */
function tokenFault({ ath, nonce }: Claims, { accessToken, nonceFits }: ProvenRequest): ProofFault | undefined {
  if (accessToken !== undefined && !(typeof ath === 'string' && equalInConstantTime(ath, sha256(accessToken))))
    return 'ath'
  return nonceFits === undefined || (typeof nonce === 'string' && nonceFits(nonce)) ? undefined : 'nonce'
}
