import { flagOf, textOf, type MetadataDocument } from './metadata-fields.ts'
import type { ClientRegistration } from './registration.ts'

export type LogoutMembers = Required<
  Pick<ClientRegistration, 'backchannelLogoutUri' | 'backchannelLogoutSessionRequired'>
>

/** Where and how a client hears that sessions end (Back-Channel Logout section 2.2). Without an address the other member says nothing. */
export function logoutMembers(document: MetadataDocument): LogoutMembers {
  const uri = textOf(document, 'backchannel_logout_uri')
  const bySession = flagOf(document, 'backchannel_logout_session_required')
  return {
    backchannelLogoutUri: uri,
    backchannelLogoutSessionRequired: uri === undefined ? undefined : bySession,
  }
}
