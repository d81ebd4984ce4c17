import { setTimeout as delay } from 'node:timers/promises'
import { startLoad } from './load-generator.ts'
import type { Options } from './options.ts'
import { residentBytes } from './proc.ts'
import { progress } from './progress.ts'
import { spread, type ProcessRow } from './results.ts'
import { provision, start, stop } from './running-server.ts'
import type { Target } from './targets/target.ts'

const idleMillis = 2000
const restMillis = 3000

/** Start to the first discovery answer on a database that exists, and the memory of that process two seconds later. */
export async function measureStarts(
  targets: readonly Target[],
  options: Options,
  workFolder: string,
): Promise<ProcessRow[]> {
  const starts = new Map<Target, { millis: number[]; bytes: number[] }>()
  const provisioned = new Map<Target, Awaited<ReturnType<typeof provision>>>()
  for (const target of targets) {
    provisioned.set(target, await provision(target, workFolder, 'start'))
    starts.set(target, { millis: [], bytes: [] })
  }
  // The first round makes the tables and reads the files from disk; it is not counted.
  for (let round = 0; round <= options.repeats; round += 1) {
    for (const [target, made] of provisioned) {
      const server = await start(made)
      if (round > 0) {
        starts.get(target)?.millis.push(server.startMillis)
        await delay(idleMillis)
        starts.get(target)?.bytes.push(residentBytes(server.pid))
      }
      await stop(server)
    }
  }
  return [...starts].flatMap(([{ name, label }, { millis, bytes }]) => {
    const rows: ProcessRow[] = [
      { measure: 'start', target: name, value: spread(millis) },
      { measure: 'idle-memory', target: name, value: spread(bytes) },
    ]
    progress(
      `start: ${label} ${Math.round(spread(millis).median)} ms, ${Math.round(spread(bytes).median / 2 ** 20)} MiB`,
    )
    return rows
  })
}

/** An answer to a refresh holds three tokens. */
const tokensPerRefresh = 3
const warmTokens = 10_000

/** How much more memory a fresh server holds after many tokens, in bytes; not scaled, since memory grows in steps. */
export async function measureGrowth(target: Target, options: Options, workFolder: string): Promise<ProcessRow> {
  const provisioned = await provision(target, workFolder, 'growth')
  const server = await start(provisioned)
  const load = await startLoad(provisioned, server.pid)
  const issue = async (tokens: number): Promise<number> => {
    const operations = Math.ceil(tokens / tokensPerRefresh)
    await load.run({ operation: 'refresh', connections: 16, warmSeconds: 0, seconds: 200, operations })
    await delay(restMillis)
    return residentBytes(server.pid)
  }
  const before = await issue(warmTokens)
  const after = await issue(options.growthTokens)
  await load.stop()
  await stop(server)
  const growth = after - before
  progress(`growth: ${target.label} ${(growth / 2 ** 20).toFixed(1)} MiB over ${options.growthTokens} tokens`)
  return { measure: 'growth', target: target.name, value: spread([growth]) }
}
