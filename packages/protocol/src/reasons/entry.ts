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
  | 'invalid_authorization_details'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'unknown_user_id'
  | 'invalid_binding_message'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'account_selection_required'
  | 'unmet_authentication_requirements'
  | 'registration_not_supported'
  | 'request_not_supported'
  | 'invalid_request_object'
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

export const entry = (error: ErrorCode, status: number, page: string, description: string): ReasonEntry => ({
  error,
  status,
  description,
  page,
})
