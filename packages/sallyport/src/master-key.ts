import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { CommandFailure, exitCode } from './failure.ts'

const fileName = 'master.key'

const refuse = (message: string): CommandFailure => new CommandFailure(exitCode.unusable, message)

export const masterKeyFile = (data: string): string => join(data, fileName)

/** Makes a folder for nobody but its owner; one that is there keeps its mode. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  } catch (error) {
    throw refuse(`the folder ${folder} cannot be made (${codeOf(error)}); choose another one with --data or --store`)
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error'

/** A new key of 32 random bytes. False when a key is there already: two processes starting at once use the same one. */
export function makeMasterKey(data: string): boolean {
  const file = masterKeyFile(data)
  if (existsSync(file)) return false
  makeFolder(data)
  return writeKey(file, randomBytes(32))
}

/** Writes a key where there is none, for its owner alone and onto the disk. False when a file is there already. */
function writeKey(file: string, key: Uint8Array): boolean {
  let handle: number
  try {
    handle = openSync(file, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw refuse(`the master key ${file} cannot be made (${codeOf(error)})`)
  }
  try {
    writeSync(handle, `${Buffer.from(key).toString('base64')}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  return true
}

/** The file may be read by its owner alone; a key that others could have read seals nothing. */
function checkMode(file: string): void {
  if (process.platform === 'win32') return
  const mode = statSync(file).mode & 0o777
  if ((mode & 0o077) !== 0)
    throw refuse(
      `the master key ${file} can be read by others (mode ${mode.toString(8).padStart(4, '0')}); if nobody has, run: chmod 600 ${file}`,
    )
}

const decode = (text: string, from: string): Buffer => {
  const bytes = Buffer.from(text.trim(), 'base64')
  if (bytes.length !== 32)
    throw refuse(`${from} must hold 32 bytes in base64 and has ${bytes.length}; restore it from a backup`)
  return bytes
}

/** Reads the master key: the configured one, else the file in the data folder. */
export function readMasterKey(data: string, configured: string | undefined): Buffer {
  if (configured !== undefined) return decode(configured, 'masterKey')
  if (existsSync(nextFile(data)))
    throw refuse(`a change of the master key in ${data} was not finished; run: sallyport master-key rotate`)
  return readKeyFile(masterKeyFile(data))
}

function readKeyFile(file: string): Buffer {
  if (!existsSync(file))
    throw refuse(
      `there is no master key at ${file}; run sallyport migrate for a new store, or restore the file from a backup`,
    )
  checkMode(file)
  return decode(readFileSync(file, 'utf8'), file)
}

const nextFile = (data: string): string => `${masterKeyFile(data)}.next`

/** Where the master key lies that was in force before the last change. */
export const formerFile = (data: string): string => `${masterKeyFile(data)}.before`

/** A change of the master key in its file that is on its way: both keys are on the disk until it is over. */
export type KeyChange = {
  readonly from: Buffer
  readonly to: Buffer
  /** The store has the new key: puts it into its place. */
  readonly finish: () => void
  /** The store kept the old key: throws the new one away. */
  readonly cancel: () => void
}

/** Begins a change, or takes up one that was cut off. */
export function beginKeyChange(data: string): KeyChange {
  const file = masterKeyFile(data)
  const next = nextFile(data)
  const from = readKeyFile(file)
  writeKey(next, randomBytes(32))
  const to = readKeyFile(next)
  return {
    from,
    to,
    finish: () => {
      copyFileSync(file, formerFile(data))
      chmodSync(formerFile(data), 0o600)
      // The new key takes the place of the old one in one step.
      renameSync(next, file)
    },
    cancel: () => {
      rmSync(next, { force: true })
    },
  }
}

/** A master key from a file that somebody made elsewhere. */
export const masterKeyIn = (file: string): Buffer => readKeyFile(file)
