import { lookupKey } from '@sallyport/protocol'
import {
  changeClient,
  ClientMetadataError,
  newSecret,
  registerClient,
  registrationMembers,
  type Client,
  type ClientRegistration,
  type ClientSecret,
  type RegistrationContext,
} from '@sallyport/server'
import { restsUntil } from '../agent-rest.ts'
import type { DeclaredClient } from '../config/declared.ts'
import { withNewSecret } from '../new-secret.ts'

/** One member that differs; `before` is absent for what is new. */
export type Difference = { readonly member: string; readonly before: unknown; readonly after: unknown }

export type ClientPlan = {
  readonly client: Client
  readonly differences: readonly Difference[]
  /** A secret that was made here and is shown once. */
  readonly secret: string | undefined
}

/** What went wrong, by member. */
export type PlanFault = {
  readonly name: string
  readonly member: string
  readonly origin: string
  readonly problem: string
}

export type ClientGround = RegistrationContext & {
  readonly secretOverlap: number
  /** The secret that the file points at. */
  readonly secret: string | undefined
}

/** Members of the record that no declaration is about. */
const beside: ReadonlySet<string> = new Set([
  'id',
  'version',
  'channel',
  'secrets',
  'applicationType',
  'createdAt',
  'updatedAt',
  'disabledAt',
])

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** Members in which two records differ. */
export const differencesOf = (before: Client, after: Client): readonly Difference[] =>
  Object.entries(after)
    .filter(([member, value]) => !beside.has(member) && !same(before[member as keyof Client], value))
    .map(([member, value]) => ({ member, before: before[member as keyof Client], after: value }))

/** A record for a client that is not there yet. */
function planned(declared: DeclaredClient, ground: ClientGround): ClientPlan {
  const { client: made, secret: generated } = registerClient(declared.registration, ground)
  const secrets = ground.secret === undefined ? made.secrets : made.secrets.map((one) => withDigest(one, ground.secret))
  const disabledAt = declared.disabled === true ? ground.now : undefined
  const client: Client = { ...made, id: declared.id, secrets, disabledAt }
  return { client, differences: [], secret: ground.secret === undefined ? generated : undefined }
}

const withDigest = (record: ClientSecret, secret: string | undefined): ClientSecret =>
  secret === undefined ? record : { ...record, digest: lookupKey(secret) }

/** Members that left the file go back to what follows from the type of the client. */
function wholly(declared: DeclaredClient, ground: ClientGround): Partial<ClientRegistration> {
  const { authenticationMethod } = registerClient(declared.registration, ground).client
  const nothing = Object.fromEntries(registrationMembers.map((member) => [member, undefined]))
  return { ...nothing, ...declared.registration, authenticationMethod }
}

/** The record after the file had its say; `undefined` members of the declaration leave alone what it does not speak of. */
function changed(before: Client, declared: DeclaredClient, ground: ClientGround): ClientPlan {
  const next = changeClient(before, wholly(declared, ground), ground)
  const differences = [...differencesOf(before, next)]
  let client: Client = next
  if (declared.disabled !== undefined && declared.disabled !== (before.disabledAt !== undefined)) {
    client = { ...client, disabledAt: declared.disabled ? ground.now : undefined }
    differences.push({ member: 'disabled', before: !declared.disabled, after: declared.disabled })
  }
  const { secret } = ground
  if (
    secret !== undefined &&
    client.secrets.length > 0 &&
    !before.secrets.some((one) => one.digest === lookupKey(secret))
  ) {
    const record = withDigest(newSecret(ground).record, secret)
    client = withNewSecret(client, record, ground.now + ground.secretOverlap)
    // Not even a digest of it is shown.
    differences.push({ member: 'secret', before: 'another one', after: 'the one in the file' })
  }
  return { client, differences, secret: undefined }
}

/** What becomes of one declared client, or why nothing can. */
export function planClient(
  before: Client | undefined,
  declared: DeclaredClient,
  ground: ClientGround,
): ClientPlan | readonly PlanFault[] {
  const fault = (member: string, problem: string): PlanFault => {
    const origin = Object.hasOwn(declared.places, member) ? declared.places[member] : undefined
    return { name: declared.key, member, origin: origin ?? declared.origin, problem }
  }
  if (before !== undefined && before.channel !== 'managed')
    return [fault('type', 'registered itself, so it cannot be declared; declare it under another name')]
  const spent = before?.secrets.find(({ digest }) => ground.secret !== undefined && digest === lookupKey(ground.secret))
  if (spent !== undefined && spent.expiresAt <= ground.now)
    return [fault('secretFile', 'has a secret that has ended; put a new one in its place')]
  if (before !== undefined && declared.disabled === false && restsUntil(before, ground.now) !== undefined)
    return [
      fault('disabled', 'was stopped less than five minutes ago, and tokens of it may still be out; apply it later'),
    ]
  try {
    return before === undefined ? planned(declared, ground) : changed(before, declared, ground)
  } catch (error) {
    if (!(error instanceof ClientMetadataError)) throw error
    return error.faults.map(({ member, problem, fix }) =>
      fault(
        member,
        fix === undefined ? problem : `${problem}; ${fix.replace('add --redirect-uri', 'add redirectUris')}`,
      ),
    )
  }
}
