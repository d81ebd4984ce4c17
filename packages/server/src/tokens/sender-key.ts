import {
  certificateSenderKey,
  certificateThumbprint,
  checkProof,
  currentNonce,
  isCertificateSenderKey,
  nonceFits,
  refuse,
  type ClientCertificate,
  type OAuthError,
  type ProofFault,
  type ProvenRequest,
  type Reason,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'

/** What a proof must be about, and who is taken to have sent it. */
export type ExpectedProof = Pick<ProvenRequest, 'uri' | 'accessToken'> & {
  /** The key that the access token is bound to, at a resource. */
  readonly boundTo?: string | undefined
  readonly clientId: string | undefined
  /** The nonces that count here: those of the token endpoint and of our own API differ (B-DPOP-24). */
  readonly nonces: Uint8Array
}

/**
 * The thumbprint of the key that the request was proven with (RFC 9449 section 4.3); `undefined` without a proof, and where
 * proofs are not taken at all. That the proof was not used before is found out at last, by the one thing that is written,
 * so a proof that fails for another reason is not used up; without the store there is no answer at all (B-DPOP-14).
 */
export async function provenSenderKey(ctx: Context, call: Call, expected: ExpectedProof): Promise<string | undefined> {
  const sent = header(call.request, 'dpop')
  if (sent === undefined || !ctx.policy.dpop) return undefined
  const { uri, accessToken, boundTo, nonces } = expected
  const now = ctx.now()
  const fits = ctx.policy.dpopNonces ? (nonce: string) => nonceFits(nonces, nonce, now) : undefined
  const proof = checkProof(sent, { method: call.request.method, uri, accessToken, nonceFits: fits }, now)
  if (typeof proof === 'string') throw await rejected(ctx, call, expected, proof)
  if (boundTo !== undefined && boundTo !== proof.thumbprint) throw await rejected(ctx, call, expected, 'jkt_mismatch')
  if (await ctx.store.rememberOnce(proof.mark, proof.rememberUntil, now)) return proof.thumbprint
  await ctx.events.write(
    {
      event: 'dpop.proof.replayed',
      reason: 'proof_replayed',
      clientId: expected.clientId,
      detail: { path: call.request.path.slice(0, 100), jkt: proof.thumbprint },
    },
    { requestId: call.id, network: call.network },
  )
  throw refuse('proof_replayed', { reported: true })
}

/** A nonce for the next proof, where nonces are demanded (B-DPOP-25). */
export const nonceHeader = (ctx: Context, nonces: Uint8Array): Readonly<Record<string, string>> =>
  ctx.policy.dpopNonces ? { 'dpop-nonce': currentNonce(nonces, ctx.now()) } : noHeaders

const noHeaders: Readonly<Record<string, string>> = {}

type Fault = ProofFault | 'jkt_mismatch'

const reasonOf: Readonly<Record<Fault, Reason>> = {
  syntax: 'proof_syntax',
  typ: 'proof_typ',
  alg: 'proof_alg',
  jwk: 'proof_jwk',
  signature: 'proof_signature',
  jti: 'proof_jti',
  htm: 'proof_htm',
  htu: 'proof_htu',
  iat: 'proof_iat',
  ath: 'proof_ath',
  nonce: 'proof_nonce',
  jkt_mismatch: 'token_sender_key',
}

/** Writes the event, which says what was wrong and never what was sent (B-DPOP-34), and gives the error to throw. */
async function rejected(
  ctx: Context,
  call: Call,
  { clientId, nonces }: ExpectedProof,
  fault: Fault,
): Promise<OAuthError> {
  // A client that has no nonce yet cannot know better: it gets one and asks again.
  if (fault === 'nonce') return refuse('proof_nonce', { headers: nonceHeader(ctx, nonces), reported: true })
  await ctx.events.write(
    { event: 'dpop.proof.rejected', reason: fault, clientId, detail: { path: call.request.path.slice(0, 100) } },
    { requestId: call.id, network: call.network },
  )
  return refuse(reasonOf[fault], { reported: true })
}

/** The certificate of the connection as a sender key; `undefined` without one, and where mutual TLS is not used. */
export function certificateKey(ctx: Context, { request: { certificate } }: Call): string | undefined {
  if (certificate === undefined || ctx.mutualTls === undefined || typeof certificate === 'string') return undefined
  let key = keys.get(certificate)
  if (key === undefined) keys.set(certificate, (key = certificateSenderKey(certificateThumbprint(certificate.der))))
  return key
}

/** Adapters give the same object for every request of a connection. */
const keys = new WeakMap<ClientCertificate, string>()

/** What is wrong with the key of a request for something that is bound to one (RFC 9449 sections 5 and 10, RFC 8705 section 4); bound to none is open to all. */
export function senderKeyFault(bound: string | undefined, proven: string | undefined): Reason | undefined {
  if (bound === undefined || bound === proven) return undefined
  if (isCertificateSenderKey(bound))
    return proven !== undefined && isCertificateSenderKey(proven) ? 'sender_certificate' : 'certificate_missing'
  return proven === undefined || isCertificateSenderKey(proven) ? 'proof_missing' : 'sender_key'
}
