import { setTimeout as pause } from 'node:timers/promises'
import { startProcess, type Installation, type RunOptions } from './cli.ts'

export type LogLine = Readonly<Record<string, unknown>>

/** A daemon of its own process on free ports. */
export type RunningDaemon = {
  /** Origin of the public listener. */
  readonly url: string
  readonly port: number
  readonly managementPort: number
  readonly management: string
  readonly pid: number
  /** Everything that was written so far. */
  output(): string
  lines(): readonly LogLine[]
  /** Waits until a line of the log fits. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>
  /** Sends a signal and waits for the end; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

const parseLine = (text: string): LogLine | undefined => {
  try {
    return JSON.parse(text) as LogLine
  } catch {
    return undefined
  }
}

/** Starts `sallyport start` and waits until it listens. */
export async function startDaemon(
  { place }: Pick<Installation, 'place'>,
  words: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunningDaemon> {
  const ports = ['--port', '0', '--management-port', '0']
  const child = startProcess(['start', ...place, ...ports, ...words], options)
  child.stdin?.end()
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
  const lines = (): readonly LogLine[] =>
    text.split('\n').flatMap((line): LogLine[] => {
      const parsed = parseLine(line)
      return parsed === undefined ? [] : [parsed]
    })
  const line = async (fits: (line: LogLine) => boolean): Promise<LogLine> => {
    for (let waited = 0; waited < 18_000; waited += 20) {
      const found = lines().find(fits)
      if (found !== undefined) return found
      if (child.exitCode !== null) break
      await pause(20)
    }
    throw new Error(`no such line in the log:\n${text}`)
  }
  const { address, management } = await line(({ msg }) => msg === 'listening')
  return {
    url: `http://${String(address)}`,
    port: Number(String(address).split(':').at(-1)),
    managementPort: Number(String(management).split(':').at(-1)),
    management: `http://${String(management)}`,
    pid: child.pid ?? 0,
    output: () => text,
    lines,
    line,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return exited
    },
  }
}
