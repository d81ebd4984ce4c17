import { laterResourceMembers, resourceFaults, type Client, type Resource } from '@sallyport/server'
import { canonicalResource, parseScope } from '@sallyport/protocol'
import { adminEvent } from './administration.ts'
import type { Call } from './command.ts'
import { parseDuration } from './config/units.ts'
import { refuseOwned, type Patch } from './declarations/refuse-owned.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from './failure.ts'
import { eachPage } from './pages.ts'
import { resourceDeclaration, resourceRecord, resourceText } from './resource-record.ts'
import { inWorkplace, type Workplace } from './workplace.ts'

/** What the options of `resource create` and `resource update` say. `false` is an option that was taken back. */
export type Options = {
  readonly name?: string
  readonly scope?: readonly string[]
  readonly accessTokenLifetime?: string | false
  readonly format?: string
  readonly binding?: string
  readonly signingAlgorithm?: string
  readonly documentation?: string | false
  readonly notByDevice?: readonly string[] | false
}

const countOf = ({ length }: readonly unknown[]): string => `${length} scope${length === 1 ? '' : 's'}`

export function resourceUri(text: string | undefined): string {
  const id = canonicalResource(text ?? '')
  if (id === undefined)
    throw usage(
      `a resource is named by an https URI (http on the loopback interface) without a query and a fragment, not by ${JSON.stringify(text ?? '')}`,
    )
  return id
}

function scopeOf(text: string): Resource['scopes'][number] {
  const mark = text.indexOf('=')
  const name = mark === -1 ? text : text.slice(0, mark)
  const description = mark === -1 ? name : text.slice(mark + 1)
  if (parseScope(name)?.length !== 1 || description === '')
    throw usage(
      `--scope is written as name=words, such as --scope "api:read=See your files", not as ${JSON.stringify(text.slice(0, 100))}`,
    )
  return { name, description }
}

function lifetimeOf(text: string): number {
  const seconds = parseDuration(text)
  if (seconds === undefined) throw usage('--access-token-lifetime is a duration such as 5m')
  return seconds
}

/** The members that options name; the rules of the server judge the values. */
function described(options: Options): Partial<Resource> {
  const { name, scope, accessTokenLifetime: lifetime, format, binding, signingAlgorithm } = options
  const { documentation, notByDevice } = options
  const members: Record<string, unknown> = {}
  if (name !== undefined) members['name'] = name
  if (scope !== undefined) members['scopes'] = scope.map(scopeOf)
  if (lifetime !== undefined) members['accessTokenLifetime'] = lifetime === false ? undefined : lifetimeOf(lifetime)
  if (format !== undefined) members['format'] = format
  if (binding !== undefined) members['binding'] = binding
  if (signingAlgorithm !== undefined) members['signingAlgorithm'] = signingAlgorithm
  if (documentation !== undefined) members['documentation'] = documentation === false ? undefined : documentation
  if (notByDevice !== undefined) members['notByDevice'] = notByDevice === false ? [] : notByDevice
  return members
}

const optionOf = (member: string): string =>
  member === 'scopes' ? '--scope' : `--${member.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

function requireSound(resource: Resource): void {
  const faults = resourceFaults(resource)
  if (faults.length === 0) return
  const lines = faults.map(({ member, problem, fix }) =>
    fix === undefined ? `${optionOf(member)}: ${problem}` : `${optionOf(member)}: ${problem}; use ${fix}`,
  )
  throw new CommandFailure(exitCode.usage, 'the API cannot be registered like this', lines)
}

const noSuch = (id: string): CommandFailure =>
  new CommandFailure(exitCode.missing, `there is no API ${id}; see: sallyport resource list`)

export async function findResource({ store }: Workplace, uri: string | undefined): Promise<Resource> {
  const id = resourceUri(uri)
  const resource = await store.findResource(id)
  if (resource === undefined) throw noSuch(id)
  return resource
}

async function save(call: Call, place: Workplace, resource: Resource, patch: Patch): Promise<void> {
  requireSound(resource)
  await refuseOwned(place, 'resource', resource.id, patch)
  const detail = { resource: resource.id, format: resource.format }
  const event = adminEvent(place, { event: 'admin.action', reason: 'resource_saved', detail })
  if (!call.dryRun) await place.store.admin.saveResource(resource, [event])
}

export async function createResource(call: Call, options: Options, [uri]: readonly string[]): Promise<ExitCode> {
  const id = resourceUri(uri)
  const bare = { id, name: id, scopes: [], accessTokenLifetime: undefined, ...laterResourceMembers }
  const resource: Resource = { ...bare, ...described(options) }
  return inWorkplace(await call.config(), async (place) => {
    await save(call, place, resource, resourceDeclaration(resource))
    call.terminal.data(resourceRecord(resource), `${id} is registered with ${countOf(resource.scopes)}`)
    return exitCode.ok
  })
}

export async function updateResource(call: Call, options: Options, [uri]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const resource: Resource = { ...(await findResource(place, uri)), ...described(options) }
    await save(call, place, resource, resourceDeclaration(resource))
    call.terminal.data(resourceRecord(resource), resourceText(resource))
    return exitCode.ok
  })
}

const names = ({ resources, defaultResource, resourceServerOf }: Client, id: string): boolean =>
  resources?.includes(id) === true || defaultResource === id || resourceServerOf.includes(id)

/** From then on nothing is issued for it, and introspection calls its tokens inactive. */
export async function deleteResource(call: Call, _options: object, [uri]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const { id, name } = await findResource(place, uri)
    await refuseOwned(place, 'resource', id, undefined)
    const clients = await eachPage((after) => place.store.admin.listClients(after, 200))
    const users = clients.filter((client) => names(client, id)).map((client) => client.id)
    const who = users.length === 0 ? 'no client names it' : `named by ${users.slice(0, 10).join(', ')}`
    if (!(await call.terminal.confirm(`Remove ${name} (${id}), ${who}? Its tokens end with it.`)))
      throw usage(`nothing was removed (${who}); add --yes to remove ${id}`)
    const event = adminEvent(place, { event: 'admin.action', reason: 'resource_removed', detail: { resource: id } })
    if (!call.dryRun && !(await place.store.admin.removeResource(id, [event]))) throw noSuch(id)
    call.terminal.data({ resource: id, removed: !call.dryRun, named_by: users }, `${id} was removed`)
    return exitCode.ok
  })
}
