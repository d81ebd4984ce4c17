/** `error` values of the protocols (RFC 6749, 6750, 7009, 8707; OpenID Connect Core 3.1.2.6). */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'account_selection_required'
  | 'unmet_authentication_requirements'
  | 'registration_not_supported'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'invalid_request_uri'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_software_statement'
  | 'unapproved_software_statement'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'server_error'
  | 'temporarily_unavailable'

/** How a reason looks from outside: the code, the status where it is answered directly, one fixed sentence, its help page. */
export type ReasonEntry = {
  readonly error: ErrorCode
  readonly status: number
  readonly description: string
  readonly page: string
}

const entry = (error: ErrorCode, status: number, page: string, description: string): ReasonEntry => ({
  error,
  status,
  description,
  page,
})

/**
 * Every way in which a request can be refused. The key is the stable reason that operators see in events and with
 * `sallyport explain`; the entry is all that the public sees. A check holds the pages and this table together in both
 * directions.
 */
export const reasons = {
  // How the request is written
  method: entry('invalid_request', 405, 'http-request', 'This endpoint does not answer that method'),
  host: entry('invalid_request', 421, 'http-request', 'This server does not answer for that host'),
  path: entry('invalid_request', 404, 'http-request', 'There is nothing at this address'),
  content_type: entry(
    'invalid_request',
    400,
    'http-request',
    'The body must be application/x-www-form-urlencoded in UTF-8',
  ),
  encoding: entry('invalid_request', 415, 'http-request', 'A compressed request body is not accepted'),
  size: entry('invalid_request', 413, 'http-request', 'The request is larger than this server accepts'),
  header_count: entry('invalid_request', 431, 'http-request', 'The request has too many headers'),
  header_duplicated: entry('invalid_request', 400, 'http-request', 'A header was sent more than once'),
  expectation: entry('invalid_request', 417, 'http-request', 'This server meets no expectation but 100-continue'),
  framing: entry('invalid_request', 400, 'http-request', 'It is not clear where the request begins or ends'),
  query_on_post: entry('invalid_request', 400, 'http-request', 'Parameters belong into the body, not into the address'),
  query_credential: entry(
    'invalid_request',
    400,
    'http-request',
    'A credential was sent in the address, where it leaks',
  ),
  param_duplicated: entry('invalid_request', 400, 'parameters', 'A parameter was sent more than once'),
  param_count: entry('invalid_request', 400, 'parameters', 'The request has more than 100 parameters'),
  param_encoding: entry('invalid_request', 400, 'parameters', 'A parameter is not valid form-encoded UTF-8'),
  control_char: entry('invalid_request', 400, 'parameters', 'A parameter contains a control character'),
  param_missing: entry('invalid_request', 400, 'parameters', 'A required parameter is missing'),
  param_value: entry('invalid_request', 400, 'parameters', 'A parameter has a value that is not allowed'),
  overload: entry('temporarily_unavailable', 503, 'unavailable', 'The server is busy; try again shortly'),
  throttled: entry('temporarily_unavailable', 429, 'throttled', 'Too many failed attempts; try again later'),
  rate_limited: entry('temporarily_unavailable', 429, 'throttled', 'Too many requests; try again later'),
  store_unavailable: entry(
    'temporarily_unavailable',
    503,
    'unavailable',
    'The server cannot reach its storage; try again shortly',
  ),
  internal: entry(
    'server_error',
    500,
    'server-error',
    'The server failed; the operator can look the request up by its id',
  ),

  // Client and redirect URI: pages that never redirect
  client_unknown: entry('invalid_request', 400, 'unknown-client', 'The application is not known here'),
  client_disabled: entry('invalid_request', 400, 'unknown-client', 'The application is not known here'),
  document_url: entry('invalid_client', 400, 'metadata-document', 'The address of the application cannot be used'),
  document_not_accepted: entry(
    'invalid_client',
    400,
    'metadata-document',
    'This server does not accept this application',
  ),
  document_unavailable: entry(
    'invalid_client',
    400,
    'metadata-document',
    'The description of the application could not be fetched',
  ),
  document_invalid: entry(
    'invalid_client',
    400,
    'metadata-document',
    'The description of the application is not valid',
  ),
  document_review: entry('invalid_client', 400, 'metadata-document', 'The application has not been reviewed here yet'),
  client_id_missing: entry('invalid_request', 400, 'unknown-client', 'The request does not say which application asks'),
  redirect_uri_missing: entry('invalid_request', 400, 'redirect-uri', 'The request does not say where to return to'),
  redirect_uri_mismatch: entry(
    'invalid_request',
    400,
    'redirect-uri',
    'The return address is not registered for this application',
  ),

  web_view: entry(
    'invalid_request',
    400,
    'web-view',
    'Sign in with the browser of the device, not inside an application',
  ),

  // Authorization request
  response_type_missing: entry('invalid_request', 400, 'response-type', 'response_type is missing'),
  response_type: entry('unsupported_response_type', 400, 'response-type', 'Only response_type code is offered'),
  response_mode: entry(
    'invalid_request',
    400,
    'response-mode',
    'Only the response modes query and form_post are offered',
  ),
  client_without_code_grant: entry(
    'unauthorized_client',
    400,
    'unauthorized-client',
    'The client is not registered for the authorization code grant',
  ),
  scope_syntax: entry('invalid_scope', 400, 'scope', 'The scope parameter is malformed'),
  scope: entry('invalid_scope', 400, 'scope', 'The scope is unknown or not allowed for this client'),
  scope_missing: entry('invalid_scope', 400, 'scope', 'A scope is required'),
  scope_not_by_device: entry('invalid_scope', 400, 'scope', 'The scope cannot be granted to a device by a user code'),
  scope_user_only: entry(
    'invalid_scope',
    400,
    'scope',
    'The scope belongs to people and cannot be granted to a client by itself',
  ),
  state_syntax: entry(
    'invalid_request',
    400,
    'state-and-nonce',
    'state must be at most 2048 printable ASCII characters',
  ),
  state_required: entry('invalid_request', 400, 'state-and-nonce', 'This client is registered to send state'),
  nonce_required: entry('invalid_request', 400, 'state-and-nonce', 'This server wants a nonce in OpenID requests'),
  nonce_syntax: entry(
    'invalid_request',
    400,
    'state-and-nonce',
    'nonce must be at most 512 printable ASCII characters',
  ),
  prompt: entry('invalid_request', 400, 'openid-parameters', 'The prompt parameter is not valid'),
  max_age: entry('invalid_request', 400, 'openid-parameters', 'max_age must be a whole number of seconds'),
  claims_syntax: entry('invalid_request', 400, 'openid-parameters', 'The claims parameter is not valid'),
  id_token_hint: entry(
    'invalid_request',
    400,
    'id-token-hint',
    'id_token_hint is not an ID Token of this server for this client',
  ),
  request_object: entry('request_not_supported', 400, 'openid-parameters', 'Request objects are not offered'),
  request_uri: entry('request_uri_not_supported', 400, 'openid-parameters', 'request_uri is not offered'),
  jar_nested: entry('invalid_request', 400, 'pushed-request', 'A request must not refer to another request'),
  par_unknown: entry('invalid_request_uri', 400, 'pushed-request', 'The pushed request is unknown, expired or used'),
  par_used: entry('invalid_request_uri', 400, 'pushed-request', 'The pushed request is unknown, expired or used'),
  par_browser: entry('invalid_request_uri', 400, 'pushed-request', 'The pushed request is unknown, expired or used'),
  par_client: entry(
    'invalid_request_uri',
    400,
    'pushed-request',
    'The pushed request does not belong to this application',
  ),
  par_no_longer_allowed: entry(
    'unauthorized_client',
    400,
    'pushed-request',
    'What was pushed is not allowed any more for this client',
  ),
  par_required: entry('invalid_request', 400, 'pushed-request', 'Requests of this client have to be pushed first'),
  registration_parameter: entry(
    'registration_not_supported',
    400,
    'openid-parameters',
    'The registration parameter is not offered',
  ),
  front_channel_secret: entry(
    'invalid_request',
    400,
    'front-channel-secret',
    'A secret was sent through the browser; it counts as exposed',
  ),
  resource_syntax: entry('invalid_target', 400, 'resource', 'resource must be an absolute URI without a fragment'),
  resource_unknown: entry('invalid_target', 400, 'resource', 'The resource is unknown or not allowed for this client'),
  scope_elsewhere: entry(
    'invalid_target',
    400,
    'resource',
    'The scope belongs to another API; name that API with the resource parameter',
  ),
  resource_ambiguous: entry('invalid_target', 400, 'resource', 'Name exactly one of the granted resources'),
  untrusted_redirect: entry(
    'invalid_request',
    400,
    'redirect-uri',
    'The application is not trusted with an automatic return',
  ),
  user_denied: entry('access_denied', 403, 'access-denied', 'The request was declined'),
  login_required: entry('login_required', 400, 'interaction', 'Nobody is signed in, or signing in again is required'),
  consent_required: entry('consent_required', 400, 'interaction', 'The person has not agreed to this yet'),
  interaction_required: entry(
    'interaction_required',
    400,
    'interaction',
    'The request cannot be answered without showing a page',
  ),
  account_selection_required: entry(
    'account_selection_required',
    400,
    'interaction',
    'An account has to be chosen first',
  ),
  acr_unmet: entry(
    'unmet_authentication_requirements',
    400,
    'interaction',
    'The required way of signing in is not available',
  ),
  acr_unmet_denied: entry('access_denied', 400, 'interaction', 'The required way of signing in is not available'),

  // Interaction pages
  interaction_unknown: entry(
    'invalid_request',
    400,
    'interaction-expired',
    'This sign-in has expired or was already finished',
  ),
  interaction_consumed: entry('invalid_request', 400, 'interaction-expired', 'This sign-in was already finished'),
  browser_binding: entry('access_denied', 403, 'wrong-browser', 'This sign-in was started in another browser'),
  csrf: entry('access_denied', 403, 'csrf', 'The form is out of date or came from another site'),
  return_to: entry('invalid_request', 400, 'parameters', 'A return address in a parameter is not accepted'),
  logout_hint: entry(
    'invalid_request',
    400,
    'logout',
    'id_token_hint is not an ID Token of this server for this client',
  ),
  logout_redirect: entry('invalid_request', 400, 'logout', 'The return address after signing out is not registered'),

  // PKCE at the authorization endpoint
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

  // Client authentication
  client_auth_missing: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_failed: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_method: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_unknown: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
  client_auth_disabled: entry('invalid_client', 401, 'client-authentication', 'Client authentication failed'),
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

  // Token endpoint
  grant_type_missing: entry('invalid_request', 400, 'grant-type', 'grant_type is missing'),
  grant_type: entry('unsupported_grant_type', 400, 'grant-type', 'The grant type is not offered'),
  grant_not_allowed: entry(
    'unauthorized_client',
    400,
    'unauthorized-client',
    'The client is not registered for this grant',
  ),
  code_missing: entry('invalid_request', 400, 'authorization-code', 'code is missing'),
  code_unknown: entry('invalid_grant', 400, 'authorization-code', 'The authorization code is not valid'),
  code_of_another_client: entry('invalid_grant', 400, 'authorization-code', 'The authorization code is not valid'),
  code_redirect_uri: entry('invalid_grant', 400, 'redirect-uri', 'redirect_uri differs from the authorization request'),
  code_redirect_uri_missing: entry(
    'invalid_request',
    400,
    'redirect-uri',
    'This client is registered to repeat redirect_uri',
  ),
  code_redirect_uri_refused: entry(
    'invalid_request',
    400,
    'redirect-uri',
    'redirect_uri has no place in a token request here; leave it out',
  ),
  code_redeemed: entry('invalid_grant', 400, 'authorization-code', 'The authorization code is not valid'),
  code_expired: entry('invalid_grant', 400, 'authorization-code', 'The authorization code is not valid'),
  code_race_lost: entry('invalid_grant', 400, 'authorization-code', 'The authorization code is not valid'),
  verifier_missing: entry('invalid_grant', 400, 'pkce-required', 'pkce_required: code verifier required'),
  verifier_syntax: entry(
    'invalid_request',
    400,
    'pkce-verifier',
    'code_verifier must be 43 to 128 unreserved characters',
  ),
  pkce_mismatch: entry('invalid_grant', 400, 'pkce-verifier', 'code_verifier does not match the code challenge'),
  verifier_without_challenge: entry(
    'invalid_request',
    400,
    'pkce-verifier',
    'code_verifier was sent for a code without a challenge',
  ),
  challenge_absent: entry('invalid_grant', 400, 'pkce-required', 'The authorization code is not valid'),
  device_code_missing: entry('invalid_request', 400, 'device-code', 'device_code is missing'),
  device_code_unknown: entry('invalid_grant', 400, 'device-code', 'The device code is not valid'),
  device_code_of_another_client: entry('invalid_grant', 400, 'device-code', 'The device code is not valid'),
  device_code_redeemed: entry('invalid_grant', 400, 'device-code', 'The device code is not valid'),
  device_code_expired: entry('expired_token', 400, 'device-code', 'Nobody entered the code in time; start again'),
  device_denied: entry('access_denied', 400, 'device-code', 'The person did not let the device in'),
  authorization_pending: entry('authorization_pending', 400, 'device-code', 'The person has not decided yet'),
  slow_down: entry('slow_down', 400, 'device-code', 'Wait 5 seconds longer between two requests from now on'),
  subject_inactive: entry('invalid_grant', 400, 'grant-ended', 'The authorization has ended'),
  authorization_revoked: entry('invalid_grant', 400, 'grant-ended', 'The authorization has ended'),
  session_ended: entry('invalid_grant', 400, 'grant-ended', 'The authorization has ended'),
  // Proofs of possession (RFC 9449)
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
  refresh_missing: entry('invalid_request', 400, 'refresh-token', 'refresh_token is missing'),
  refresh_unknown: entry('invalid_grant', 400, 'refresh-token', 'The refresh token is not valid'),
  refresh_of_another_client: entry('invalid_grant', 400, 'refresh-token', 'The refresh token is not valid'),
  refresh_expired: entry('invalid_grant', 400, 'refresh-token', 'The refresh token is not valid'),
  refresh_reused: entry('invalid_grant', 400, 'refresh-token', 'The refresh token is not valid'),

  // Revocation, introspection and own resources
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

  // Registration by the client itself
  registration_token: entry(
    'invalid_token',
    401,
    'client-registration',
    'The token is not valid for this registration',
  ),
  registration_read_only: entry('access_denied', 403, 'client-registration', 'Clients may not change themselves here'),
  registration_quota: entry(
    'temporarily_unavailable',
    429,
    'client-registration',
    'No more registrations now; try later',
  ),
  registration_body: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'The body must be one JSON object of type application/json, without members that occur twice',
  ),
  registration_redirect_uri: entry(
    'invalid_redirect_uri',
    400,
    'client-registration',
    'Register 1 to 20 complete redirect URIs: https with a host name, or for native clients loopback http or a private-use scheme',
  ),
  registration_redirect_type: entry(
    'invalid_redirect_uri',
    400,
    'client-registration',
    'Loopback and private-use redirect URIs are for native clients: send application_type native',
  ),
  registration_redirect_host: entry(
    'invalid_redirect_uri',
    400,
    'client-registration',
    'This server does not take registrations for that redirect host',
  ),
  registration_metadata: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'A member of the metadata is not valid',
  ),
  registration_pkce: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'PKCE with S256 is required of every client; there is nothing to set',
  ),
  registration_grant: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'Use the grant type authorization_code, refresh_token where it may be registered here, and response type code',
  ),
  registration_authentication: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'token_endpoint_auth_method must be none, client_secret_basic, client_secret_post or private_key_jwt, and none for native clients',
  ),
  registration_authentication_key: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'Secrets are not taken here: token_endpoint_auth_method must be none or private_key_jwt, and none for native clients',
  ),
  registration_scope: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'The scope is more than a client may register for itself',
  ),
  registration_name: entry(
    'invalid_client_metadata',
    400,
    'client-registration',
    'client_name must be at most 100 plain characters and must not look like a reserved name',
  ),
  software_statement_invalid: entry(
    'invalid_software_statement',
    400,
    'software-statement',
    'The software statement is not a valid, signed JWT of its issuer',
  ),
  software_statement_untrusted: entry(
    'unapproved_software_statement',
    400,
    'software-statement',
    'The issuer of the software statement is not trusted here',
  ),
} as const satisfies Record<string, ReasonEntry>

/** The stable id of a refusal. */
export type Reason = keyof typeof reasons

/** The class of a failed code exchange (A-LOG-01). */
export type ExchangeClass =
  'suspected_interception' | 'suspected_replay' | 'expired' | 'redirect_mismatch' | 'client_auth_failed' | 'malformed'
