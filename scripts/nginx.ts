import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { debianPackages } from './debian-packages.ts'

const run = promisify(execFile)

/** A proxy of the distribution, seen to work on this machine. */
export type Nginx = { readonly program: string; readonly version: string }

const installed = '/usr/sbin/nginx'

/**
 * Finds nginx: an installed one, or Debian's package unpacked for this checkout.
 * @throws Error when there is none.
 */
export async function findNginx(): Promise<Nginx> {
  if (existsSync(installed)) return tried(installed)
  const home = await debianPackages('nginx', ['nginx']).catch((error: unknown) => {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw new Error(`no nginx here: ${why}; install it with: apt-get install nginx`)
  })
  return tried(join(home, 'usr/sbin/nginx'))
}

async function tried(program: string): Promise<Nginx> {
  const { stderr } = await run(program, ['-v'], { timeout: 20_000 })
  return { program, version: stderr.trim().replace(/^nginx version: nginx\//, 'nginx ') }
}

const reachable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** Starts nginx with these servers, in a folder that holds all it writes; waits until it listens. The caller ends it. */
export async function startNginx(folder: string, servers: string, port: number): Promise<{ stop(): Promise<void> }> {
  const { program } = await findNginx()
  mkdirSync(join(folder, 'temp'), { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, 'temp', kind)};`)
    .join('\n')
  writeFileSync(
    join(folder, 'nginx.conf'),
    // One process, which changes to no other user and is ended by its number.
    `daemon off;\nmaster_process off;\npid ${join(folder, 'nginx.pid')};\nerror_log ${join(folder, 'error.log')};\n` +
      `events {}\nhttp {\naccess_log off;\n${temporary}\n${servers}\n}\n`,
  )
  const child = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'pipe' })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await listening(child, port, () => said)
  return {
    stop: async () => {
      process.removeListener('exit', end)
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function listening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (let waited = 0; waited < 15_000; waited += 50) {
    if (await reachable(port)) return
    if (child.exitCode !== null) break
    await pause(50)
  }
  child.kill('SIGKILL')
  throw new Error(`nginx does not listen: ${said()}`)
}
