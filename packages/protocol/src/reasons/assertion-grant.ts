import { entry, type ReasonEntry } from './entry.ts'

const invalid = 'The assertion is not valid here'

/** What an assertion about a person, as an authorization grant, may be refused for (RFC 7523 section 3.1). */
export const assertionGrantReasons = {
  bearer_assertion_missing: entry('invalid_request', 400, 'assertion-grant', 'assertion is missing'),
  bearer_assertion_issuer: entry('invalid_grant', 400, 'assertion-grant', invalid),
  bearer_assertion_invalid: entry('invalid_grant', 400, 'assertion-grant', invalid),
  bearer_assertion_claims: entry('invalid_grant', 400, 'assertion-grant', invalid),
  bearer_assertion_replayed: entry('invalid_grant', 400, 'assertion-grant', invalid),
  bearer_assertion_person: entry('invalid_grant', 400, 'assertion-grant', invalid),
} as const satisfies Record<string, ReasonEntry>
