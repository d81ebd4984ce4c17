import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { sha256, signJwt, verifyJwt, type Random, type Seconds, type VerificationKey } from '@sallyport/protocol'
import type { ExternalKeys } from '../model/external-keys.ts'
import type { Store } from '../model/store.ts'
import { createPolicy } from '../policy.ts'
import { deriveSecrets } from '../secrets.ts'
import { generateSigningKeyPair } from '../tokens/key-pair.ts'
import { loadKeyRing } from '../tokens/key-ring.ts'
import type { ProofReport } from './report.ts'

/** A report and its signature: a compact JWS over the digest of the report, by a published key of the issuer. */
export type SignedReport = { readonly report: ProofReport; readonly signature: string }

/** Distinguishes the signature from every token of the issuer. */
const type = 'sallyport-proof+jwt'

export type SigningPlace = {
  readonly store: Store
  readonly masterKey: Uint8Array
  readonly random: Random
  readonly now: Seconds
  /** Where the key is when it is kept elsewhere. */
  readonly externalKeys?: ExternalKeys | undefined
}

const digestOf = (report: ProofReport): string => sha256(JSON.stringify(report))

/** Signs a report with the key that signs access tokens now. Throws MasterKeyMismatch when the master key is another one. */
export async function signReport(report: ProofReport, place: SigningPlace): Promise<SignedReport> {
  const { store, masterKey, random, now, externalKeys } = place
  const ring = await loadKeyRing({
    ...{ store, random, algorithms: ['ES256'], generateKeyPair: generateSigningKeyPair },
    ...{ external: externalKeys, leaveExternal: false },
    secrets: deriveSecrets(masterKey),
    policy: createPolicy(),
  })
  const claims = { iss: report.issuer, iat: report.at, proven: report.proven, report_sha256: digestOf(report) }
  return { report, signature: await signJwt(ring.signer('ES256', now), type, claims) }
}

/** Why a signed report is not to be believed; `undefined` when it was signed by one of the keys and is unaltered. */
export function readSignedReport({ report, signature }: SignedReport, jwks: readonly JsonWebKey[]): string | undefined {
  const keys: VerificationKey[] = jwks.flatMap((jwk) =>
    jwk['alg'] === 'ES256' && typeof jwk['kid'] === 'string'
      ? [{ kid: jwk['kid'], alg: 'ES256' as const, key: createPublicKey({ key: jwk, format: 'jwk' }) }]
      : [],
  )
  const verified = verifyJwt(signature, [type], keys)
  if (typeof verified === 'string') return `the signature is not one of this issuer (${verified})`
  const { claims } = verified
  if (claims['report_sha256'] !== digestOf(report)) return 'the report was altered after it was signed'
  return claims['iss'] === report.issuer ? undefined : 'the signature is of another issuer'
}
