import { entry, type ReasonEntry } from './entry.ts'

const page = 'identity-assertion'

/** What a request for an identity assertion, to be taken elsewhere, may be refused for (draft of ID-JAG). */
export const identityAssertionReasons = {
  identity_subject: entry('invalid_grant', 400, page, 'The subject token is not valid for this assertion'),
  identity_not_allowed: entry('invalid_grant', 400, page, 'The assertion is not allowed for this person'),
  identity_sign_in: entry('insufficient_user_authentication', 400, page, 'The person has to sign in anew or otherwise'),
} as const satisfies Record<string, ReasonEntry>
