import { entry, type ReasonEntry } from './entry.ts'

/** Whether and how an authorization request was signed by its client. */
export const requestObjectReasons = {
  jar_required: entry('invalid_request', 400, 'request-object', 'Requests of this client have to be signed'),
  jar_syntax: entry('invalid_request_object', 400, 'request-object', 'The request object cannot be read'),
  jar_encryption: entry('invalid_request_object', 400, 'request-object', 'The request object cannot be decrypted'),
  jar_typ: entry('invalid_request_object', 400, 'request-object', 'The JWT was not made as a request object'),
  jar_alg: entry(
    'invalid_request_object',
    400,
    'request-object',
    'The request object is not signed with an algorithm of this client',
  ),
  jar_keys: entry(
    'invalid_request_object',
    400,
    'request-object',
    'There is no key of this client for the request object',
  ),
  jar_signature: entry(
    'invalid_request_object',
    400,
    'request-object',
    'The request object was not signed by this client, or was altered',
  ),
  jar_client: entry('invalid_request_object', 400, 'request-object', 'The request object names another client'),
  jar_claims: entry('invalid_request_object', 400, 'request-object', 'A claim of the request object is not valid'),
  jar_inside: entry(
    'invalid_request_object',
    400,
    'request-object',
    'A request object must not refer to another request',
  ),
  jar_uri: entry(
    'invalid_request_uri',
    400,
    'request-object',
    'The address of the request is not registered for this application',
  ),
  jar_fetch: entry('invalid_request_uri', 400, 'request-object', 'The request could not be fetched from its address'),
  jar_replayed: entry('invalid_request_object', 400, 'request-object', 'The request object was used before'),
} as const satisfies Record<string, ReasonEntry>
