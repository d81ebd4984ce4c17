import { entry, type ReasonEntry } from './entry.ts'

/** Client and redirect URI: refused with a page, never by a redirect. */
export const clientAddressReasons = {
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
} as const satisfies Record<string, ReasonEntry>
