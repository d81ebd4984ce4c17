/** How much a server demands, or one client of itself; each has everything of the one before (FAPI 2.0, both parts final). */
export const securityProfiles = ['oauth21', 'fapi2', 'fapi2-message-signing'] as const
export type SecurityProfile = (typeof securityProfiles)[number]

/** The one that demands more. */
export const stricterProfile = (one: SecurityProfile, other: SecurityProfile): SecurityProfile =>
  securityProfiles.indexOf(one) < securityProfiles.indexOf(other) ? other : one
