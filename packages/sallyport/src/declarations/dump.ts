import {
  isInForce,
  registerClient,
  registrationMembers,
  registrationOf,
  type Client,
  type ClientRegistration,
  type DeclaredObject,
  type PkceException,
  type RegistrationContext,
  type Resource,
} from '@sallyport/server'
import { writtenMembers } from '../config/shapes.ts'
import { resourceDeclaration } from '../resource-record.ts'
import { instant } from '../terminal.ts'
import { differencesOf } from './plan-client.ts'

type Members = Readonly<Record<string, unknown>>

/** A client as a declaration: whatever follows from its type anyway is left out, found by leaving it out. */
export function declarationOf(client: Client, context: RegistrationContext): Members {
  const whole: Record<string, unknown> = { ...registrationOf(client) }
  let kept: Record<string, unknown> = {}
  for (const member of registrationMembers) if (whole[member] !== undefined) kept[member] = whole[member]
  for (const member of registrationMembers) {
    const { [member]: _left, ...rest } = kept
    if (Object.hasOwn(kept, member) && makes(rest, client, context)) kept = rest
  }
  const written = writtenMembers(kept)
  return client.disabledAt === undefined ? written : { ...written, disabled: true }
}

function makes(registration: Members, client: Client, context: RegistrationContext): boolean {
  try {
    const made = registerClient(registration as unknown as ClientRegistration, context).client
    return differencesOf(made, client).length === 0
  } catch {
    return false
  }
}

export type Dumped = {
  readonly clients: Readonly<Record<string, Members>>
  readonly resources: Readonly<Record<string, Members>>
  readonly exceptions: Readonly<Record<string, Members>>
}

const exceptionDeclaration = (exception: PkceException, client: string): Members => ({
  client,
  owner: exception.owner,
  reason: exception.reason,
  ticket: exception.ticket,
  compensatingControl: exception.compensatingControl,
  acceptedBy: exception.acceptedBy,
  // The 90 days of a renewal begin anew.
  created: instant(exception.renewedAt ?? exception.createdAt),
  deadline: instant(exception.deadline),
})

/** What a store holds that files can declare. */
export type Dumpable = {
  readonly clients: readonly Client[]
  readonly resources: readonly Resource[]
  readonly exceptions: readonly PkceException[]
  readonly owned: readonly DeclaredObject[]
}

/** Managed clients, resources and exceptions in force as a file would declare them; one that a file owns has its name there. */
export function dumpDeclarations(
  { clients, resources, exceptions, owned }: Dumpable,
  context: RegistrationContext,
): Dumped {
  const names = new Map(owned.map(({ id, name }) => [id, name]))
  const managed = clients.filter(({ channel }) => channel === 'managed')
  return {
    clients: Object.fromEntries(
      managed.map((client) => [names.get(client.id) ?? client.id, declarationOf(client, context)]),
    ),
    resources: Object.fromEntries(resources.map((resource) => [resource.id, resourceDeclaration(resource)])),
    exceptions: Object.fromEntries(
      exceptions
        .filter((one) => isInForce(one, context.now))
        .map((one) => [
          names.get(one.id) ?? one.id,
          exceptionDeclaration(one, names.get(one.clientId) ?? one.clientId),
        ]),
    ),
  }
}
