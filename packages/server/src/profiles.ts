import type { JwsAlgorithm } from '@sallyport/protocol'
import type { Client } from './model/client.ts'
import { stricterProfile, type SecurityProfile } from './model/profile.ts'
import type { Stages, Tightening } from './stages.ts'

/** Tightenings that a profile holds everybody to (FAPI 2.0 Security Profile 5.3.2, Message Signing 5.3.1). */
export const tighteningsOf: Readonly<Record<SecurityProfile, readonly Tightening[]>> = {
  oauth21: [],
  fapi2: ['requirePrivateKeyJwt', 'requirePushedRequests', 'requireSenderConstraint'],
  'fapi2-message-signing': [
    'requirePrivateKeyJwt',
    'requirePushedRequests',
    'requireSenderConstraint',
    'requireSignedRequests',
  ],
}

/** Seconds that codes and pushed requests live at most (FAPI 2.0 Security Profile 5.3.2.1 item 11, 5.3.2.2 item 12). */
export const profileLifetimes = { authorizationCode: 60, pushedRequest: 599 } as const

/** What a profile is asked of: a policy. */
type Held = { readonly profile: SecurityProfile; readonly stages: Stages }

/** The profile that a client is held to: that of the server, or its own where that is stricter. */
export const profileOf = ({ profile }: Pick<Held, 'profile'>, client: Pick<Client, 'profile'>): SecurityProfile =>
  profile === client.profile ? profile : stricterProfile(profile, client.profile)

/** True for a client that is held to FAPI 2.0, with signed messages or without. */
export const isFapi = (held: Pick<Held, 'profile'>, client: Pick<Client, 'profile'>): boolean =>
  profileOf(held, client) !== 'oauth21'

/** Whether a tightening holds for a client: because it holds for all, or because its own profile has it. */
export const holdsFor = (
  { stages }: Pick<Held, 'stages'>,
  client: Pick<Client, 'profile'>,
  name: Tightening,
): boolean => stages[name] === 'enforce' || tighteningsOf[client.profile].includes(name)

/** RS256 is the one algorithm here that FAPI 2.0 does not have (Security Profile 5.4.1, B-FAPI-12). */
export const isFapiAlgorithm = (algorithm: JwsAlgorithm): boolean => algorithm !== 'RS256'
