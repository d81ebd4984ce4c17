import type { PolicyNumber } from '@sallyport/protocol'

/** What each number of the policy is about, for the configuration reference. A number without words does not compile. */
export const policyWords: Readonly<Record<PolicyNumber, string>> = {
  authorizationCodeLifetime: 'How long a code can be redeemed.',
  pushedRequestLifetime: 'How long the reference to a pushed request can be opened.',
  authorizationResponseLifetime: 'How long an authorization response counts that travels as a JWT.',
  transactionLifetime: 'How long an unfinished sign-in stays open.',
  accessTokenLifetime: 'Life of an access token. A client or a resource may have a shorter one.',
  idTokenLifetime: 'Life of an ID Token.',
  refreshTokenIdle: 'A refresh token that is not used for so long is dead.',
  refreshTokenAbsolute: 'So long after the sign-in every refresh token is dead.',
  agentAccessTokenLifetime: 'As `accessTokenLifetime`, for clients of type `agent`.',
  agentRefreshTokenIdle: 'As `refreshTokenIdle`, for clients of type `agent`.',
  agentRefreshTokenAbsolute: 'As `refreshTokenAbsolute`, for clients of type `agent`.',
  browserRefreshTokenIdle: 'As `refreshTokenIdle`, for clients of type `spa`.',
  browserRefreshTokenAbsolute: 'As `refreshTokenAbsolute`, for clients of type `spa`.',
  refreshRetryGrace: 'How long a retired refresh token gets the same answer again; 0 turns it off.',
  sessionIdle: 'A signed-in browser that is not seen for so long has to sign in again.',
  sessionAbsolute: 'So long after the sign-in the browser has to sign in again.',
  consentLifetime: 'How long remembered consent holds.',
  clientSecretLifetime: 'Life of a client secret.',
  clientSecretOverlap: 'How long the old secret works after `client rotate-secret`.',
  clientUnusedLimit: 'Use of a client, or a change to it, after which it is disabled',
  keyRotationPeriod: 'How long a signing key is used.',
  keyPublicationLead: 'How long the next signing key is published before it signs.',
  authorizationRequestsPerMinute: 'Authorization requests taken of one client from one network in a minute.',
  pushedRequestsPerMinute: 'Requests that one client may push in a minute; a public client, from one network.',
  tokenRequestsPerMinute: 'Token requests taken of one client in a minute.',
  introspectionRequestsPerMinute: 'Introspection and revocation requests taken of one client in a minute.',
  deviceCodeLifetime: 'How long a device waits for its person.',
  devicePollInterval:
    'Time between two requests of a waiting device; each that comes earlier makes it five seconds longer.',
  backchannelRequestLifetime:
    'Longest time a person has to decide about a request without a browser; a client may ask for less.',
  backchannelRequestsPerPerson:
    'Requests without a browser that may ask one person in ten minutes, whatever the client.',
  deviceRequestsPerMinute: 'Device codes and requests without a browser of one client in a minute.',
  deviceRequestsPerNetwork: 'Device codes given to one network in a minute, whatever the client.',
  stateLength: 'Longest `state`.',
  requestBodySize: 'Largest request body.',
}
