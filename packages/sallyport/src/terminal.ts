import { exitCode, type CommandFailure } from './failure.ts'

/** What the global options say about the conversation. */
export type Manner = {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** Questions may be asked: there is somebody at a terminal who did not forbid it. */
  readonly interactive: boolean
  /** Every question is answered with yes. */
  readonly yes: boolean
}

/** Where a command speaks: data on stdout, everything said to a person on stderr. */
export type Terminal = Manner & {
  /** The outcome: `record` with --json, else the text. */
  data(record: Readonly<Record<string, unknown>>, text: string): void
  say(line: string): void
  /** Waits for work, and says what is going on when it takes longer than a second. */
  during<T>(what: string, work: Promise<T>): Promise<T>
  /** Asks for a yes; without a person at the terminal it is a no. */
  confirm(question: string): Promise<boolean>
}

/** Version of the shape of every JSON answer; members are only added within one version. */
export const schemaVersion = 1

export const toJson = (record: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ schema_version: schemaVersion, ...record })

/** Prints an outcome: the record as JSON, or the text. */
export function printOutcome(
  { json }: Pick<Manner, 'json'>,
  record: Readonly<Record<string, unknown>>,
  text: string,
): void {
  process.stdout.write(`${json ? toJson(record) : text}\n`)
}

/** Milliseconds after which somebody who waits is told what for. */
const patience = 1000

export function createTerminal(manner: Manner): Terminal {
  const say = (line: string): void => {
    if (!manner.quiet) process.stderr.write(`${line}\n`)
  }
  return {
    ...manner,
    data: (record, text) => {
      printOutcome(manner, record, text)
    },
    say,
    during: async (what, work) => {
      const timer = setTimeout(() => {
        say(`${what} …`)
      }, patience)
      try {
        return await work
      } finally {
        clearTimeout(timer)
      }
    },
    confirm: async (question) => {
      if (manner.yes) return true
      if (!manner.interactive) return false
      const { createInterface } = await import('node:readline/promises')
      const lines = createInterface({ input: process.stdin, output: process.stderr })
      try {
        return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
      } finally {
        lines.close()
      }
    },
  }
}

/** Tells how a command ended. With --json the same facts stand on stderr as one object. */
export function tellFailure(failure: CommandFailure, json: boolean): void {
  if (json) {
    const error = { message: failure.message, details: failure.lines, exit_code: failure.code }
    process.stderr.write(`${toJson({ error })}\n`)
    return
  }
  const prefix = failure.code === exitCode.found && failure.lines.length > 0 ? '' : 'sallyport: '
  process.stderr.write([`${prefix}${failure.message}`, ...failure.lines.map((line) => `  ${line}`), ''].join('\n'))
}

/** Columns of text, each as wide as its widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** An instant for people. */
export const instant = (seconds: number | undefined): string =>
  seconds === undefined ? '' : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
