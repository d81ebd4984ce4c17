import { nearest } from '@sallyport/protocol'

/** Exit codes that scripts may rely on. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** A check, a comparison or the doctor found something. */
  found: 3,
  unauthorised: 4,
  /** The server or the store cannot be reached. */
  unreachable: 5,
  /** Not there, or there already. */
  missing: 6,
  /** The configuration or the runtime cannot be used. */
  unusable: 78,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** An end of a command that is told in words: what is wrong, and what to do. Everything else thrown is a fault of ours. */
export class CommandFailure extends Error {
  readonly code: ExitCode
  /** One line a fault, where there are several. */
  readonly lines: readonly string[]

  constructor(code: ExitCode, message: string, lines: readonly string[] = []) {
    super(message)
    this.name = 'CommandFailure'
    this.code = code
    this.lines = lines
  }
}

export const usage = (message: string): CommandFailure => new CommandFailure(exitCode.usage, message)

/** A name that is none of the valid ones, with the one that was most likely meant. */
export function unknownName(what: string, name: string, valid: readonly string[]): string {
  const close = nearest(name, valid)
  return `${what} ${JSON.stringify(name.slice(0, 100))} is unknown${close === undefined ? '' : `; did you mean ${close}?`}`
}
