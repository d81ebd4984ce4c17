import type { RunResult } from './deployment.ts'
import type { ProcessMeasure, Scenario } from './scenarios.ts'
import type { TargetName } from './targets/target.ts'

/** The middle of several measurements with the least and the greatest. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort()
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) }
}

/** One server in one scenario over all repeats. */
export interface LoadRow {
  readonly scenario: string
  readonly target: TargetName
  readonly perSecond: Spread
  readonly p50: Spread
  readonly p99: Spread
  readonly serverCpuPerOperation: Spread
  readonly loadBusy: Spread
  readonly otherBusy: Spread
  readonly operations: number
}

/** One server in one process measure; milliseconds or bytes. */
export interface ProcessRow {
  readonly measure: ProcessMeasure
  readonly target: TargetName
  readonly value: Spread
}

export interface Results {
  readonly loads: readonly LoadRow[]
  readonly processes: readonly ProcessRow[]
}

export function loadRow(scenario: Scenario, target: TargetName, runs: readonly RunResult[]): LoadRow {
  const over = (pick: (run: RunResult) => number): Spread => spread(runs.map(pick))
  return {
    scenario: scenario.name,
    target,
    perSecond: over((run) => run.perSecond),
    p50: over((run) => run.p50),
    p99: over((run) => run.p99),
    serverCpuPerOperation: over((run) => run.serverCpuPerOperation),
    loadBusy: over((run) => run.loadBusy),
    otherBusy: over((run) => run.otherBusy),
    operations: runs.reduce((sum, run) => sum + run.operations, 0),
  }
}

export const findLoad = (results: Results, scenario: string, target: TargetName): LoadRow | undefined =>
  results.loads.find((row) => row.scenario === scenario && row.target === target)

export const findProcess = (results: Results, measure: ProcessMeasure, target: TargetName): ProcessRow | undefined =>
  results.processes.find((row) => row.measure === measure && row.target === target)
