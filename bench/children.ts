import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { processTree } from './proc.ts'

const running = new Set<ChildProcess>()

/** Starts a process that is ended with the bench, however the bench ends. */
export function startChild(command: readonly string[], stdio: StdioOptions): ChildProcess {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio, env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' } })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Starts a server; its standard output and error go to a file, as they would in service. */
export function startServer(command: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a')
  try {
    return startChild(command, ['ignore', log, log])
  } finally {
    closeSync(log)
  }
}

export const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Asks a process to end and insists after two seconds. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await Promise.race([ended, delay(2000, undefined, { ref: false })])
  if (!hasEnded(child)) killTree(child)
  await ended
}

function killTree(child: ChildProcess): void {
  if (child.pid === undefined) return
  for (const pid of processTree(child.pid).reverse()) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended in the meantime.
    }
  }
}

/** Ends everything at once; for a signal or a failure, where nothing can be waited for. */
export function killAllChildren(): void {
  for (const child of running) killTree(child)
}
