import { entry, type ReasonEntry } from './entry.ts'

/** Revocation, introspection and the own resources of the server. */
export const tokenUseReasons = {
  token_missing: entry('invalid_request', 400, 'parameters', 'token is missing'),
  token_of_another_client: entry('invalid_grant', 400, 'revocation', 'The token was issued to another client'),
  token_type_unsupported: entry('unsupported_token_type', 400, 'revocation', 'Tokens of this kind cannot be revoked'),
  introspection_form: entry(
    'invalid_request',
    406,
    'introspection',
    'Signed introspection answers are not enabled for this client',
  ),
  introspection_encrypted_only: entry(
    'invalid_request',
    400,
    'introspection',
    'This client gets encrypted answers only; accept application/token-introspection+jwt',
  ),
  introspection_key_missing: entry(
    'invalid_request',
    400,
    'introspection',
    'The client has no key that the answer can be encrypted to',
  ),
  introspection_keys_unavailable: entry(
    'temporarily_unavailable',
    503,
    'introspection',
    'The keys of the client cannot be fetched now; try again shortly',
  ),
  introspection_not_allowed: entry(
    'unauthorized_client',
    403,
    'introspection',
    'The client is not registered for introspection',
  ),
  bearer_syntax: entry('invalid_request', 400, 'access-token', 'The Authorization header is malformed'),
  bearer_methods: entry(
    'invalid_request',
    400,
    'access-token',
    'Send the access token once, in the Authorization header',
  ),
  token_invalid: entry('invalid_token', 401, 'access-token', 'The access token is not valid'),
  token_expired: entry('invalid_token', 401, 'access-token', 'The access token is not valid'),
  token_audience: entry('invalid_token', 401, 'access-token', 'The access token is not valid'),
  token_typ: entry('invalid_token', 401, 'access-token', 'The access token is not valid'),
  token_cnf: entry('invalid_token', 401, 'dpop', 'The access token is bound to a key in another way than it was sent'),
  token_sender_key: entry('invalid_token', 401, 'dpop', 'The access token is bound to another key'),
  token_revoked: entry('invalid_token', 401, 'access-token', 'The access token is not valid'),
  scope_insufficient: entry('insufficient_scope', 403, 'scope', 'The access token lacks a required scope'),
} as const satisfies Record<string, ReasonEntry>
