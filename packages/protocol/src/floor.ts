/** The bounds of one number of the policy: default, smallest and largest allowed value. */
export type Bounds = {
  readonly default: number
  readonly min: number
  readonly max: number
  readonly unit: 's' | 'characters' | 'bytes' | 'count'
}

const bounds = (value: number, min: number, max: number, unit: Bounds['unit'] = 's'): Bounds => ({
  default: value,
  min,
  max,
  unit,
})

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/**
 * The floor that no policy goes below and the ceiling that none goes above. A value outside stops the start; there is no
 * entry for PKCE, redirect matching, single use or `iss`, because those are not options.
 */
export const floor = {
  authorizationCodeLifetime: bounds(60, 10, 300),
  pushedRequestLifetime: bounds(minute, 10, 10 * minute),
  authorizationResponseLifetime: bounds(5 * minute, 10, 10 * minute),
  transactionLifetime: bounds(10 * minute, minute, hour),
  accessTokenLifetime: bounds(300, 60, 3600),
  idTokenLifetime: bounds(300, 60, 600),
  refreshTokenIdle: bounds(14 * day, 5 * minute, 90 * day),
  refreshTokenAbsolute: bounds(90 * day, 5 * minute, 365 * day),
  browserRefreshTokenIdle: bounds(hour, 5 * minute, 90 * day),
  browserRefreshTokenAbsolute: bounds(8 * hour, 5 * minute, 365 * day),
  agentAccessTokenLifetime: bounds(2 * minute, minute, 5 * minute),
  agentRefreshTokenIdle: bounds(hour, 5 * minute, day),
  agentRefreshTokenAbsolute: bounds(8 * hour, 5 * minute, 7 * day),
  refreshRetryGrace: bounds(5, 0, 30),
  sessionIdle: bounds(12 * hour, 5 * minute, 30 * day),
  sessionAbsolute: bounds(7 * day, 5 * minute, 90 * day),
  consentLifetime: bounds(180 * day, day, 365 * day),
  clientSecretLifetime: bounds(365 * day, day, 365 * day),
  clientSecretOverlap: bounds(7 * day, 0, 7 * day),
  clientUnusedLimit: bounds(180 * day, 30 * day, 180 * day),
  keyRotationPeriod: bounds(90 * day, day, 365 * day),
  keyPublicationLead: bounds(day, 10 * minute, 30 * day),
  authorizationRequestsPerMinute: bounds(600, 10, 1_000_000, 'count'),
  pushedRequestsPerMinute: bounds(600, 10, 1_000_000, 'count'),
  tokenRequestsPerMinute: bounds(60_000, 60, 1_000_000, 'count'),
  introspectionRequestsPerMinute: bounds(600_000, 60, 2_000_000, 'count'),
  deviceCodeLifetime: bounds(10 * minute, minute, 30 * minute),
  devicePollInterval: bounds(5, 5, 60),
  deviceRequestsPerMinute: bounds(600, 10, 100_000, 'count'),
  backchannelRequestLifetime: bounds(2 * minute, 30, 10 * minute),
  backchannelRequestsPerPerson: bounds(5, 1, 100, 'count'),
  deviceRequestsPerNetwork: bounds(20, 1, 10_000, 'count'),
  stateLength: bounds(2048, 512, 4096, 'characters'),
  requestBodySize: bounds(64 * 1024, 8 * 1024, 256 * 1024, 'bytes'),
} as const satisfies Record<string, Bounds>

/** Name of a number in the policy. */
export type PolicyNumber = keyof typeof floor

/** Seconds for which documents with public keys may be cached. */
export const jwksMaxAge = 300

/** `nonce` values longer than this are refused, never cut. */
export const maxNonceLength = 512

/** How long the row of a used code is kept at least: it is the memory of its challenge (A-PKCE-10). */
export const codeMemory = 10 * minute

/** Bounds of what is said about clients that register themselves; `unusedLifetime` is in seconds. */
export const registrationBounds = {
  perNetwork: { default: 20, min: 1, max: 1000 },
  mostClients: { default: 1000, min: 1, max: 100_000 },
  unusedLifetime: { default: 30 * day, min: hour, max: 365 * day },
} as const

/** Where anybody may register, a client that nobody uses stays no longer than this (A-DCR-02). */
export const openUnusedLifetime = 30 * day
