import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startChild, stopChild } from './children.ts'
import { loadCore, pinnedTo } from './cores.ts'
import type { LoadCommand, LoadReply, RunResult } from './deployment.ts'
import type { Provisioned } from './targets/target.ts'

/** The load generator of one server, in its own process on the other core. */
export interface LoadGenerator {
  run(command: Omit<Extract<LoadCommand, { kind: 'run' }>, 'kind'>): Promise<RunResult>
  stop(): Promise<void>
}

/** Starts a load generator and has it sign its browsers in. */
export async function startLoad({ deployment }: Provisioned, serverPid: number): Promise<LoadGenerator> {
  const entry = fileURLToPath(new URL('./load/main.ts', import.meta.url))
  const child = startChild(pinnedTo(loadCore, [process.execPath, entry]), ['ignore', 'inherit', 'inherit', 'ipc'])
  await nextReply(child)
  await ask(child, { kind: 'prepare', deployment, serverPid })
  return {
    run: async (command) => {
      const reply = await ask(child, { ...command, kind: 'run' })
      if (reply.kind !== 'result') throw new Error('the load generator gave no result')
      return reply.result
    },
    stop: () => stopChild(child),
  }
}

async function nextReply(child: ChildProcess): Promise<LoadReply> {
  const left = new AbortController()
  const gone = once(child, 'exit', { signal: left.signal }).then(() => {
    throw new Error('the load generator ended')
  })
  const answered = once(child, 'message', { signal: left.signal })
  try {
    const [reply] = (await Promise.race([answered, gone])) as [LoadReply]
    if (reply.kind === 'failed') throw new Error(reply.message)
    return reply
  } finally {
    // The loser of the race is told to stop listening; that it then rejects is of no interest.
    gone.catch(() => undefined)
    answered.catch(() => undefined)
    left.abort()
  }
}

function ask(child: ChildProcess, command: LoadCommand): Promise<LoadReply> {
  const reply = nextReply(child)
  child.send(command)
  return reply
}
