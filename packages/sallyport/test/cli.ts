import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../src/command-line.ts'

/** The program as it is installed. */
export const binary = fileURLToPath(new URL('../bin/sallyport.mjs', import.meta.url))

export const issuer = 'http://127.0.0.1:7636'

export type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export type RunOptions = {
  readonly input?: string | undefined
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** The environment of a test: nothing of the outer one that could be a setting. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(SALLYPORT_|NODE_|VITEST|PORT$|DATABASE_URL$)/.test(name),
  )
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...more }
}

export function startProcess(words: readonly string[], { cwd, env }: RunOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [binary, ...words], { cwd, env: environment(env), stdio: 'pipe' })
  // A test that fails half-way leaves nothing running.
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('close', () => process.removeListener('exit', end))
  return child
}

/** Runs one command to its end, in a process of its own. */
export function runApart(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = startProcess(words, options)
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
    child.stdin?.end(options.input ?? '')
  })
}

/** They write their log past the streams, listen to signals and stay. */
const servers = new Set(['start', 'dev'])
let previous: Promise<unknown> = Promise.resolve()

/**
 * Runs one command to its end, here where it can be: the same code as the program, without the third of a second that a
 * process takes to load it. Commands take turns, since they share what belongs to a process: folder, environment, streams.
 */
export function run(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  if (servers.has(words[0] ?? '')) return runApart(words, options)
  const turn = previous.then(() => runHere(words, options))
  previous = turn.catch(() => undefined)
  return turn
}

async function runHere(words: readonly string[], { cwd, env, input = '' }: RunOptions): Promise<Outcome> {
  const stdout = createSink()
  const stderr = createSink()
  const giveBack = lend({ stdin: Readable.from([Buffer.from(input)]), stdout: stdout.stream, stderr: stderr.stream })
  const before = { folder: process.cwd(), environment: process.env }
  process.env = environment(env)
  if (cwd !== undefined) process.chdir(cwd)
  process.exitCode = undefined
  try {
    const code = await runCommandLine(words)
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    process.exitCode = undefined
    process.env = before.environment
    process.chdir(before.folder)
    giveBack()
  }
}

/** Puts others in the place of streams of this process, until the answer is called. */
function lend(streams: Readonly<Record<'stdin' | 'stdout' | 'stderr', Readable | Writable>>): () => void {
  const own = Object.getOwnPropertyDescriptors(process)
  for (const [name, stream] of Object.entries(streams))
    Object.defineProperty(process, name, { configurable: true, enumerable: true, value: stream })
  return () => {
    for (const name of ['stdin', 'stdout', 'stderr'] as const) Object.defineProperty(process, name, own[name] ?? {})
  }
}

function createSink(): { readonly stream: Writable; text(): string } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk))
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}

/** A folder that is gone after the test file. */
export type Scratch = { readonly folder: string; path(name: string): string; remove(): void }

export function createScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
  return {
    folder,
    path: (name) => join(folder, name),
    remove: () => {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An installation with its store and keys. */
export type Installation = {
  readonly data: string
  readonly store: string
  /** `--store` and `--data` for every command. */
  readonly place: readonly string[]
  /** Runs a command on this installation. */
  run(words: readonly string[], options?: RunOptions): Promise<Outcome>
  /** Runs a command that has to succeed and gives its JSON. */
  json(words: readonly string[], options?: RunOptions): Promise<Record<string, unknown>>
}

/** What stands in `folder`, whether it was prepared or not. */
export function installationIn(folder: string): Installation {
  const data = join(folder, 'data')
  const store = join(folder, 'store.db')
  const place = ['--store', `sqlite:${store}`, '--data', data]
  const here = (words: readonly string[], options?: RunOptions): Promise<Outcome> => run([...words, ...place], options)
  return {
    data,
    store,
    place,
    run: here,
    json: async (words, options) => {
      const { code, stdout, stderr } = await here([...words, '--json'], options)
      if (code !== 0) throw new Error(`sallyport ${words.join(' ')} ended with ${code}: ${stderr}`)
      return JSON.parse(stdout) as Record<string, unknown>
    },
  }
}

/** A migrated installation. */
export async function prepare(folder: string, forIssuer = issuer): Promise<Installation> {
  const installation = installationIn(folder)
  await installation.json(['migrate', '--issuer', forIssuer])
  return installation
}

/** A port that nobody listens at. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })
