import { entry, type ReasonEntry } from './entry.ts'

/** How a request is written, and whether the server can answer at all. */
export const requestFormReasons = {
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
  signing_unavailable: entry(
    'temporarily_unavailable',
    503,
    'unavailable',
    'The server cannot reach its signing key; try again shortly',
  ),
  internal: entry(
    'server_error',
    500,
    'server-error',
    'The server failed; the operator can look the request up by its id',
  ),
} as const satisfies Record<string, ReasonEntry>
