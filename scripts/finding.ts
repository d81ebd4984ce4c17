import { relative } from 'node:path'
import { root } from './paths.ts'

/** Something a check objects to, at the place where it is mended. */
export type Finding = {
  /** Absolute path, or a path relative to the checkout. */
  readonly file: string
  readonly line?: number | undefined
  readonly message: string
}

/** Exit code of a check that ran and found something. */
export const foundSomething = 3

export function formatFinding({ file, line, message }: Finding): string {
  const place = file.startsWith('/') ? relative(root, file) : file
  return `${place}${line === undefined ? '' : `:${line}`}  ${message}`
}

/** Prints what a check found and sets the exit code: 0 for nothing, 3 otherwise. */
export function report(subject: string, findings: readonly Finding[]): void {
  for (const finding of findings) console.log(formatFinding(finding))
  console.log(`${subject}: ${findings.length === 0 ? 'nothing at fault' : `${findings.length} at fault`}`)
  if (findings.length > 0) process.exitCode = foundSomething
}
