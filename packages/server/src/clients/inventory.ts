import type { Seconds } from '@sallyport/protocol'
import type { ClientRegistration } from './registration.ts'

/** As a fault of the rules, which import this file. */
type Fault = { readonly member: string; readonly problem: string }

const day = 86_400
/** A review is due at most so long after the last (A-GOV-05). */
export const reviewPeriod = 365 * day

const control = /\p{Cc}/u

/** Who answers for a client, what it is for, how secure it has to be, and when somebody looks at it again. */
export function inventoryFaults({ owner, purpose, reviewBy, securityLevel }: ClientRegistration): Fault[] {
  const faults: Fault[] = []
  for (const [member, value] of Object.entries({ owner, purpose })) {
    if (value === undefined) continue
    if (typeof value !== 'string' || value.trim() === '' || value.length > 200 || control.test(value))
      faults.push({ member, problem: 'must be a text of at most 200 characters' })
  }
  if (reviewBy !== undefined && !(Number.isFinite(reviewBy) && reviewBy > 0))
    faults.push({ member: 'reviewBy', problem: 'must be an instant' })
  // Nothing lies below the baseline, and a level that could not be kept is not promised (A-GOV-08).
  if (securityLevel !== undefined && (securityLevel as string) !== 'baseline')
    faults.push({ member: 'securityLevel', problem: 'must be baseline, the level that every client keeps' })
  return faults
}

/** A review that lies too far ahead would be none. */
export const reviewFaults = ({ reviewBy }: ClientRegistration, now: Seconds): Fault[] =>
  reviewBy !== undefined && reviewBy > now + reviewPeriod
    ? [{ member: 'reviewBy', problem: 'is more than 12 months away' }]
    : []
