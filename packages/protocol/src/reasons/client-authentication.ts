import { entry, type ReasonEntry } from './entry.ts'

/** Client authentication; from outside all failures look alike. */
export const clientAuthenticationReasons = {
  client_auth_missing: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_failed: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_method: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_unknown: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_disabled: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_profile: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_secret_refused: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  basic_syntax: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_type: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_syntax: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_header: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_typ: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_alg: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_kid: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_keys: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_signature: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_subject: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_audience: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_time: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  assertion_replayed: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  multiple_methods: entry(
    'invalid_request',
    400,
    'client-authentication',
    'Use exactly one way of client authentication',
  ),
  origin_not_allowed: entry('unauthorized_client', 403, 'cors', 'The client may not be used from this origin'),
} as const satisfies Record<string, ReasonEntry>
