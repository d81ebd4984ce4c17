import {
  changeClient,
  createManagedClient,
  hasSecret,
  newSecret,
  registerClient,
  type Client,
  type ClientRegistration,
  type SecurityEvent,
} from '@sallyport/server'
import { adminEvent, registrationContext } from './administration.ts'
import { explained, registration, type Options } from './client-options.ts'
import { clientRecord, clientText, findClient, secretUses } from './client-record.ts'
import { refuseDryRun, type Call } from './command.ts'
import { CommandFailure, exitCode, type ExitCode } from './failure.ts'
import { writeNewKey } from './key-files.ts'
import { refuseOwned } from './declarations/refuse-owned.ts'
import { withNewSecret } from './new-secret.ts'
import { sectorFault } from './sector.ts'
import { sharingDetail, type SharingDetail } from './shared-redirect-uri.ts'
import { inWorkplace, type Workplace } from './workplace.ts'

export async function createClient(call: Call, options: Options): Promise<ExitCode> {
  const config = await call.config()
  return inWorkplace(config, async (place) => {
    const wanted = registration(options) as ClientRegistration
    const context = registrationContext(place)
    const planned = (await explained(() => registerClient(wanted, context))).client
    await mustKnowResources(place, resourcesNamed(planned))
    await mustBeInSector(place, planned, undefined)
    const allowSharedRedirectUri = options.allowSharedRedirectUri ?? false
    const detail = await sharingDetail(place, planned, { allowed: allowSharedRedirectUri })
    const eventOf = ({ id }: Client): SecurityEvent =>
      adminEvent(place, {
        event: 'client.registered',
        reason: 'administrator',
        clientId: id,
        detail: planned.type === 'agent' ? { ...detail, agent: true } : detail,
      })
    const { client, secret } = call.dryRun
      ? { client: planned, secret: undefined }
      : await explained(() =>
          createManagedClient(place.store.admin, wanted, context, { allowSharedRedirectUri, eventOf }),
        )
    call.terminal.data(clientRecord(client, secret), clientText(client, secret))
    if (secret !== undefined) call.terminal.say('The secret is shown this once and never again.')
    return exitCode.ok
  })
}

const resourcesNamed = ({ resources, defaultResource, resourceServerOf }: Client): readonly string[] => [
  ...(resources ?? []),
  ...(defaultResource === undefined ? [] : [defaultResource]),
  ...resourceServerOf,
]

async function mustKnowResources({ store }: Workplace, wanted: readonly string[]): Promise<void> {
  for (const id of wanted) {
    if ((await store.findResource(id)) === undefined)
      throw new CommandFailure(
        exitCode.usage,
        `the resource ${id} is unknown; make it with: sallyport resource create ${id}`,
      )
  }
}

async function mustBeInSector(place: Workplace, client: Client, before: Client | undefined): Promise<void> {
  const fault = await sectorFault(place, client, before)
  if (fault === undefined) return
  throw new CommandFailure(exitCode.usage, `--sector-identifier-uri: ${fault.problem}`)
}

type Change = { readonly reason: string; readonly detail?: SharingDetail }

async function save(call: Call, place: Workplace, next: Client, { reason, detail = {} }: Change): Promise<void> {
  if (call.dryRun) return
  const event = adminEvent(place, { event: 'client.updated', reason, clientId: next.id, detail })
  if (!(await place.store.admin.updateClient(next, [event])))
    throw new CommandFailure(
      exitCode.missing,
      'somebody else changed the client at the same time; look at it and try again',
    )
}

/** What the two switches say, as a file would. */
const switched = ({ enable, disable }: Switches): { readonly disabled?: boolean } => {
  if (enable === true) return { disabled: false }
  return disable === true ? { disabled: true } : {}
}

type Switches = { readonly disable?: boolean; readonly enable?: boolean }

