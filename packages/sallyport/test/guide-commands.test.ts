import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { seconds } from '@sallyport/protocol'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { codeBlocksIn } from '../../../scripts/markdown-code.ts'
import { commandsIn } from '../../../scripts/readme-commands.ts'
import { createScratch, run, type Outcome } from './cli.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const guide = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

/** Commands of the guides that are not run here, each with the reason. Every other one has to end as a reader expects. */
const notRun: readonly (readonly [RegExp, string])[] = [
  [/^sallyport start /, 'stays until it is stopped'],
  [/^sallyport flow /, 'asks the public address of an issuer'],
  [/^sallyport mcp doctor /, 'asks a server on the internet'],
  [/^sallyport explain /, 'wants the id of a request that went wrong'],
  [/^sallyport prove /, 'proves for seconds; its own tests run it as written'],
  [/^sallyport key create /, 'wants a token; its own tests have one'],
]

/** Where a guide says itself that another end than 0 is no failure. */
const mayFind = /^sallyport (?:--config \S+ )?(?:config diff|coverage|incidents|client list --inventory)/

/** What stands in the guides for the id of a client or an exception that the reader has. */
const clientPlaceholder = /client_(?:…|4mXo2n0P1q2r3s4t5u6v7w)/g
const exceptionPlaceholder = /exception_0NbNzBq7wV6u5T4s3R2q/g

/** The day of a reader: the examples have dates, and some of them must not be far. */
const today = Date.parse('2026-12-01T10:00:00Z')

const scratch = createScratch()
const folder = scratch.path('var')
const inFolder = (path: string) => ({ SALLYPORT_STORE: `sqlite:${path}/sallyport.db`, SALLYPORT_DATA: path })

const config = (more: string): string =>
  `version: 1\nissuer: https://id.example.com\nstore: sqlite:${folder}/sallyport.db\ndata: ${folder}\n${more}`

const declared =
  'policy:\n  pkceExceptions: dated\nclients:\n  shop:\n    type: web\n    name: Shop\n    redirectUris: [https://shop.example/cb]\n'

/** The words of a line as a shell would take them, as far as the guides need one. */
function wordsOf(line: string) {
  const found = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain)
  const redirected = (sign: string): string | undefined => {
    const at = found.indexOf(sign)
    return at === -1 ? undefined : found.splice(at, 2)[1]
  }
  const [from, to] = [redirected('<'), redirected('>')]
  return { words: found.slice(1), from, to }
}

/** The last client and exception that a command named; what a reader would copy into the next one. */
const known = { client: '', exception: '' }

async function runLine(line: string, place = folder): Promise<Outcome> {
  const [, piped, typed = line] = /^printf '([^']*)' \| (.*)$/.exec(line) ?? []
  const written = typed
    .replace(/^npx /, '')
    .replaceAll('/var/lib/sallyport', folder)
    .replaceAll('/etc/sallyport', scratch.folder)
    .replaceAll(clientPlaceholder, known.client)
    .replaceAll(exceptionPlaceholder, known.exception)
  const { words, from, to } = wordsOf(written)
  const input = from === undefined ? piped : readFileSync(scratch.path(from), 'utf8')
  const cwd = place === folder ? scratch.folder : place
  const outcome = await run(words, { cwd, env: inFolder(place), input })
  if (to !== undefined) writeFileSync(scratch.path(to), outcome.stdout)
  known.client = /client_[\w-]{22}/.exec(outcome.stdout)?.[0] ?? known.client
  known.exception = /exception_[\w-]{20,}/.exec(outcome.stdout)?.[0] ?? known.exception
  return outcome
}

async function runs(line: string, place?: string): Promise<void> {
  const { code, stderr } = await runLine(line, place)
  const wanted = mayFind.test(line) ? [0, 3] : [0]
  expect({ line, fits: wanted.includes(code ?? -1), code, stderr }).toMatchObject({ line, fits: true })
}

const own = /^(?:printf '[^']*' \| )?(?:npx )?(?=sallyport )/

const commandsOf = (name: string): readonly string[] =>
  commandsIn(guide(name)).filter(
    (line) => own.test(line) && notRun.every(([pattern]) => !pattern.test(line.replace(own, ''))),
  )

/** Those with a test of their own below. */
const special = ['first-client.md', 'operations.md', 'agents.md', 'governance.md', 'prove-in-ci.md']

/** All others, those of tomorrow among them: their commands run one after the other, as they stand there. */
const plain = readdirSync(new URL('../../../docs/', import.meta.url)).filter(
  (name) => name.endsWith('.md') && !special.includes(name) && commandsOf(name).length > 0,
)

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: today })
  mkdirSync(folder)
  writeFileSync(scratch.path('password.txt'), 'a long password for ada\n')
  writeFileSync(scratch.path('sallyport.yaml'), config(declared))
})
afterAll(() => {
  vi.useRealTimers()
  scratch.remove()
})

