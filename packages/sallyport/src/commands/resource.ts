import type { Command } from 'commander'
import type { Resource } from '@sallyport/server'
import { canonicalResource, parseScope } from '@sallyport/protocol'
import { adminEvent } from '../administration.ts'
import { addCommand, addGroup, collect, withSettings, type Call } from '../command.ts'
import { parseDuration } from '../config/units.ts'
import { refuseOwned } from '../declarations/refuse-owned.ts'
import { exitCode, usage, type ExitCode } from '../failure.ts'
import { table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

type Options = { readonly name?: string; readonly scope?: readonly string[]; readonly accessTokenLifetime?: string }

/** Adds `sallyport resource …`. */
export function addResource(program: Command): void {
  const group = addGroup(program, 'resource', 'APIs that tokens can be issued for')
  withSettings(
    addCommand(group, 'create <uri>', 'register an API, or describe a known one anew', createResource),
    'store',
    'data',
  )
    .requiredOption('--name <name>', 'name that people see when they are asked for consent')
    .option('--scope <name=words>', 'a scope and what it allows in words; may be given several times', collect)
    .option('--access-token-lifetime <duration>', 'shorter life for its access tokens')
  withSettings(addCommand(group, 'list', 'show all APIs', listResources), 'store', 'data')
}

function resourceUri(text: string | undefined): string {
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

const resourceRecord = (resource: Resource): Record<string, unknown> => ({
  resource: resource.id,
  name: resource.name,
  scopes: resource.scopes.map(({ name, description }) => ({ name, description })),
  access_token_lifetime: resource.accessTokenLifetime,
})

async function createResource(call: Call, options: Options, [uri]: readonly string[]): Promise<ExitCode> {
  const id = resourceUri(uri)
  const accessTokenLifetime =
    options.accessTokenLifetime === undefined ? undefined : parseDuration(options.accessTokenLifetime)
  if (options.accessTokenLifetime !== undefined && accessTokenLifetime === undefined)
    throw usage('--access-token-lifetime is a duration such as 5m')
  const resource: Resource = {
    id,
    name: options.name ?? id,
    scopes: (options.scope ?? []).map(scopeOf),
    accessTokenLifetime,
  }
  return inWorkplace(await call.config(), async (place) => {
    const { scopes, name } = resource
    const words = Object.fromEntries(scopes.map((scope) => [scope.name, scope.description]))
    await refuseOwned(place, 'resource', id, {
      name,
      scopes: words,
      ...(accessTokenLifetime && { accessTokenLifetime }),
    })
    const event = adminEvent(place, { event: 'admin.action', reason: 'resource_saved' })
    if (!call.dryRun) await place.store.admin.saveResource(resource, [event])
    call.terminal.data(resourceRecord(resource), `${id} is registered with ${resource.scopes.length} scopes`)
    return exitCode.ok
  })
}

async function listResources(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store }) => {
    const resources = await store.listResources()
    const rows = resources.map(({ id, name, scopes }) => [id, name, scopes.map((scope) => scope.name).join(' ')])
    const text =
      rows.length === 0
        ? 'no resources yet; make one with: sallyport resource create'
        : table(['URI', 'NAME', 'SCOPES'], rows)
    call.terminal.data({ resources: resources.map(resourceRecord) }, text)
    return exitCode.ok
  })
}
