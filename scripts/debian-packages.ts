import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runtimeDir } from './paths.ts'

const run = promisify(execFile)
const limit = { timeout: 120_000 }

/**
 * The files of Debian packages, unpacked once for this checkout: nothing is installed, and nobody has to be root. What the
 * packages depend on is named along with them where a small system may lack it.
 * @throws Error when the packages cannot be had here.
 */
export async function debianPackages(name: string, packages: readonly string[]): Promise<string> {
  const home = join(runtimeDir, `debian-${name}`)
  if (existsSync(home)) return home
  mkdirSync(runtimeDir, { recursive: true })
  const staging = mkdtempSync(join(runtimeDir, 'debian-staging-'))
  try {
    await download(packages, staging)
    for (const file of readdirSync(staging).filter((entry) => entry.endsWith('.deb')))
      await run('dpkg-deb', ['-x', join(staging, file), join(staging, 'files')], limit)
    // A cut-off unpacking leaves nothing that looks complete.
    if (!existsSync(home)) renameSync(join(staging, 'files'), home)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return home
}

async function download(packages: readonly string[], folder: string): Promise<void> {
  const ask = () => run('apt-get', ['download', '-qq', ...packages], { ...limit, cwd: folder })
  try {
    await ask()
  } catch (error) {
    // The lists of a fresh machine are empty, and those of an old one name versions that are gone.
    if (process.getuid?.() !== 0) throw error
    await run('apt-get', ['update', '-qq'], limit)
    await ask()
  }
}

/**
 * The files of a program of Debian and of everything it needs that this machine lacks, unpacked once for this checkout. Only
 * root can ask Debian's tools for that list; nothing is installed all the same.
 * @throws Error when the packages cannot be had here.
 */
export async function debianProgram(name: string, packages: readonly string[]): Promise<string> {
  const home = join(runtimeDir, `debian-${name}`)
  if (existsSync(home)) return home
  mkdirSync(runtimeDir, { recursive: true })
  const staging = mkdtempSync(join(runtimeDir, 'debian-staging-'))
  try {
    mkdirSync(join(staging, 'archives', 'partial'), { recursive: true })
    await fetchMissing(packages, join(staging, 'archives'))
    mkdirSync(join(staging, 'files'))
    for (const file of readdirSync(join(staging, 'archives')).filter((entry) => entry.endsWith('.deb')))
      await run('dpkg-deb', ['-x', join(staging, 'archives', file), join(staging, 'files')], limit)
    if (!existsSync(home)) renameSync(join(staging, 'files'), home)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return home
}

async function fetchMissing(packages: readonly string[], folder: string): Promise<void> {
  const options = ['--download-only', '--no-install-recommends', '--yes', '-qq', '-o', `Dir::Cache::archives=${folder}`]
  // Its sandbox user may not write into a folder of ours.
  const ask = () => run('apt-get', ['install', ...options, '-o', 'APT::Sandbox::User=root', ...packages], limit)
  try {
    await ask()
  } catch {
    await run('apt-get', ['update', '-qq'], limit)
    await ask()
  }
}
