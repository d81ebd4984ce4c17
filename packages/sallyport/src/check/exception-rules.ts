import type { Seconds } from '@sallyport/protocol'
import { exceptionFaults } from '@sallyport/server'
import type { DeclaredException } from '../config/declared.ts'
import { exceptionNoticeDays } from '../exceptions.ts'
import { instant } from '../terminal.ts'
import { now } from '../workplace.ts'
import type { CheckFinding, RuleId } from './finding.ts'
import { placeIn, type Subject } from './subject.ts'

const day = 86_400

/** The member of the file that a fault is about. */
const memberOf = (member: string): string => (member === 'clientId' ? 'client' : member)

type Found = { readonly rule: RuleId; readonly member: string; readonly problem: string; readonly fix: string }

const finding = (declared: DeclaredException, { rule, member, problem, fix }: Found): CheckFinding => ({
  rule,
  key: `exceptions.${declared.key}.${member}`,
  origin: placeIn(declared)(member),
  problem,
  fix,
})

/** What the file says of an exception, judged as at the day it was agreed on (A-GOV-01, A-GOV-02). */
function refusals({ clients, config }: Subject, declared: DeclaredException): readonly CheckFinding[] {
  const { request, created } = declared
  const client = clients.find((one) => one.client.id === request.clientId)?.client
  const found: Found[] = exceptionFaults(request, client, created).map(({ member, problem }) => ({
    rule: 'exception-refused',
    member: memberOf(member),
    problem,
    fix: `change ${memberOf(member)}`,
  }))
  if (created > now() + day)
    found.push({ rule: 'exception-refused', member: 'created', problem: 'lies in the future', fix: 'change created' })
  if (config.policy.pkceExceptions !== 'dated') {
    const fix = 'take it out, or set policy.pkceExceptions to dated'
    found.push({ rule: 'exception-forbidden', member: 'client', problem: 'the policy forbids exceptions', fix })
  }
  return found.map((one) => finding(declared, one))
}

/** What the committed baseline says of it; a day that was put off was not reviewed. */
const isReviewed = ({ reviewed }: Subject, { key, request }: DeclaredException): boolean =>
  reviewed !== undefined &&
  Object.hasOwn(reviewed.exceptions, key) &&
  reviewed.exceptions[key]?.['deadline'] === instant(request.deadline)

/**
 * An exception is a finding as long as it stands. One that the baseline has was looked at, and only says that it is there
 * until its last days; after them it fails whatever the baseline says.
 */
function standing(subject: Subject, declared: DeclaredException, at: Seconds): CheckFinding {
  const { deadline, acceptedBy, clientId } = declared.request
  if (deadline <= at) {
    const problem = `ended ${instant(deadline)}`
    const fix = 'see that the client sends a challenge, then take the exception out'
    return finding(declared, { rule: 'exception-expired', member: 'deadline', problem, fix })
  }
  const soon = deadline - at <= exceptionNoticeDays * day
  const until = `${instant(deadline)}${soon ? ', which is soon' : ''}`
  const problem = `${clientId} needs no challenge until ${until}, accepted by ${acceptedBy}`
  const rule = !soon && isReviewed(subject, declared) ? 'exception-reviewed' : 'exception-standing'
  const fix = 'mend the client before that, then take the exception out'
  return finding(declared, { rule, member: 'deadline', problem, fix })
}

/** Two exceptions of a client would be one without an end. */
function twice({ declarations }: Subject): readonly CheckFinding[] {
  const seen = new Map<string, string>()
  return declarations.exceptions.flatMap((declared) => {
    const { clientId, deadline } = declared.request
    if (deadline <= now()) return []
    const first = seen.get(clientId)
    if (first === undefined) seen.set(clientId, declared.key)
    if (first === undefined) return []
    const problem = `its client has the exception ${first} already`
    return [finding(declared, { rule: 'exception-refused', member: 'client', problem, fix: 'keep one of them' })]
  })
}

/** One that is refused never comes into force, so that it does not stand either. */
function looked(subject: Subject, declared: DeclaredException): readonly CheckFinding[] {
  const refused = refusals(subject, declared)
  const state = standing(subject, declared, now())
  return refused.length > 0 && state.rule !== 'exception-expired' ? refused : [...refused, state]
}

/** What is wrong with the exceptions that the file declares, and that they are there. */
export const exceptionRuleFindings = (subject: Subject): readonly CheckFinding[] => [
  ...subject.declarations.exceptions.flatMap((declared) => looked(subject, declared)),
  ...twice(subject),
]
