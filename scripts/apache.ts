import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { debianProgram } from './debian-packages.ts'

/** Apache with mod_auth_openidc, seen on this machine. */
type Apache = { readonly program: string; readonly modules: string; readonly libraries: readonly string[] }

const name = 'mod_auth_openidc.so'

/**
 * Finds Apache and the module: installed ones, or Debian's packages unpacked for this checkout.
 * @throws Error when there are none.
 */
export async function findApache(): Promise<Apache> {
  const installed = '/usr/lib/apache2/modules'
  if (existsSync(join(installed, name)) && existsSync('/usr/sbin/apache2'))
    return { program: '/usr/sbin/apache2', modules: installed, libraries: [] }
  const home = await debianProgram('apache', ['apache2-bin', 'libapache2-mod-auth-openidc']).catch((error: unknown) => {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw new Error(`no Apache here: ${why}; install it with: apt-get install apache2 libapache2-mod-auth-openidc`)
  })
  const libraries = new Set(globSync(join(home, '{usr/,}lib/**/*.so*')).map((file) => dirname(file)))
  return { program: join(home, 'usr/sbin/apache2'), modules: join(home, installed), libraries: [...libraries] }
}

export type ApacheSite = {
  /** Everything of it is here; removed by whoever made it. */
  readonly folder: string
  readonly port: number
  readonly certificate: string
  readonly key: string
  /** Lines of the configuration beside those that every site has. */
  readonly lines: readonly string[]
}

export type RunningApache = { readonly log: () => string; readonly stop: () => Promise<void> }

const loaded = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'ssl', 'headers', 'auth_openidc']

/** Starts Apache for one site over TLS, and waits until it listens. */
export async function startApache({ folder, port, certificate, key, lines }: ApacheSite): Promise<RunningApache> {
  const { program, modules, libraries } = await findApache()
  const file = (path: string): string => join(folder, path)
  writeFileSync(file('apache.pem'), certificate)
  writeFileSync(file('apache.key'), key)
  // Its workers are not root, and read what they serve.
  chmodSync(folder, 0o755)
  const config = [
    `ServerRoot "${folder}"`,
    `PidFile "${file('apache.pid')}"`,
    `Mutex file:${folder}`,
    'ServerName localhost',
    `Listen 127.0.0.1:${port}`,
    `ErrorLog "${file('apache.log')}"`,
    ...loaded.map((module) => `LoadModule ${module}_module "${join(modules, `mod_${module}.so`)}"`),
    ...(process.getuid?.() === 0 ? ['User nobody', 'Group nogroup'] : []),
    'SSLEngine on',
    `SSLCertificateFile "${file('apache.pem')}"`,
    `SSLCertificateKeyFile "${file('apache.key')}"`,
    ...lines,
  ]
  writeFileSync(file('apache.conf'), `${config.join('\n')}\n`)
  const path = [...libraries, process.env['LD_LIBRARY_PATH'] ?? ''].filter((part) => part !== '').join(':')
  const env = path === '' ? process.env : { ...process.env, LD_LIBRARY_PATH: path }
  const child = spawn(program, ['-DFOREGROUND', '-f', file('apache.conf')], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()))
  const log = (): string => said + (existsSync(file('apache.log')) ? readFileSync(file('apache.log'), 'utf8') : '')
  await listening(port, child, log)
  return {
    log,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function listening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  for (let waited = 0; waited < 15_000; waited += 50) {
    if (child.exitCode !== null) break
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await pause(50)
  }
  child.kill('SIGKILL')
  throw new Error(`Apache did not start: ${log().slice(-1000)}`)
}
