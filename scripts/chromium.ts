import { inflate } from '@sparticuz/chromium'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runtimeDir, tool } from './paths.ts'

/** A Chromium that was seen to start on this machine. */
export type Chromium = {
  readonly executablePath: string
  /** What has to stand in the environment of the browser process. */
  readonly env: Readonly<Record<string, string>>
  readonly version: string
}

const run = promisify(execFile)
const packaged = tool('@sparticuz/chromium')

/**
 * Finds a Chromium that starts: the one from the lock file, the same with the system libraries it brings along, an
 * installed one, and last, for root on Debian, one installed now.
 * @throws Error naming every attempt when none starts.
 */
export async function findChromium(): Promise<Chromium> {
  const failures: string[] = []
  for (const candidate of candidates()) {
    try {
      const { executablePath, env } = await candidate()
      return { executablePath, env, version: await versionOf(executablePath, env) }
    } catch (error) {
      failures.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))
    }
  }
  throw new Error(`no Chromium starts here: ${failures.join('; ')}`)
}

type Candidate = () => Promise<Omit<Chromium, 'version'>>

function candidates(): Candidate[] {
  const unpacked = once(unpack)
  const bundled = async (libraries: boolean) => {
    const home = await unpacked()
    const env = { FONTCONFIG_FILE: configureFonts(home) }
    return {
      executablePath: join(home, 'chromium'),
      env: libraries ? { ...env, LD_LIBRARY_PATH: join(home, 'al2023/lib') } : env,
    }
  }
  return [
    () => bundled(false),
    () => bundled(true),
    async () => ({ executablePath: '/usr/bin/chromium', env: {} }),
    async () => {
      if (process.getuid?.() !== 0) throw new Error('installing the distribution’s Chromium needs root')
      await run('apt-get', ['update', '-qq'])
      await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
      return { executablePath: '/usr/bin/chromium', env: {} }
    },
  ]
}

/** The font settings in the package name folders of another system; without fonts pages have no text, and some crash. */
function configureFonts(home: string): string {
  const file = join(home, 'fonts.conf')
  const folders = [join(home, 'fonts'), '/usr/share/fonts', '/usr/local/share/fonts']
  const lines = folders.map((folder) => `<dir>${folder}</dir>`).join('')
  const text = `<?xml version="1.0"?>\n<fontconfig>${lines}<cachedir>${join(home, 'font-cache')}</cachedir></fontconfig>\n`
  writeFileSync(file, text)
  return file
}

async function versionOf(executablePath: string, env: Chromium['env']): Promise<string> {
  const { stdout } = await run(executablePath, ['--version', '--no-sandbox'], {
    env: { ...process.env, ...env },
    timeout: 20_000,
  })
  return stdout.trim()
}

/** Unpacks the packaged browser once for this checkout; a cut-off unpacking leaves nothing that looks complete. */
async function unpack(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(packaged, 'package.json'), 'utf8')) as { version: string }
  const home = join(runtimeDir, `chromium-${version}`)
  if (existsSync(home)) return home
  mkdirSync(runtimeDir, { recursive: true })
  const staging = mkdtempSync(join(runtimeDir, 'chromium-staging-'))
  const before = process.env['TMPDIR']
  // The package unpacks into the system's temporary folder; it is made to use ours.
  process.env['TMPDIR'] = staging
  try {
    for (const archive of ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br']) {
      await inflate(join(packaged, 'bin', archive))
    }
    if (!existsSync(home)) renameSync(staging, home)
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    rmSync(staging, { recursive: true, force: true })
  }
  return home
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= work())
}