describe('what the guides tell to type', () => {
  // A new installation is the first thing a reader makes, and everything after it is done there.
  it('A-GOV-07 begins with a first installation, as the guide to operations has it', async () => {
    const lines = commandsOf('operations.md')
    expect(lines[0]).toMatch(/^sallyport migrate --issuer /)
    for (const line of lines) await runs(line)
  })

  it('A-GOV-07 runs word for word, beside a server for development: docs/first-client.md', async () => {
    const place = scratch.path('dev')
    mkdirSync(place)
    await runs('sallyport migrate --issuer http://localhost:7636', place)
    const lines = commandsOf('first-client.md')
    expect(lines).not.toEqual([])
    for (const line of lines) await runs(line, place)
  })

  it('A-GOV-07 knows guides with commands', () => {
    expect(plain.length).toBeGreaterThan(6)
  })

  it.for(plain)('A-GOV-07 runs word for word: docs/%s', async (name) => {
    const lines = commandsOf(name)
    expect(lines).not.toEqual([])
    for (const line of lines) await runs(line)
  })

  it('A-GOV-05 stops agents and lets them go on: docs/agents.md', async () => {
    const lines = commandsOf('agents.md')
    const [create = '', ...rest] = lines
    expect(rest.map((line) => line.replace(clientPlaceholder, 'ID'))).toEqual([
      'sallyport agent list',
      'sallyport agent stop ID --dry-run',
      'sallyport agent stop ID --yes',
      'sallyport agent stop --all --yes',
      'sallyport agent resume ID',
    ])
    await runs(create)
    const agent = known.client
    for (const line of rest.slice(0, -1)) await runs(line)
    known.client = agent
    // As the guide says: not before its last token is over.
    expect((await runLine(rest.at(-1) ?? '')).code).toBe(6)
    await stoppedBefore(agent, 301)
    await runs(rest.at(-1) ?? '')
  })

  it('A-GOV-01, A-GOV-05 changes, contains and excepts a client: docs/governance.md', async () => {
    const shop = 'sallyport client create --type web --name Shop --redirect-uri https://shop.example.com/cb'
    await runs(shop)
    const client = known.client
    const lines = commandsOf('governance.md')
    const verbs = lines.map((line) => line.split(' ').slice(1, 3).join(' '))
    expect(verbs).toEqual([
      ...['client update', 'client list', 'client contain', 'client contain', 'client update'],
      ...['exception create', 'exception list', 'exception renew', 'exception revoke'],
    ])
    // That exceptions may be made stands in sallyport.yaml, as the page says.
    for (const line of lines) {
      known.client = client
      await runs(line)
    }
  })

  it('A-GOV-07 checks, compares and applies what is declared: docs/prove-in-ci.md', async () => {
    const lines = commandsOf('prove-in-ci.md')
    expect(lines).toContain('sallyport --config sallyport.yaml config apply')
    writeFileSync(scratch.path('sallyport.yaml'), config(declared.replace('policy:\n  pkceExceptions: dated\n', '')))
    for (const line of lines) await runs(line)
    const { code } = await runLine('sallyport --config sallyport.yaml config diff')
    expect(code).toBe(0)
  })

  it('A-GOV-01, A-GOV-02 declares the exception of the page, which is a finding until it is in the baseline', async () => {
    const blocks = codeBlocksIn(guide('governance.md')).filter(({ language }) => language === 'yaml')
    const exception = blocks.find(({ code }) => code.startsWith('exceptions:'))?.code ?? ''
    expect(exception).toContain('compensatingControl:')
    writeFileSync(scratch.path('sallyport.yaml'), config(`${declared}${exception}\n`))
    const check = 'sallyport --config sallyport.yaml config check --baseline exceptions.json'
    const found = await runLine(`${check.replace(/ --baseline.*/, '')} --format json`)
    const { findings } = JSON.parse(found.stdout) as { findings: { rule: string; key: string }[] }
    expect([found.code, findings.filter(({ rule }) => rule.startsWith('exception'))]).toEqual([
      3,
      [expect.objectContaining({ rule: 'exception-standing' })],
    ])
    await runLine(`${check} --write-baseline`)
    await runs(check)
    await runs('sallyport --config sallyport.yaml config apply')
    const { stdout } = await runLine('sallyport --config sallyport.yaml exception list --json')
    expect(stdout).toContain('"accepted_by":"Chief of risk"')
  })
})

/** Puts the moment at which an agent was stopped into the past. */
async function stoppedBefore(id: string, ago: number): Promise<void> {
  const store = await openSqliteStore({ path: `${folder}/sallyport.db` })
  const client = await store.findClient(id)
  if (client?.disabledAt === undefined) throw new Error('not stopped')
  const earlier = { ...client, version: client.version + 1, disabledAt: seconds(client.disabledAt - ago) }
  expect(await store.admin.updateClient(earlier, [])).toBe(true)
  await store.close()
}
