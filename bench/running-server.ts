import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hasEnded, startServer, stopChild } from './children.ts'
import { pinnedTo, serverCore } from './cores.ts'
import { freePort } from './free-port.ts'
import { openConnection } from './load/connection.ts'
import { browserGet } from './load/http-request.ts'
import type { Provisioned, Target } from './targets/target.ts'

export interface RunningServer {
  readonly child: ChildProcess
  readonly pid: number
  /** Milliseconds from starting the process to its first 200 for the discovery document. */
  readonly startMillis: number
}

/** A target with its own folder and port, its database made. */
export async function provision(
  target: Target,
  workFolder: string,
  purpose: string,
): Promise<Provisioned & { log: string }> {
  const folder = join(workFolder, `${target.name}-${purpose}`)
  mkdirSync(folder, { recursive: true })
  return { ...(await target.provision(folder, await freePort())), log: join(folder, 'server.log') }
}

const longestStart = 20_000
const pollEvery = 2

/** Starts the server on its core and waits until it answers discovery. */
export async function start({ command, deployment, log }: Provisioned & { log: string }): Promise<RunningServer> {
  const begin = performance.now()
  const child = startServer(pinnedTo(serverCore, command), log)
  while (!(await answersDiscovery(deployment.issuer))) {
    if (hasEnded(child) || performance.now() - begin > longestStart) {
      await stopChild(child)
      throw new Error(`a server did not start; its last words: ${readFileSync(log, 'utf8').slice(-600)}`)
    }
    await delay(pollEvery)
  }
  return { child, pid: child.pid ?? 0, startMillis: performance.now() - begin }
}

export const stop = (server: RunningServer): Promise<void> => stopChild(server.child)

async function answersDiscovery(issuer: string): Promise<boolean> {
  const url = new URL('/.well-known/openid-configuration', issuer)
  try {
    const connection = await openConnection(url.hostname, Number(url.port))
    const answer = await connection.send(browserGet(url.pathname, url.host, ''))
    connection.close()
    return answer.status === 200
  } catch {
    return false
  }
}