export async function updateClient(
  call: Call,
  options: Options & Switches,
  [id]: readonly string[],
): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await findClient(place, id)
    const wanted = registration(options)
    if (options.enable === true && client.type === 'agent' && client.disabledAt !== undefined)
      throw new CommandFailure(exitCode.usage, `start it again with: sallyport agent resume ${client.id}`)
    // To stop a client must be possible at once, whoever it belongs to; the file leaves it stopped unless it says otherwise.
    if (Object.keys(wanted).length > 0 || options.disable !== true)
      await refuseOwned(place, 'client', client.id, { ...wanted, ...switched(options) })
    const changed = await explained(() => changeClient(client, wanted, registrationContext(place)))
    const disabledAt = options.enable === true ? undefined : options.disable === true ? place.now() : client.disabledAt
    const next = { ...changed, disabledAt }
    await mustBeInSector(place, next, client)
    const detail = await sharingDetail(place, next, {
      before: client.redirectUris,
      allowed: options.allowSharedRedirectUri ?? false,
    })
    await save(call, place, next, { reason: options.disable === true ? 'client_disabled' : 'administrator', detail })
    call.terminal.data(clientRecord(next), clientText(next))
    return exitCode.ok
  })
}

export async function deleteClient(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await findClient(place, id)
    await refuseOwned(place, 'client', client.id, undefined)
    if (!(await call.terminal.confirm(`Remove ${client.name} (${client.id}) and everything issued to it?`)))
      throw new CommandFailure(exitCode.usage, `nothing was removed; add --yes to remove ${client.id}`)
    const event = adminEvent(place, { event: 'client.updated', reason: 'client_deleted', clientId: client.id })
    if (!call.dryRun) await place.store.admin.deleteClient(client.id, place.now(), [event])
    call.terminal.data(
      { client_id: client.id, deleted: !call.dryRun },
      call.dryRun ? `would remove ${client.id}` : `${client.id} is gone`,
    )
    return exitCode.ok
  })
}

/** At most two secrets are alive: a third takes the older one away at once, and what still uses it stops. */
async function confirmThird(call: Call, client: Client, now: number): Promise<void> {
  const alive = client.secrets.filter(({ expiresAt }) => expiresAt > now)
  if (alive.length < 2 || call.dryRun) return
  const question = `${client.id} has two secrets that work; the older one would stop at once. Go on?`
  if (!(await call.terminal.confirm(question)))
    throw new CommandFailure(
      exitCode.usage,
      `nothing was changed: ${client.id} has two secrets that work, and the older one would stop at once; add --yes when nothing uses it`,
    )
}

export async function rotateSecret(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await findClient(place, id)
    if (client.authenticationMethod === 'none')
      throw new CommandFailure(exitCode.usage, `${client.id} is a public client and has no secret`)
    if (!hasSecret(client))
      throw new CommandFailure(
        exitCode.usage,
        `${client.id} authenticates with a key; new keys: sallyport client update ${client.id} --jwks FILE`,
      )
    const context = registrationContext(place)
    await confirmThird(call, client, context.now)
    const { secret: fresh, record } = newSecret(context)
    const secret = call.dryRun ? undefined : fresh
    const overlap = place.config.policy.clientSecretOverlap ?? 0
    const rotated = withNewSecret(client, record, context.now + overlap)
    const next: Client = { ...rotated, version: client.version + 1, updatedAt: context.now }
    await save(call, place, next, { reason: 'secret_rotated' })
    const uses = await secretUses(place, client.id)
    call.terminal.data(clientRecord(next, secret, uses), clientText(next, secret, uses))
    if (secret !== undefined) call.terminal.say('The secret is shown this once and never again.')
    return exitCode.ok
  })
}

/** Makes a key for a client. Only its public half is printed, and this is what the server is to be given. */
export function newKey(
  call: Call,
  { out, algorithm = 'ES256' }: { readonly out?: string; readonly algorithm?: string },
): Promise<ExitCode> {
  refuseDryRun(call)
  const keys = { keys: [writeNewKey(out ?? '', algorithm)] }
  call.terminal.data(keys, JSON.stringify(keys, undefined, 2))
  call.terminal.say(`The private key is in ${out ?? ''}; nobody but the application should be able to read it.`)
  return Promise.resolve(exitCode.ok)
}
