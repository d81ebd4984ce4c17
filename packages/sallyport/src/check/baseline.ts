import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { CommandFailure, exitCode } from '../failure.ts'
import type { EffectivePolicy, Value, Values } from './values.ts'

/** Version of the shape of the file. */
const baselineVersion = 2
const maxSize = 32 * 1024 * 1024

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isValue = (value: unknown): value is Value =>
  value === null ||
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every((item) => typeof item === 'string'))

const isValues = (value: unknown): value is Values => isRecord(value) && Object.values(value).every(isValue)

const areValues = (value: unknown): value is Readonly<Record<string, Values>> =>
  isRecord(value) && Object.values(value).every(isValues)

const unusable = (path: string, problem: string): CommandFailure =>
  new CommandFailure(
    exitCode.unusable,
    `the baseline ${path} ${problem}; make one with: sallyport config check --baseline ${path} --write-baseline`,
  )

function contentsOf(path: string): unknown {
  try {
    if (statSync(path).size > maxSize) throw unusable(path, 'is larger than 32 MiB')
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw unusable(path, error instanceof SyntaxError ? 'is not JSON' : 'cannot be read')
  }
}

/** The effective policy that was committed. A file that is none is no reason to pass: it ends the check with 78. */
export function readBaseline(path: string): EffectivePolicy {
  const read = contentsOf(path)
  if (!isRecord(read) || read['baseline_version'] !== baselineVersion)
    throw unusable(path, 'was made by another release')
  const { policy, clients, resources, exceptions } = read
  if (!isValues(policy) || ![clients, resources, exceptions].every(areValues)) throw unusable(path, 'is damaged')
  return { policy, clients, resources, exceptions } as EffectivePolicy
}

/** Written with one member a line, so that a change reads well in a review. */
export function writeBaseline(path: string, effective: EffectivePolicy): void {
  const text = JSON.stringify({ baseline_version: baselineVersion, ...effective }, null, 2)
  try {
    writeFileSync(path, `${text}\n`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandFailure(exitCode.failed, `the baseline ${path} cannot be written: ${reason}`)
  }
}
