import type { RunResult } from './deployment.ts'
import { startLoad, type LoadGenerator } from './load-generator.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { loadRow, type LoadRow } from './results.ts'
import { provision, start, stop, type RunningServer } from './running-server.ts'
import type { Scenario } from './scenarios.ts'
import type { Target, TargetName } from './targets/target.ts'

interface Pair {
  readonly target: Target
  readonly server: RunningServer
  readonly load: LoadGenerator
}

/** Seconds before the first measurement of a scenario, so that both sides are compiled, and before each later one. */
const firstWarmUp = 2.5
const laterWarmUp = 0.4

/** Runs the scenarios, each on all its servers in turns (A B C, A B C, …), so that a slow minute hits all alike. */
export async function measureLoads(
  scenarios: readonly Scenario[],
  targets: readonly Target[],
  options: Options,
  workFolder: string,
): Promise<LoadRow[]> {
  const wanted = targets.filter(({ name }) => scenarios.some((scenario) => scenario.targets.includes(name)))
  const pairs = new Map<TargetName, Pair>()
  for (const target of wanted) pairs.set(target.name, await bringUp(target, workFolder))
  const rows: LoadRow[] = []
  for (const scenario of scenarios) {
    const taking = scenario.targets.flatMap((name) => pairs.get(name) ?? [])
    rows.push(...(await measureScenario(scenario, taking, options)))
  }
  for (const { load, server } of pairs.values()) {
    await load.stop()
    await stop(server)
  }
  return rows
}

async function bringUp(target: Target, workFolder: string): Promise<Pair> {
  const provisioned = await provision(target, workFolder, 'load')
  const server = await start(provisioned)
  const load = await startLoad(provisioned, server.pid).catch((error: unknown) => {
    throw new Error(`${target.label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })
  progress(`${target.label}: started, browsers signed in`)
  return { target, server, load }
}

async function measureScenario(scenario: Scenario, pairs: readonly Pair[], options: Options): Promise<LoadRow[]> {
  const runs = new Map<TargetName, RunResult[]>(pairs.map(({ target }) => [target.name, []]))
  for (let repeat = 0; repeat < options.repeats; repeat += 1) {
    for (const { target, load } of pairs) {
      const result = await load
        .run({
          operation: scenario.operation,
          connections: scenario.connections,
          warmSeconds: repeat === 0 ? firstWarmUp : laterWarmUp,
          seconds: options.seconds,
        })
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error)
          throw new Error(`${target.label}, ${scenario.title}: ${reason}`, { cause: error })
        })
      runs.get(target.name)?.push(result)
    }
  }
  const rows = pairs.map(({ target }) => loadRow(scenario, target.name, runs.get(target.name) ?? []))
  for (const [index, row] of rows.entries()) {
    progress(`${scenario.title}: ${pairs[index]?.target.label ?? ''} ${Math.round(row.perSecond.median)}/s`)
  }
  return rows
}
