import { entry, type ReasonEntry } from './entry.ts'

/** Proofs of possession (RFC 9449). */
export const proofReasons = {
  proof_missing: entry('invalid_request', 400, 'dpop', 'A DPoP proof is required here'),
  proof_absent: entry('invalid_dpop_proof', 400, 'dpop', 'The access token needs a DPoP proof'),
  proof_syntax: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof is not valid'),
  proof_typ: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof is not valid'),
  proof_alg: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof is not valid'),
  proof_jwk: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof is not valid'),
  proof_signature: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof is not valid'),
  proof_jti: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof is not valid'),
  proof_htm: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof was made for another method'),
  proof_htu: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof was made for another address'),
  proof_iat: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof is too old or from the future'),
  proof_ath: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof was made for another access token'),
  proof_nonce: entry('use_dpop_nonce', 400, 'dpop', 'The DPoP proof needs the nonce of the header DPoP-Nonce'),
  proof_replayed: entry('invalid_dpop_proof', 400, 'dpop', 'The DPoP proof was used before'),
  sender_key: entry('invalid_grant', 400, 'dpop', 'The grant is bound to another key'),
  dpop_jkt_mismatch: entry(
    'invalid_request',
    400,
    'dpop',
    'The DPoP proof was made by another key than dpop_jkt names',
  ),
  dpop_jkt: entry(
    'invalid_request',
    400,
    'dpop',
    'dpop_jkt must be 43 characters of base64url, the thumbprint of a key',
  ),
} as const satisfies Record<string, ReasonEntry>
