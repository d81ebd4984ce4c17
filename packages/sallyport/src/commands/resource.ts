import type { Command } from 'commander'
import { addCommand, addGroup, collect, withSettings, type Action, type Call } from '../command.ts'
import { exitCode, type ExitCode } from '../failure.ts'
import { resourceRecord, resourceText } from '../resource-record.ts'
import { table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

/** Adds `sallyport resource …`. */
export function addResource(program: Command): void {
  const group = addGroup(program, 'resource', 'APIs that tokens can be issued for')
  described(
    verb(group, 'create <uri>', 'register an API, or describe a known one anew', changes('createResource')),
  ).requiredOption('--name <name>', 'name that people see when they are asked for consent')
  described(verb(group, 'update <uri>', 'change an API; what is not named stays', changes('updateResource')))
    .option('--name <name>', 'name that people see when they are asked for consent')
    .option('--no-access-token-lifetime', 'its access tokens live as long as others again')
    .option('--no-documentation', 'there is no documentation any more')
    .option('--no-not-by-device', 'every scope may be granted to devices again')
  verb(group, 'get <uri>', 'show one API', getResource)
  verb(group, 'list', 'show all APIs', listResources)
  verb(
    group,
    'check [uri]',
    'ask each API whether it names this server, and this server whether it names the API',
    check,
  )
  verb(group, 'delete <uri>', 'remove an API; nothing is issued for it any more', changes('deleteResource'))
}

const check: Action<object> = async (call, options, operands) =>
  (await import('../resource-check.ts')).checkResources(call, options, operands)

type Changes = typeof import('../resource-changes.ts')
type Verb = 'createResource' | 'updateResource' | 'deleteResource'

/** The rules are loaded only for commands that need them: lists should be quick. */
const changes =
  (name: Verb): Action<object> =>
  async (call, options, operands) => {
    const all: Changes = await import('../resource-changes.ts')
    return all[name](call, options, operands)
  }

function verb(group: Command, words: string, summary: string, action: Action<object>): Command {
  return withSettings(addCommand(group, words, summary, action), 'store', 'data')
}

function described(command: Command): Command {
  return command
    .option('--scope <name=words>', 'a scope and what it allows in words; may be given several times', collect)
    .option('--access-token-lifetime <duration>', 'shorter life for its access tokens')
    .option('--format <format>', 'jwt, which it verifies itself, or opaque, which it asks about')
    .option('--binding <binding>', 'bearer, or dpop: it is never given a token that is not bound to a key')
    .option(
      '--signing-algorithm <alg>',
      'what its tokens are signed with: ES256 (as a rule), Ed25519, EdDSA, PS256, RS256',
    )
    .option('--documentation <url>', 'address of its documentation for developers')
    .option(
      '--not-by-device <scope>',
      'a scope too sensitive for the device grant; may be given several times',
      collect,
    )
}

async function getResource(call: Call, _options: object, [uri]: readonly string[]): Promise<ExitCode> {
  const { findResource } = await import('../resource-changes.ts')
  return inWorkplace(await call.config(), async (place) => {
    const resource = await findResource(place, uri)
    call.terminal.data(resourceRecord(resource), resourceText(resource))
    return exitCode.ok
  })
}

async function listResources(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store }) => {
    const resources = await store.listResources()
    const rows = resources.map(({ id, name, format, scopes }) => [
      id,
      name,
      format,
      scopes.map((scope) => scope.name).join(' '),
    ])
    const text =
      rows.length === 0
        ? 'no resources yet; make one with: sallyport resource create'
        : table(['URI', 'NAME', 'TOKENS', 'SCOPES'], rows)
    call.terminal.data({ resources: resources.map(resourceRecord) }, text)
    return exitCode.ok
  })
}
