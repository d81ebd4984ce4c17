import { entry, type ReasonEntry } from './entry.ts'

/** Tokens that are bound to a client certificate (RFC 8705), and certificates that prove nobody. */
export const certificateReasons = {
  certificate_missing: entry('invalid_request', 400, 'mutual-tls', 'A client certificate is required here'),
  certificate_and_proof: entry(
    'invalid_request',
    400,
    'mutual-tls',
    'The tokens are bound to a client certificate here, so there must be no DPoP proof',
  ),
  sender_certificate: entry('invalid_grant', 400, 'mutual-tls', 'The grant is bound to another client certificate'),
  token_certificate: entry(
    'invalid_token',
    401,
    'mutual-tls',
    'The access token is bound to another client certificate',
  ),
  cert_missing: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  cert_invalid: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  cert_subject: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  cert_unknown: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  cert_keys: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  cert_syntax: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  cert_multiple: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
} as const satisfies Record<string, ReasonEntry>
