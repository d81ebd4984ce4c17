import { entry, type ReasonEntry } from './entry.ts'

/** The pages that a person sees. */
export const interactionPageReasons = {
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
} as const satisfies Record<string, ReasonEntry>
