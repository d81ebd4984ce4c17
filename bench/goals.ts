import { findLoad, findProcess, type LoadRow, type Results } from './results.ts'
import type { ProcessMeasure } from './scenarios.ts'
import type { TargetName } from './targets/target.ts'

/** A goal of the project: Sallyport's figure divided by a rival's, with the bound it has to keep. */
export interface Goal {
  readonly title: string
  readonly bound: number
  readonly direction: 'at least' | 'at most'
  readonly ratio: (results: Results) => number | undefined
}

function loadRatio(scenario: string, rival: TargetName, pick: (row: LoadRow) => number): Goal['ratio'] {
  return (results) => {
    const ours = findLoad(results, scenario, 'sallyport')
    const theirs = findLoad(results, scenario, rival)
    return ours === undefined || theirs === undefined ? undefined : pick(ours) / pick(theirs)
  }
}

const rate = (scenario: string, rival: TargetName = 'oidc-provider'): Goal['ratio'] =>
  loadRatio(scenario, rival, (row) => row.perSecond.median)

const processRatio =
  (measure: ProcessMeasure): Goal['ratio'] =>
  (results) => {
    const ours = findProcess(results, measure, 'sallyport')
    const theirs = findProcess(results, measure, 'oidc-provider')
    return ours === undefined || theirs === undefined ? undefined : ours.value.median / theirs.value.median
  }

const atLeast = (title: string, bound: number, ratio: Goal['ratio']): Goal => ({
  title,
  bound,
  direction: 'at least',
  ratio,
})
const atMost = (title: string, bound: number, ratio: Goal['ratio']): Goal => ({
  title,
  bound,
  direction: 'at most',
  ratio,
})

export const goals: readonly Goal[] = [
  atLeast('code flow: rate', 10, rate('code')),
  atLeast('code flow: rate, rival in memory', 4, rate('code', 'oidc-provider-memory')),
  atLeast('refresh: rate', 6, rate('refresh')),
  atLeast('client credentials: rate', 2.2, rate('client-credentials')),
  atLeast('introspection, access token: rate', 3, rate('introspection')),
  atLeast('introspection, refresh token: rate', 3, rate('introspection-refresh')),
  atLeast('client credentials with DPoP: rate', 4, rate('client-credentials-dpop')),
  atLeast('FAPI 2.0 flow: rate', 5, rate('fapi')),
  atMost(
    'code flow at 64 connections: p99',
    1 / 6,
    loadRatio('code-64', 'oidc-provider', (row) => row.p99.median),
  ),
  atMost(
    'code flow at 1 connection: latency (p50)',
    1 / 2,
    loadRatio('code-1', 'oidc-provider', (row) => row.p50.median),
  ),
  atMost('start to the first discovery answer', 0.6, processRatio('start')),
  atMost('idle memory', 1, processRatio('idle-memory')),
]

/** Growth may be nothing or below on one side, so it is compared by difference: at most the rival's. */
export function growthVerdict(results: Results): { ours: number; theirs: number } | undefined {
  const ours = findProcess(results, 'growth', 'sallyport')?.value.median
  const theirs = findProcess(results, 'growth', 'oidc-provider')?.value.median
  return ours === undefined || theirs === undefined ? undefined : { ours, theirs }
}

export const isMet = (goal: Goal, ratio: number): boolean =>
  goal.direction === 'at least' ? ratio >= goal.bound : ratio <= goal.bound
