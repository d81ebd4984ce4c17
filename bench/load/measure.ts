import type { LoadCommand, RunResult } from '../deployment.ts'
import { busyMicros, cpuMicros } from '../proc.ts'
import { operations } from './operations.ts'
import { stockUp } from './prepare.ts'
import { openActor, type Actor, type Subject } from './subject.ts'

type RunCommand = Extract<LoadCommand, { kind: 'run' }>

interface Window {
  /** Milliseconds of performance.now(); operations that end inside are counted. */
  readonly begin: number
  end: number
  readonly latencies: number[]
  remaining: number
}

/** Runs one operation in a closed loop on every connection and measures what was completed inside the window. */
export async function measure(subject: Subject, command: RunCommand): Promise<RunResult> {
  const opened = Array.from({ length: command.connections }, (_none, index) => openActor(subject, index))
  const actors = await Promise.all(opened)
  try {
    await stockUp(subject, actors, command.operation)
    await repeat(subject, actors, command, newWindow(command.warmSeconds, undefined))
    const before = usage(subject)
    const window = newWindow(command.seconds, command.operations)
    await repeat(subject, actors, command, window)
    return summarize(window, before, usage(subject))
  } finally {
    for (const actor of actors) actor.connection.close()
  }
}

function newWindow(seconds: number, limit: number | undefined): Window {
  const begin = performance.now()
  return { begin, end: begin + seconds * 1000, latencies: [], remaining: limit ?? Number.POSITIVE_INFINITY }
}

async function repeat(subject: Subject, actors: readonly Actor[], command: RunCommand, window: Window): Promise<void> {
  const operate = operations[command.operation]
  const loop = async (actor: Actor): Promise<void> => {
    for (let start = performance.now(); start < window.end && window.remaining > 0;) {
      window.remaining -= 1
      await operate(subject, actor)
      const now = performance.now()
      window.latencies.push(now - start)
      start = now
    }
  }
  await Promise.all(actors.map(loop))
  // The last operations end a moment after the window was to close; the window is as long as the work really took.
  window.end = performance.now()
}

interface Usage {
  readonly server: number
  readonly load: number
  readonly machine: number
  readonly at: number
}

function usage(subject: Subject): Usage {
  const own = process.cpuUsage()
  return {
    server: cpuMicros(subject.serverPid),
    load: own.user + own.system,
    machine: busyMicros(),
    at: performance.now(),
  }
}

function summarize(window: Window, before: Usage, after: Usage): RunResult {
  const sorted = Float64Array.from(window.latencies).sort()
  const percentile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const micros = (after.at - before.at) * 1000
  const server = after.server - before.server
  const load = after.load - before.load
  return {
    operations: sorted.length,
    perSecond: (sorted.length * 1000) / (window.end - window.begin),
    p50: percentile(0.5),
    p99: percentile(0.99),
    serverCpuPerOperation: server / sorted.length,
    loadBusy: load / micros,
    otherBusy: Math.max(0, (after.machine - before.machine - server - load) / micros),
  }
}
