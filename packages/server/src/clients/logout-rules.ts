import { redirectUriFault } from '@sallyport/protocol'
import { fetchTarget } from '../outbound/target.ts'
import type { ClientFault } from './client-fault.ts'
import type { ClientRegistration } from './registration.ts'

/** Where a client hears that a session has ended, and where the browser makes it forget (B-LOG-08, B-LOG-13). */
export function logoutFaults(input: ClientRegistration, development: boolean): ClientFault[] {
  const { backchannelLogoutUri: behind, frontchannelLogoutUri: before } = input
  const faults: ClientFault[] = []
  // This machine only for an issuer that is on it too.
  if (behind !== undefined && (typeof behind !== 'string' || fetchTarget(behind, development) === undefined))
    faults.push({
      member: 'backchannelLogoutUri',
      problem: 'must be an https URL without user information and fragment',
    })
  const problem = before === undefined ? undefined : frameProblem(input, before, development)
  if (problem !== undefined) faults.push({ member: 'frontchannelLogoutUri', problem })
  for (const [member, address] of [
    ['backchannelLogoutSessionRequired', 'backchannelLogoutUri'],
    ['frontchannelLogoutSessionRequired', 'frontchannelLogoutUri'],
  ] as const) {
    const value: unknown = input[member]
    if (value !== undefined && typeof value !== 'boolean') faults.push({ member, problem: 'must be true or false' })
    if (value === true && input[address] === undefined)
      faults.push({ member, problem: `means nothing without ${address}` })
  }
  return faults
}

/** Front-Channel Logout section 2: nobody's page is framed but that of whoever people sign in to. */
function frameProblem(
  { redirectUris = [] }: ClientRegistration,
  uri: unknown,
  development: boolean,
): string | undefined {
  if (typeof uri !== 'string') return 'must be an https URL'
  const problem = redirectUriFault(uri, 'web', development)
  if (problem !== undefined) return problem
  const { origin } = new URL(uri)
  const isThere = redirectUris.some(
    (redirectUri) => URL.canParse(redirectUri) && new URL(redirectUri).origin === origin,
  )
  return isThere ? undefined : 'must have scheme, host and port of one of redirectUris'
}
