import { fetchTarget } from '../outbound/target.ts'
import type { ClientFault } from './client-fault.ts'
import type { ClientRegistration } from './registration.ts'

/** Where and how a client hears that a session has ended (Back-Channel Logout section 2.2, B-LOG-08). */
export function logoutFaults(input: ClientRegistration, development: boolean): ClientFault[] {
  const { backchannelLogoutUri: uri, backchannelLogoutSessionRequired: bySession } = input
  const faults: ClientFault[] = []
  if (uri !== undefined && (typeof uri !== 'string' || fetchTarget(uri, development) === undefined))
    faults.push({
      member: 'backchannelLogoutUri',
      problem: 'must be an https URL without user information and fragment',
    })
  if (bySession !== undefined && typeof bySession !== 'boolean')
    faults.push({ member: 'backchannelLogoutSessionRequired', problem: 'must be true or false' })
  if (bySession === true && uri === undefined)
    faults.push({
      member: 'backchannelLogoutSessionRequired',
      problem: 'means nothing without backchannelLogoutUri',
    })
  return faults
}
