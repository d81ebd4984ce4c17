import { entry, type ReasonEntry } from './entry.ts'

/** PKCE at the authorization endpoint (RFC 7636). */
export const pkceReasons = {
  pkce_required: entry('invalid_request', 400, 'pkce-required', 'pkce_required: code challenge required'),
  exception_nonce: entry(
    'invalid_request',
    400,
    'pkce-required',
    'pkce_required: without a code challenge this client needs scope openid and a nonce',
  ),
  pkce_method: entry(
    'invalid_request',
    400,
    'pkce-method',
    'transform algorithm not supported, code_challenge_method must be S256',
  ),
  pkce_challenge_syntax: entry(
    'invalid_request',
    400,
    'pkce-challenge-syntax',
    'code_challenge must be 43 characters of base64url, the S256 hash of the verifier',
  ),
  challenge_reused: entry(
    'invalid_request',
    400,
    'pkce-challenge-reused',
    'code_challenge was used before; make a new verifier for every request',
  ),
  challenge_published: entry(
    'invalid_request',
    400,
    'pkce-challenge-reused',
    'code_challenge is printed in a specification; make a new verifier for every request',
  ),
} as const satisfies Record<string, ReasonEntry>
