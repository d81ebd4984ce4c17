import type { Command } from 'commander'
import {
  changeClient,
  ClientMetadataError,
  newSecret,
  registerClient,
  type Client,
  type ClientRegistration,
} from '@sallyport/server'
import { addCommand, addGroup, collect, withSettings, type Action, type Call } from '../command.ts'
import { clientRecord, clientText } from '../client-record.ts'
import { CommandFailure, exitCode, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { table } from '../terminal.ts'
import { adminEvent, inWorkplace, registrationContext, type Workplace } from '../workplace.ts'

type Options = {
  readonly type?: string
  readonly name?: string
  readonly redirectUri?: readonly string[]
  readonly postLogoutRedirectUri?: readonly string[]
  readonly allowedOrigin?: readonly string[]
  readonly scope?: string
  readonly defaultScope?: string
  readonly resource?: readonly string[]
  readonly resourceServerOf?: readonly string[]
  readonly grantType?: readonly string[]
  readonly authenticationMethod?: string
  readonly idTokenAlgorithm?: string
  readonly firstParty?: boolean
  readonly requireState?: boolean
  readonly sessionRefreshTokens?: boolean
  readonly accessTokenLifetime?: string
}

/** Adds `sallyport client …`. */
export function addClient(program: Command): void {
  const group = addGroup(program, 'client', 'applications that may ask for tokens')
  const create = described(verb(group, 'create', 'register an application', createClient))
  create.requiredOption('--type <type>', 'web, spa, native, device or service')
  create.requiredOption('--name <name>', 'name that people see when they are asked for consent')
  const update = described(verb(group, 'update <client-id>', 'change an application; what is not named stays', update_))
  update.option('--name <name>', 'name that people see when they are asked for consent')
  update.option('--disable', 'stop it at once; everything issued to it is dead').option('--enable', 'let it go on')
  verb(group, 'get <client-id>', 'show one application', getClient)
  verb(group, 'list', 'show all applications', listClients)
  verb(group, 'delete <client-id>', 'remove an application and everything issued to it', deleteClient)
  verb(group, 'rotate-secret <client-id>', 'make a new secret; the old one works for the overlap', rotateSecret)
}

function verb<O extends object>(group: Command, words: string, summary: string, action: Action<O>): Command {
  return withSettings(addCommand(group, words, summary, action), 'store', 'data')
}

function described(command: Command): Command {
  return command
    .option('--redirect-uri <uri>', 'complete address to return to; may be given several times', collect)
    .option('--post-logout-redirect-uri <uri>', 'address to return to after signing out', collect)
    .option('--allowed-origin <origin>', 'origin that may call the token endpoint from a browser', collect)
    .option('--scope <scope>', 'all that it may ask for, separated by spaces')
    .option('--default-scope <scope>', 'scope of a request that names none')
    .option('--resource <uri>', 'API it may ask tokens for; all of them when left out', collect)
    .option('--resource-server-of <uri>', 'API it is the server of, so that it may introspect tokens for it', collect)
    .option('--grant-type <type>', 'authorization_code, refresh_token or client_credentials', collect)
    .option('--authentication-method <method>', 'none, client_secret_basic or client_secret_post')
    .option('--id-token-algorithm <alg>', 'RS256, PS256, ES256 or EdDSA')
    .option('--first-party', 'it is your own: consent is taken as given')
    .option('--require-state', 'refuse its requests without state')
    .option('--session-refresh-tokens', 'refresh tokens without offline_access, ending with the session')
    .option('--access-token-lifetime <seconds>', 'shorter life for its access tokens')
}

/** The registration that options describe; only members that were named. The rules of the server judge the values. */
function registration(options: Options): Partial<ClientRegistration> {
  const wanted: Record<string, unknown> = {
    type: options.type,
    name: options.name,
    redirectUris: options.redirectUri,
    postLogoutRedirectUris: options.postLogoutRedirectUri,
    allowedOrigins: options.allowedOrigin,
    scope: options.scope,
    defaultScope: options.defaultScope,
    resources: options.resource,
    resourceServerOf: options.resourceServerOf,
    grantTypes: options.grantType,
    authenticationMethod: options.authenticationMethod,
    idTokenAlgorithm: options.idTokenAlgorithm,
    firstParty: options.firstParty,
    requireState: options.requireState,
    sessionRefreshTokens: options.sessionRefreshTokens,
    accessTokenLifetime: options.accessTokenLifetime === undefined ? undefined : Number(options.accessTokenLifetime),
  }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
}

/** Option for a member, so that faults name what was typed. */
const optionOf = (member: string): string => {
  const single: Readonly<Record<string, string>> = {
    redirectUris: 'redirectUri',
    postLogoutRedirectUris: 'postLogoutRedirectUri',
    allowedOrigins: 'allowedOrigin',
    resources: 'resource',
    grantTypes: 'grantType',
  }
  return `--${(single[member] ?? member).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function explained<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ClientMetadataError)) throw error
    const lines = error.faults.map(
      ({ member, problem, fix }) => `${optionOf(member)}: ${problem}${fix === undefined ? '' : `; ${fix}`}`,
    )
    throw new CommandFailure(exitCode.usage, 'the client cannot be registered like this', lines)
  }
}

async function createClient(call: Call, options: Options): Promise<ExitCode> {
  const config = await call.config()
  return inWorkplace(config, async (place) => {
    const wanted = registration(options) as ClientRegistration
    const { client, secret } = explained(() => registerClient(wanted, registrationContext(place)))
    await mustKnowResources(place, [...(client.resources ?? []), ...client.resourceServerOf])
    const event = adminEvent(place, { event: 'client.registered', reason: 'administrator', clientId: client.id })
    if (!call.dryRun && !(await place.store.admin.createClient(client, [event])))
      throw new CommandFailure(exitCode.failed, 'the id of the new client is taken; try again')
    call.terminal.data(clientRecord(client, secret), clientText(client, secret))
    if (secret !== undefined) call.terminal.say('The secret is shown this once and never again.')
    return exitCode.ok
  })
}

async function mustKnowResources({ store }: Workplace, wanted: readonly string[]): Promise<void> {
  for (const id of wanted) {
    if ((await store.findResource(id)) === undefined)
      throw new CommandFailure(
        exitCode.usage,
        `the resource ${id} is unknown; make it with: sallyport resource create ${id}`,
      )
  }
}

async function find({ store }: Workplace, id: string | undefined): Promise<Client> {
  const client = await store.findClient(id ?? '')
  if (client === undefined)
    throw new CommandFailure(exitCode.missing, `there is no client ${id ?? ''}; see sallyport client list`)
  return client
}

async function getClient(call: Call, _options: Options, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await find(place, id)
    call.terminal.data(clientRecord(client), clientText(client))
    return exitCode.ok
  })
}

async function listClients(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store }) => {
    const clients = await eachPage((after) => store.admin.listClients(after, 200))
    const rows = clients.map(({ id, type, name, disabledAt }) => [
      id,
      type,
      name,
      disabledAt === undefined ? 'active' : 'disabled',
    ])
    call.terminal.data(
      { clients: clients.map((client) => clientRecord(client)) },
      rows.length === 0
        ? 'no clients yet; make one with: sallyport client create'
        : table(['ID', 'TYPE', 'NAME', 'STATE'], rows),
    )
    return exitCode.ok
  })
}

async function save(call: Call, place: Workplace, next: Client, reason: string): Promise<void> {
  if (call.dryRun) return
  const event = adminEvent(place, { event: 'client.updated', reason, clientId: next.id })
  if (!(await place.store.admin.updateClient(next, [event])))
    throw new CommandFailure(
      exitCode.missing,
      'somebody else changed the client at the same time; look at it and try again',
    )
}

async function update_(
  call: Call,
  options: Options & { readonly disable?: boolean; readonly enable?: boolean },
  [id]: readonly string[],
): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await find(place, id)
    const changed = explained(() => changeClient(client, registration(options), registrationContext(place)))
    const disabledAt = options.enable === true ? undefined : options.disable === true ? place.now() : client.disabledAt
    const next = { ...changed, disabledAt }
    await save(call, place, next, options.disable === true ? 'client_disabled' : 'administrator')
    call.terminal.data(clientRecord(next), clientText(next))
    return exitCode.ok
  })
}

async function deleteClient(call: Call, _options: Options, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await find(place, id)
    if (!(await call.terminal.confirm(`Remove ${client.name} (${client.id}) and everything issued to it?`)))
      throw new CommandFailure(exitCode.usage, `nothing was removed; add --yes to remove ${client.id}`)
    const event = adminEvent(place, { event: 'client.updated', reason: 'client_deleted', clientId: client.id })
    if (!call.dryRun) await place.store.admin.deleteClient(client.id, place.now(), [event])
    call.terminal.data({ client_id: client.id, deleted: !call.dryRun }, `${client.id} is gone`)
    return exitCode.ok
  })
}

async function rotateSecret(call: Call, _options: Options, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await find(place, id)
    if (client.authenticationMethod === 'none')
      throw new CommandFailure(exitCode.usage, `${client.id} is a public client and has no secret`)
    const context = registrationContext(place)
    const { secret, record } = newSecret(context)
    const overlap = place.config.policy.clientSecretOverlap ?? 0
    // At most two live secrets: the newest of the old ones ends with the overlap, all others end now.
    const old = [...client.secrets].sort((a, b) => b.createdAt - a.createdAt)[0]
    const kept =
      old === undefined
        ? []
        : [{ ...old, expiresAt: Math.min(old.expiresAt, context.now + overlap) as typeof old.expiresAt }]
    const next: Client = { ...client, version: client.version + 1, secrets: [record, ...kept], updatedAt: context.now }
    await save(call, place, next, 'secret_rotated')
    call.terminal.data(clientRecord(next, secret), clientText(next, secret))
    call.terminal.say('The secret is shown this once and never again.')
    return exitCode.ok
  })
}
