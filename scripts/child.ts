import { spawn, type ChildProcess } from 'node:child_process'
import { root } from './paths.ts'

export type ChildOptions = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Milliseconds after which the child and all it started are killed. */
  readonly timeout?: number
}

export type ChildOutcome = {
  readonly code: number
  readonly output: string
  /** Set when the child was killed for taking too long. */
  readonly timedOut: boolean
}

const groups = new Set<number>()

/** Starts a program in a process group of its own, so that nothing it starts can outlive it. */
export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): ChildProcess {
  const env = { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...options.env }
  const child = spawn(command, [...args], {
    cwd: options.cwd ?? root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  if (child.pid !== undefined) groups.add(child.pid)
  return child
}

/** Kills what is left of the child's process group. */
export function endGroup(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group is empty: everything has ended by itself.
  }
  if (signal === 'SIGKILL') groups.delete(child.pid)
}

/** Whether a process of the child's group is still alive. */
export function groupAlive(child: ChildProcess): boolean {
  try {
    return child.pid !== undefined && process.kill(-child.pid, 0)
  } catch {
    return false
  }
}

/** Runs a program to its end; resolves its exit code and what it wrote, standard output and error in one. */
export function runChild(command: string, args: readonly string[], options: ChildOptions = {}): Promise<ChildOutcome> {
  const child = startChild(command, args, options)
  return new Promise((resolve) => {
    let output = ''
    let timedOut = false
    const collect = (chunk: Buffer) => (output += chunk.toString())
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child)
    }, options.timeout ?? 600_000)
    child.on('error', (error) => (output += `${error.message}\n`))
    child.on('close', (code) => {
      clearTimeout(timer)
      endGroup(child)
      resolve({ code: code ?? 1, output, timedOut })
    })
  })
}

/** Runs a script or a tool of this checkout on the Node that runs this one. */
export function runNode(args: readonly string[], options: ChildOptions = {}): Promise<ChildOutcome> {
  return runChild(process.execPath, ['--conditions=@sallyport/source', ...args], options)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const group of groups) {
      try {
        process.kill(-group, 'SIGKILL')
      } catch {
        // Already gone.
      }
    }
    process.exit(130)
  })
}
