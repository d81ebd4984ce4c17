import {
  exceptionCoolingOff,
  exceptionEnd,
  exceptionFaults,
  isInForce,
  newException,
  requireRenewable,
  ExceptionRefused,
  type Client,
  type DeclaredObject,
  type ExceptionFault,
  type PkceException,
} from '@sallyport/server'
import { adminEvent } from '../administration.ts'
import type { DeclaredException } from '../config/declared.ts'
import type { Workplace } from '../workplace.ts'
import { fromFile, note, type Work } from './draft.ts'
import type { Difference } from './plan-client.ts'

const eventOf = (place: Workplace, reason: string, { id, clientId, acceptedBy, ticket }: PkceException) =>
  adminEvent(place, {
    event: 'admin.action',
    clientId,
    reason,
    detail: { ...fromFile, exception: id, accepted_by: acceptedBy, ticket },
  })

/** The client as it will be when the change is made. */
const clientAfter = ({ stored, draft }: Work, id: string): Client | undefined =>
  [...draft.createClients, ...draft.updateClients].find((client) => client.id === id) ?? stored.clients.get(id)

function refuse({ draft }: Work, declared: DeclaredException, faults: readonly ExceptionFault[]): void {
  for (const { member, problem } of faults) {
    const name = member === 'clientId' ? 'client' : member
    const origin = Object.hasOwn(declared.places, name) ? declared.places[name] : undefined
    draft.faults.push({ name: declared.key, member: name, origin: origin ?? declared.origin, problem })
  }
}

/** What speaks against a new exception beside what its record says: the policy, and others of the same client (A-GOV-01). */
function obstacles({ place, stored, draft }: Work, { request }: DeclaredException): readonly ExceptionFault[] {
  const now = place.now()
  const others = [...stored.exceptions, ...draft.createExceptions].filter(
    ({ clientId }) => clientId === request.clientId,
  )
  const problems = [
    place.config.policy.pkceExceptions !== 'dated' && 'cannot have an exception: policy.pkceExceptions is not dated',
    others.some((one) => isInForce(one, now)) && 'has an exception that is in force already',
    others.some((one) => coolsOff(one, now)) && 'used an exception that ended less than 90 days ago',
  ]
  return problems.flatMap((problem) => (problem === false ? [] : [{ member: 'clientId', problem }]))
}

const coolsOff = (one: PkceException, now: number): boolean =>
  one.uses > 0 && !isInForce(one, now) && exceptionEnd(one) + exceptionCoolingOff > now

function planNew(work: Work, declared: DeclaredException): void {
  const { place, draft } = work
  const { request, created, key, id } = declared
  const client = clientAfter(work, request.clientId)
  if (client === undefined) {
    refuse(work, declared, [{ member: 'clientId', problem: 'is not there; declare it below clients' }])
    return
  }
  // Whoever applies the file late gets no longer an exception for it. One that is over already is the check's to report.
  const faults = [...exceptionFaults(request, client, created), ...obstacles(work, declared)]
  if (faults.length > 0 || request.deadline <= place.now()) {
    refuse(work, declared, faults)
    return
  }
  const made = { ...newException(request, client, { now: place.now(), random: place.random }), id }
  note(work, { kind: 'exception', id, name: key }, false, [])
  draft.createExceptions.push(made)
  draft.events.push(eventOf(place, 'exception_created', made))
}

const fixed = ['clientId', 'owner', 'reason', 'ticket', 'compensatingControl'] as const

/** A later day with a new acceptance renews an exception, once; nothing else of it can be changed. */
function planKnown(work: Work, declared: DeclaredException, before: PkceException): void {
  const { place, draft } = work
  const { request, key: name, id } = declared
  const object: DeclaredObject = { kind: 'exception', id, name }
  const changed = fixed.filter((member) => before[member] !== request[member])
  if (changed.length > 0) {
    const problem = 'cannot be changed once the exception is made; end it with sallyport exception revoke'
    refuse(
      work,
      declared,
      changed.map((member) => ({ member, problem })),
    )
    return
  }
  const differences: Difference[] = (['acceptedBy', 'deadline'] as const)
    .filter((member) => before[member] !== request[member])
    .map((member) => ({ member, before: before[member], after: request[member] }))
  if (!isInForce(before, place.now()) || differences.length === 0) {
    note(work, object, true, [])
    return
  }
  const { acceptedBy, deadline } = request
  try {
    requireRenewable(before, { acceptedBy, deadline }, place.now())
  } catch (error) {
    if (!(error instanceof ExceptionRefused)) throw error
    refuse(work, declared, error.faults)
    return
  }
  note(work, object, true, differences)
  draft.renewExceptions.push({ id, acceptedBy, deadline, at: place.now() })
  draft.events.push(eventOf(place, 'exception_renewed', { ...before, acceptedBy, deadline }))
}

/** What becomes of a declared exception. One that is over stays as it is: the check tells that it should leave the file. */
export function planException(work: Work, declared: DeclaredException): void {
  const before = work.stored.exceptions.find(({ id }) => id === declared.id)
  if (before === undefined) planNew(work, declared)
  else planKnown(work, declared, before)
}

/** An exception that left the file ends, when that was asked for; its record stays as evidence. */
export function planRevocation({ place, stored, draft }: Work, object: DeclaredObject, prune: boolean): void {
  const before = stored.exceptions.find(({ id }) => id === object.id)
  const stands = before !== undefined && isInForce(before, place.now())
  draft.changes.push({ ...object, action: stands ? 'remove' : 'forget', differences: [] })
  if (stands && !prune) return
  draft.disown.push(object)
  if (!stands) return
  draft.revokeExceptions.push({ id: before.id, at: place.now() })
  draft.events.push(eventOf(place, 'exception_revoked', before))
}
