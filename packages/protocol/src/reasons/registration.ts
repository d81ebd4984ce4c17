import { entry, type ReasonEntry } from './entry.ts'

/** Registration by the client itself (RFC 7591, RFC 7592). */
export const registrationReasons = {
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
    'The body must be one JSON object of type application/json, of at most 1000 members and entries 8 levels deep, with no member twice',
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
    'This server does not take registrations with redirects to that host, after sign-in or after sign-out',
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
    'scope must be values with single spaces between them, none beyond what a client may register for itself',
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
