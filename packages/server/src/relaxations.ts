import { hiddenCharacters } from '@sallyport/protocol'
import type { Random, Seconds } from '@sallyport/protocol'
import { orderedId } from './ids.ts'
import { isPublic, type Client } from './model/client.ts'
import { exceptionSpan, type PkceException } from './model/exception.ts'
import type { Store } from './model/store.ts'
import type { Policy } from './policy.ts'

// Everything that loosens a rule stands in this file (design, section 5): one dated record, and nothing else.

/** What somebody says who asks for an exception. */
export type ExceptionRequest = Pick<
  PkceException,
  'clientId' | 'owner' | 'reason' | 'ticket' | 'compensatingControl' | 'acceptedBy' | 'deadline'
>

/** A member that cannot stand as it is: which, and why. */
export type ExceptionFault = { readonly member: string; readonly problem: string }

/** An exception that was refused, with every fault at once. */
export class ExceptionRefused extends Error {
  readonly faults: readonly ExceptionFault[]

  constructor(faults: readonly ExceptionFault[]) {
    super(faults.map(({ member, problem }) => `${member}: ${problem}`).join('; '))
    this.name = 'ExceptionRefused'
    this.faults = faults
  }
}

/**
 * Whether a client can have an exception at all: it proves who it is at the token endpoint, an administrator registered
 * it, and it uses codes. Never a public client, never one that registered itself, never one under FAPI 2.0 (A-GOV-01).
 */
export const mayHaveException = (client: Client): boolean => client.profile === 'oauth21' && isVouchedFor(client)

const isVouchedFor = (client: Client): boolean =>
  !isPublic(client) && client.channel === 'managed' && client.grantTypes.includes('authorization_code')

const texts = ['owner', 'reason', 'ticket', 'compensatingControl', 'acceptedBy'] as const
function textFault(member: string, text: string): ExceptionFault | undefined {
  if (text.trim() === '') return { member, problem: 'is missing' }
  if (text.length > 500) return { member, problem: 'is longer than 500 characters' }
  return hiddenCharacters.test(text) ? { member, problem: 'has a character that cannot be seen' } : undefined
}

const sameName = (first: string, second: string): boolean =>
  first.normalize('NFKC').trim().toLowerCase() === second.normalize('NFKC').trim().toLowerCase()

/** A second person decides: whoever wants the exception does not accept its risk. */
const acceptorFault = (owner: string, acceptedBy: string): ExceptionFault | undefined =>
  sameName(owner, acceptedBy)
    ? { member: 'acceptedBy', problem: 'is the owner; somebody else has to accept the risk' }
    : undefined

function deadlineFault(deadline: number, now: Seconds): ExceptionFault | undefined {
  if (!Number.isFinite(deadline) || deadline <= now) return { member: 'deadline', problem: 'is not in the future' }
  return deadline - now > exceptionSpan
    ? { member: 'deadline', problem: `is more than ${exceptionSpan / 86_400} days away` }
    : undefined
}

const found = (faults: readonly (ExceptionFault | undefined)[]): readonly ExceptionFault[] =>
  faults.filter((fault) => fault !== undefined)

/** Everything that speaks against an exception that is made at `now`; the client is left out where it is not known. */
export const exceptionFaults = (
  request: ExceptionRequest,
  client: Client | undefined,
  now: Seconds,
): readonly ExceptionFault[] =>
  found([
    client === undefined || mayHaveException(client)
      ? undefined
      : {
          member: 'clientId',
          problem:
            'is not a confidential client with codes that an administrator registered, or it is held to FAPI 2.0',
        },
    ...texts.map((member) => textFault(member, request[member])),
    acceptorFault(request.owner, request.acceptedBy),
    deadlineFault(request.deadline, now),
  ])

/** Makes the record of an exception. Throws `ExceptionRefused` with every fault. */
export function newException(
  request: ExceptionRequest,
  client: Client,
  { now, random }: { readonly now: Seconds; readonly random: Random },
): PkceException {
  const faults = exceptionFaults(request, client, now)
  if (faults.length > 0) throw new ExceptionRefused(faults)
  const { clientId, owner, reason, ticket, compensatingControl, acceptedBy, deadline } = request
  const said = { clientId, owner, reason, ticket, compensatingControl, acceptedBy, deadline }
  const state = { createdAt: now, renewedAt: undefined, revokedAt: undefined, uses: 0, lastUsedAt: undefined }
  return { id: `exception_${orderedId(now, random)}`, ...said, ...state }
}

/** The name that stands there already is no new decision, and two people see more than one (A-GOV-02). */
const sameAcceptor = (before: string, acceptedBy: string): ExceptionFault | undefined =>
  sameName(before, acceptedBy)
    ? { member: 'acceptedBy', problem: 'accepted it before; somebody else has to accept the renewal' }
    : undefined

/** What keeps an exception from being renewed; the store decides the race. Throws `ExceptionRefused`. */
export function requireRenewable(
  exception: PkceException,
  renewal: { readonly acceptedBy: string; readonly deadline: number },
  now: Seconds,
): void {
  const faults = found([
    exception.renewedAt === undefined
      ? undefined
      : { member: 'id', problem: 'was renewed before, and only once is possible' },
    textFault('acceptedBy', renewal.acceptedBy),
    acceptorFault(exception.owner, renewal.acceptedBy) ?? sameAcceptor(exception.acceptedBy, renewal.acceptedBy),
    deadlineFault(renewal.deadline, now),
  ])
  if (faults.length > 0) throw new ExceptionRefused(faults)
}

/** The exception under which this client may ask for a code without a challenge; asked only when the challenge is missing. */
export async function exceptionFor(
  { store, policy }: { readonly store: Pick<Store, 'exceptions'>; readonly policy: Policy },
  client: Client,
  now: Seconds,
): Promise<PkceException | undefined> {
  if (policy.pkceExceptions !== 'dated' || !mayHaveException(client)) return undefined
  return store.exceptions.inForce(client.id, now)
}
