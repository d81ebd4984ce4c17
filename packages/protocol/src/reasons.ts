import { assertionGrantReasons } from './reasons/assertion-grant.ts'
import { authorizationRequestReasons } from './reasons/authorization-request.ts'
import { certificateReasons } from './reasons/certificate.ts'
import { clientAddressReasons } from './reasons/client-address.ts'
import { clientAuthenticationReasons } from './reasons/client-authentication.ts'
import type { ReasonEntry } from './reasons/entry.ts'
import { identityAssertionReasons } from './reasons/identity-assertion.ts'
import { interactionPageReasons } from './reasons/interaction-page.ts'
import { pkceReasons } from './reasons/pkce.ts'
import { proofReasons } from './reasons/proof.ts'
import { registrationReasons } from './reasons/registration.ts'
import { requestFormReasons } from './reasons/request-form.ts'
import { requestObjectReasons } from './reasons/request-object.ts'
import { tokenExchangeReasons } from './reasons/token-exchange.ts'
import { tokenRequestReasons } from './reasons/token-request.ts'
import { tokenUseReasons } from './reasons/token-use.ts'

/**
 * Every way in which a request can be refused; each area has a file of its own in `reasons/`, and this table joins them. The
 * key is the stable reason that operators see in events and with `sallyport explain`; the entry is all that the public sees.
 * A check holds the pages and this table together in both directions, and a test that no area takes a name of another.
 */
export const reasons = {
  ...requestFormReasons,
  ...clientAddressReasons,
  ...authorizationRequestReasons,
  ...requestObjectReasons,
  ...interactionPageReasons,
  ...pkceReasons,
  ...clientAuthenticationReasons,
  ...tokenRequestReasons,
  ...assertionGrantReasons,
  ...tokenExchangeReasons,
  ...identityAssertionReasons,
  ...proofReasons,
  ...certificateReasons,
  ...tokenUseReasons,
  ...registrationReasons,
} as const satisfies Record<string, ReasonEntry>

/** The stable id of a refusal. */
export type Reason = keyof typeof reasons

/** The class of a failed code exchange (A-LOG-01). */
export type ExchangeClass =
  'suspected_interception' | 'suspected_replay' | 'expired' | 'redirect_mismatch' | 'client_auth_failed' | 'malformed'
