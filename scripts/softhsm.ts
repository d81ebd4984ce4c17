import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianPackages } from './debian-packages.ts'

const run = promisify(execFile)

/** A software token that speaks PKCS #11, seen to work on this machine. */
export type SoftHsm = { readonly module: string; readonly util: string; readonly version: string }

const installed = {
  modules: ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/*/softhsm/libsofthsm2.so'],
  util: '/usr/bin',
}

/**
 * Finds SoftHSM: an installed one, or Debian's packages unpacked for this checkout.
 * @throws Error when there is none.
 */
export async function findSoftHsm(): Promise<SoftHsm> {
  const [module] = globSync(installed.modules)
  const util = join(installed.util, 'softhsm2-util')
  if (module !== undefined && existsSync(util)) return tried(module, util)
  const home = await debianPackages('softhsm2', ['softhsm2', 'softhsm2-common', 'libsofthsm2']).catch(
    (error: unknown) => {
      const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
      throw new Error(`no SoftHSM here: ${why}; install it with: apt-get install softhsm2`)
    },
  )
  const [unpacked = ''] = globSync(join(home, 'usr/lib/**/libsofthsm2.so'))
  return tried(realpathSync(unpacked), join(home, 'usr/bin/softhsm2-util'))
}

async function tried(module: string, util: string): Promise<SoftHsm> {
  const { stdout } = await run(util, ['--version'], {
    timeout: 20_000,
    env: { ...process.env, SOFTHSM2_CONF: '/dev/null' },
  })
  return { module, util, version: `SoftHSM ${stdout.trim()}` }
}

/** A folder of tokens of one test file. */
export type TokenFolder = SoftHsm & {
  /** What stands in the environment of a process that uses the tokens. */
  readonly env: Readonly<Record<'SOFTHSM2_CONF', string>>
  /** Where the tokens are as files. */
  readonly tokens: string
  readonly addToken: (label: string, pin: string) => Promise<void>
  /** Brings a key from outside onto a token; it may then be taken off as well. */
  readonly importKey: (token: string, pin: string, file: string, label: string, id: string) => Promise<void>
}

/** Makes an empty folder of tokens; the caller removes the folder above it. */
export async function newTokenFolder(): Promise<TokenFolder> {
  const found = await findSoftHsm()
  const folder = mkdtempSync(join(tmpdir(), 'softhsm-'))
  const tokens = join(folder, 'tokens')
  mkdirSync(tokens)
  const configuration = join(folder, 'softhsm2.conf')
  writeFileSync(
    configuration,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`,
  )
  const env = { SOFTHSM2_CONF: configuration }
  const util = async (...args: string[]): Promise<void> => {
    await run(found.util, ['--module', found.module, ...args], { timeout: 30_000, env: { ...process.env, ...env } })
  }
  return {
    ...found,
    env,
    tokens,
    addToken: (label, pin) => util('--init-token', '--free', '--label', label, '--so-pin', '987654321', '--pin', pin),
    importKey: (token, pin, file, label, id) =>
      util('--import', file, '--token', token, '--pin', pin, '--label', label, '--id', id),
  }
}
