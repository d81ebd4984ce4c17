import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config/load.ts'
import { masterKeyFile } from '../master-key.ts'
import { bad, ok, type Finding } from './finding.ts'

const modeOf = (path: string): number => statSync(path).mode & 0o777

const written = (mode: number): string => mode.toString(8).padStart(4, '0')

function closedToOthers(path: string, what: string, wanted: string): readonly Finding[] {
  if (!existsSync(path) || process.platform === 'win32') return []
  const mode = modeOf(path)
  if ((mode & 0o077) === 0) return [ok('permissions', `${path} is closed to others`)]
  return [
    bad('permissions', `${what} ${path} is open to others (mode ${written(mode)})`, `run: chmod ${wanted} ${path}`),
  ]
}

/** Bytes below which a disk counts as nearly full. */
const enough = 200 * 1024 * 1024

function spaceLeft(path: string): readonly Finding[] {
  const folder = dirname(path)
  if (!existsSync(folder)) return []
  const { bavail, bsize } = statfsSync(folder)
  const left = bavail * bsize
  const amount = `${Math.floor(left / 1024 / 1024)} MiB are free where the store lies`
  return left >= enough ? [ok('disk', amount)] : [bad('disk', `only ${amount}`, 'make room; a full disk answers 503')]
}

/** Who else could read keys and data, and whether there is room. */
export function permissionFindings(config: Config): readonly Finding[] {
  const { data, storePath, masterKey } = config
  const keyFile = masterKeyFile(data)
  const key =
    masterKey !== undefined || existsSync(keyFile)
      ? []
      : [
          bad(
            'master key',
            `there is none at ${keyFile}`,
            'restore it from a backup, or run sallyport migrate for a new store',
          ),
        ]
  return [
    ...key,
    ...closedToOthers(data, 'the data folder', '700'),
    ...(masterKey === undefined ? closedToOthers(keyFile, 'the master key', '600') : []),
    ...closedToOthers(storePath, 'the store', '600'),
    ...spaceLeft(storePath),
  ]
}
