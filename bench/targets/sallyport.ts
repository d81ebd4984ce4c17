import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  benchApiScope,
  benchRedirectUri,
  benchResource,
  benchScope,
  type BenchClient,
  type BenchSigner,
} from '../deployment.ts'
import { freePort } from '../free-port.ts'
import { randomText } from '../load/randomness.ts'
import { newSigningKey } from './signing-key.ts'
import type { Provisioned, Target } from './target.ts'

const source = fileURLToPath(new URL('../../packages/sallyport/bin/sallyport.mjs', import.meta.url))
const daemon = [process.execPath, '--conditions=@sallyport/source', source]

// One client sends here what a city sends elsewhere: its requests are counted as always, against the highest limits.
const limits = `version: 1
policy:
  authorizationRequestsPerMinute: 1000000
  pushedRequestsPerMinute: 1000000
  tokenRequestsPerMinute: 1000000
  introspectionRequestsPerMinute: 2000000
`

type Run = (args: readonly string[], input?: string) => Promise<string>

/** Runs one command of the command line to its end and returns what it printed. */
const runCommand: Run = async (args, input) => {
  const [program = '', ...before] = daemon
  const running = promisify(execFile)(program, [...before, ...args])
  running.child.stdin?.end(input ?? '')
  return (await running).stdout
}

interface Created {
  readonly client_id: string
  readonly client_secret: string
}

const register = async (store: readonly string[], args: readonly string[]): Promise<Created> =>
  JSON.parse(await runCommand(['client', 'create', ...args, ...store, '--json'])) as Created

async function createClient(store: readonly string[], args: readonly string[]): Promise<BenchClient> {
  const created = await register(store, args)
  return { id: created.client_id, secret: created.client_secret }
}

/** The app again, as the FAPI 2.0 profile wants it: it signs, it pushes, its tokens are bound. */
async function createBank(folder: string, store: readonly string[], app: readonly string[]): Promise<BenchSigner> {
  const privateKey = newSigningKey()
  const { kty, crv, x, y, kid, alg, use } = privateKey
  const file = join(folder, 'bank.jwks.json')
  writeFileSync(file, JSON.stringify({ keys: [{ kty, crv, x, y, kid, alg, use }] }))
  const created = await register(store, [
    ...app,
    ...['--name', 'Bench bank', '--authentication-method', 'private_key_jwt', '--jwks', file],
    ...['--require-pushed-requests', '--dpop-bound-access-tokens'],
  ])
  return { id: created.client_id, privateKey }
}

async function provision(folder: string, port: number): Promise<Provisioned> {
  const issuer = `http://127.0.0.1:${port}`
  const store = ['--store', `sqlite:${join(folder, 'sallyport.sqlite')}`, '--data', join(folder, 'data')]
  const person = { username: 'bench', password: randomText() }
  await runCommand(['migrate', '--issuer', issuer, ...store])
  await runCommand(['user', 'create', '--username', person.username, '--password-stdin', ...store], person.password)
  await runCommand([
    'resource',
    'create',
    benchResource,
    '--name',
    'Bench API',
    '--scope',
    `${benchApiScope}=Read`,
    ...store,
  ])
  // ES256 like the other rows, and refresh tokens that end with the session, which is what the others issue as well.
  const web = [
    ...['--type', 'web', '--redirect-uri', benchRedirectUri, '--scope', benchScope],
    ...['--id-token-algorithm', 'ES256', '--session-refresh-tokens'],
  ]
  const app = await createClient(store, [...web, '--name', 'Bench app'])
  const bank = await createBank(folder, store, web)
  const service = await createClient(store, ['--type', 'service', '--name', 'Bench service', '--scope', benchApiScope])
  writeFileSync(join(folder, 'sallyport.yaml'), limits)
  const ports = [
    '--config',
    join(folder, 'sallyport.yaml'),
    '--port',
    String(port),
    '--management-port',
    String(await freePort()),
  ]
  return {
    command: [...daemon, 'start', '--issuer', issuer, ...store, ...ports],
    deployment: {
      issuer,
      app,
      service,
      bank,
      redirectUri: benchRedirectUri,
      scope: benchScope,
      apiScope: benchApiScope,
      resource: benchResource,
      introspectionResource: benchResource,
      person,
    },
  }
}

/** Sallyport as an operator starts it: its own process, a SQLite file, clients made on the command line. */
export const sallyport: Target = {
  name: 'sallyport',
  label: 'Sallyport, SQLite',
  missing: () => (existsSync(source) ? undefined : 'packages/sallyport/bin/sallyport.mjs does not exist yet'),
  provision,
}
