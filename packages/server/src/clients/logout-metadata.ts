import { flagOf, textOf, type MetadataDocument } from './metadata-fields.ts'
import type { ClientRegistration } from './registration.ts'

export type LogoutMembers = Required<
  Pick<
    ClientRegistration,
    | 'backchannelLogoutUri'
    | 'backchannelLogoutSessionRequired'
    | 'frontchannelLogoutUri'
    | 'frontchannelLogoutSessionRequired'
  >
>

/**
 * Where and how a client hears that sessions end (Back-Channel Logout section 2.2, Front-Channel Logout section 2). Without
 * an address the member beside it says nothing.
 */
export function logoutMembers(document: MetadataDocument): LogoutMembers {
  const behind = textOf(document, 'backchannel_logout_uri')
  const before = textOf(document, 'frontchannel_logout_uri')
  const behindBySession = flagOf(document, 'backchannel_logout_session_required')
  const beforeBySession = flagOf(document, 'frontchannel_logout_session_required')
  return {
    backchannelLogoutUri: behind,
    backchannelLogoutSessionRequired: behind === undefined ? undefined : behindBySession,
    frontchannelLogoutUri: before,
    frontchannelLogoutSessionRequired: before === undefined ? undefined : beforeBySession,
  }
}
