import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = fileURLToPath(new URL('../../packages/sallyport/bin/sallyport.mjs', import.meta.url))

export const username = 'ada'
export const password = 'correct horse battery'

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => {
        resolve(port)
      })
    })
  })

/** The outer environment without anything that the program would take for a setting. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:SALLYPORT_|NODE_|VITEST|PORT$|DATABASE_URL$)/.test(name)),
  )

const start = (words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [binary, ...words], { env: environment(), stdio: 'pipe' })

function run(words: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = start(words)
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(stdout)
      else reject(new Error(`sallyport ${words.join(' ')} ended with ${code}: ${stderr}`))
    })
    child.stdin?.end(input)
  })
}

/** Waits until a program listens, and gives what it wrote so far to whoever finds it does not. */
async function ready(child: ChildProcess, url: string): Promise<void> {
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  for (let attempt = 0; attempt < 400 && child.exitCode === null; attempt++) {
    try {
      if ((await fetch(url)).ok) return
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`nobody listens at ${url}:\n${output}`)
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) resolve()
    else child.once('close', () => resolve())
  })

/** The real daemon in a process of its own, with a store of its own. */
export type Sallyport = {
  readonly issuer: string
  /** Registers a client with the words of `sallyport client create`. */
  client(words: readonly string[]): Promise<{ readonly id: string; readonly secret: string }>
  close(): Promise<void>
}

/** Starts the daemon on SQLite with one person and one API. */
export async function startSallyport(api: string): Promise<Sallyport> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-examples-'))
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const place = ['--store', `sqlite:${join(folder, 'store.db')}`, '--data', join(folder, 'data')]
  await run(['migrate', '--issuer', issuer, ...place])
  await run(['user', 'create', '--username', username, '--name', 'Ada', '--password-stdin', ...place], password)
  await run(['resource', 'create', api, '--name', 'Orders', '--scope', 'orders.read=See your orders', ...place])
  const ports = ['--port', String(port), '--management-port', '0']
  const child = start(['start', '--issuer', issuer, ...ports, ...place])
  await ready(child, `${issuer}/.well-known/openid-configuration`)
  return {
    issuer,
    client: async (words) => {
      const made: unknown = JSON.parse(await run(['client', 'create', ...words, ...place, '--json']))
      const { client_id: id = '', client_secret: secret = '' } = made as { client_id?: string; client_secret?: string }
      return { id, secret }
    },
    close: async () => {
      child.kill('SIGTERM')
      await ended(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
