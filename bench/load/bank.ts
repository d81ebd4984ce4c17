import type { BenchSigner, Deployment } from '../deployment.ts'
import { postStart } from './http-request.ts'
import { assertions, newProofKey, type ProofKey } from './proofs.ts'

/** What the requests of the FAPI 2.0 client have in common. */
export interface Bank {
  readonly id: string
  /** The parameters of private_key_jwt with a new assertion. */
  readonly assertion: () => string
  readonly key: ProofKey
  readonly pushPost: string
  /** What it pushes, up to the values that change. */
  readonly pushed: string
  readonly tokenUrl: URL
  /** Path and query of an authorization request up to the reference. */
  readonly authorizeStart: string
}

export function createBank(
  { issuer, redirectUri, scope, resource }: Deployment,
  { id, privateKey }: BenchSigner,
  endpoint: (name: string) => URL,
): Bank {
  const pushed = new URLSearchParams({
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    resource,
    code_challenge_method: 'S256',
  })
  return {
    id,
    assertion: assertions(id, issuer, privateKey),
    key: newProofKey(),
    pushPost: postStart(endpoint('pushed_authorization_request_endpoint'), ''),
    pushed: pushed.toString(),
    tokenUrl: endpoint('token_endpoint'),
    authorizeStart: `${endpoint('authorization_endpoint').pathname}?client_id=${id}&request_uri=`,
  }
}
