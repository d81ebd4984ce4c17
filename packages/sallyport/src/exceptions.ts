import { exceptionEnd, isInForce, type PkceException, type Store } from '@sallyport/server'
import type { Config } from './config/load.ts'
import { eachPage } from './pages.ts'
import { instant } from './terminal.ts'

const day = 86_400

/** So long before its deadline an exception warns (A-GOV-02). */
export const exceptionNoticeDays = 14
/** So long after its end an exception that nobody revoked is a finding: its client may not be mended. */
const lingering = 90 * day

export const stateOf = (exception: PkceException, now: number): 'in force' | 'revoked' | 'ended' => {
  if (isInForce(exception, now)) return 'in force'
  return exception.revokedAt === undefined ? 'ended' : 'revoked'
}

/** Something that has to be told about an exception. */
export type ExceptionNotice = { readonly exception: PkceException; readonly problem: string; readonly fix: string }

/** Exceptions that are in force, or that ran out lately without anybody ending them. */
export async function standingExceptions(
  store: Pick<Store, 'exceptions'>,
  now: number,
): Promise<readonly PkceException[]> {
  const all = await eachPage((after) => store.exceptions.list(after, 200))
  return all.filter(
    (one) => isInForce(one, now) || (one.revokedAt === undefined && exceptionEnd(one) + lingering > now),
  )
}

const uses = ({ uses: count, lastUsedAt }: PkceException): string =>
  count === 0 ? 'never used' : `used ${count} times, last at ${instant(lastUsedAt)}`

/** Only one that was used keeps its client from another (see `exceptionCoolingOff`). */
function afterwards(exception: PkceException): string {
  const until = instant(exceptionEnd(exception) + lingering)
  return exception.uses > 0
    ? `it gets no other exception before ${until}`
    : `nothing came in by it, so another can be made at any time; this is told until ${until}`
}

/** What is told about each of them, wherever it is told: in the doctor, the check, at the start and in the coverage. */
export function exceptionNotices(
  { policy }: Pick<Config, 'policy'>,
  exceptions: readonly PkceException[],
  now: number,
): readonly ExceptionNotice[] {
  const forbidden = policy.pkceExceptions !== 'dated'
  return exceptions.map((exception) => {
    const { id, clientId, deadline } = exception
    const end = `run: sallyport exception revoke ${id}`
    if (!isInForce(exception, now))
      return {
        exception,
        problem: `${clientId} had an exception until ${instant(deadline)}, ${uses(exception)}`,
        fix: `see that it sends a challenge; ${afterwards(exception)}`,
      }
    if (forbidden) return { exception, problem: `${clientId} has an exception that the policy forbids`, fix: end }
    const soon = deadline - now <= exceptionNoticeDays * day
    const problem = `${clientId} needs no challenge until ${instant(deadline)}${soon ? ', which is soon' : ''}; ${uses(exception)}`
    return { exception, problem, fix: `mend the client, then ${end}` }
  })
}

/** An exception as JSON has it. */
export const exceptionRecord = (exception: PkceException, now: number): Record<string, unknown> => ({
  id: exception.id,
  client_id: exception.clientId,
  state: stateOf(exception, now),
  owner: exception.owner,
  reason: exception.reason,
  ticket: exception.ticket,
  compensating_control: exception.compensatingControl,
  accepted_by: exception.acceptedBy,
  created_at: instant(exception.createdAt),
  deadline: instant(exception.deadline),
  renewed_at: exception.renewedAt === undefined ? undefined : instant(exception.renewedAt),
  revoked_at: exception.revokedAt === undefined ? undefined : instant(exception.revokedAt),
  uses: exception.uses,
  last_used_at: exception.lastUsedAt === undefined ? undefined : instant(exception.lastUsedAt),
})
