import { entry, type ReasonEntry } from './entry.ts'

const page = 'token-exchange'

/** What an exchange of tokens may be refused for (RFC 8693 section 2.2.2). */
export const tokenExchangeReasons = {
  exchange_parameters: entry(
    'invalid_request',
    400,
    page,
    'subject_token and subject_token_type are required, and actor_token and actor_token_type only together',
  ),
  exchange_token_type: entry('invalid_request', 400, page, 'The token type is not supported here'),
  exchange_subject: entry('invalid_request', 400, page, 'The subject token is not valid for this exchange'),
  exchange_actor: entry('invalid_request', 400, page, 'The actor token is not valid for this exchange'),
  exchange_may_act: entry('invalid_request', 400, page, 'The subject token names somebody else who may act'),
  exchange_depth: entry('invalid_request', 400, page, 'The token was passed on too often'),
  exchange_binding: entry('invalid_request', 400, page, 'The subject token is bound to another key'),
  exchange_not_allowed: entry('unauthorized_client', 400, page, 'The client may not make this exchange'),
  exchange_target: entry('invalid_target', 400, page, 'The client may not exchange tokens for this target'),
} as const satisfies Record<string, ReasonEntry>
