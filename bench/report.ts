import { goals, growthVerdict, isMet } from './goals.ts'
import { findLoad, findProcess, type LoadRow, type Results, type Spread } from './results.ts'
import { scenarios } from './scenarios.ts'
import type { Target } from './targets/target.ts'

export interface ReportFacts {
  readonly machine: string
  readonly pinning: string
  readonly repeats: number
  readonly seconds: number
  readonly growthTokens: number
  readonly command: string
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US').replaceAll(',', ' ')
const ranged = ({ median, min, max }: Spread, show: (value: number) => string): string =>
  `**${show(median)}** (${show(min)}–${show(max)})`
const times = (value: number): string => `${value.toFixed(2)}×`
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function loadLine(results: Results, row: LoadRow, title: string, label: string): string[] {
  const base = findLoad(results, row.scenario, 'oidc-provider')
  return [
    title,
    label,
    ranged(row.perSecond, whole),
    base === undefined ? '–' : times(row.perSecond.median / base.perSecond.median),
    `${row.p50.median.toFixed(2)} / ${row.p99.median.toFixed(2)}`,
    ranged(row.serverCpuPerOperation, whole),
    row.loadBusy.median.toFixed(2),
    row.otherBusy.median.toFixed(2),
  ]
}

function loadTable(results: Results, targets: readonly Target[]): string {
  const lines = scenarios.flatMap(({ name, title }) =>
    targets.flatMap((target) => {
      const row = findLoad(results, name, target.name)
      return row === undefined ? [] : [loadLine(results, row, title, target.label)]
    }),
  )
  const head = [
    'scenario',
    'server',
    'operations/s',
    '× oidc-provider',
    'p50 / p99 ms',
    'server CPU µs/op',
    'load core',
    'others',
  ]
  return table(head, lines)
}

function beforeTable(results: Results): string | undefined {
  const lines = scenarios.flatMap(({ name, title }) => {
    const now = findLoad(results, name, 'sallyport')
    const before = findLoad(results, name, 'before')
    if (now === undefined || before === undefined) return []
    const ratio = (pick: (row: LoadRow) => Spread): string => times(pick(now).median / pick(before).median)
    return [[title, ratio((row) => row.perSecond), ratio((row) => row.serverCpuPerOperation), ratio((row) => row.p99)]]
  })
  return lines.length === 0 ? undefined : table(['scenario', 'operations/s', 'server CPU/op', 'p99'], lines)
}

function processTable(results: Results, targets: readonly Target[], growthTokens: number): string {
  const lines = targets.flatMap((target) => {
    const value = (measure: Parameters<typeof findProcess>[1], show: (value: number) => string): string => {
      const row = findProcess(results, measure, target.name)
      return row === undefined ? '–' : ranged(row.value, show)
    }
    const cells = [
      value('start', (millis) => `${whole(millis)} ms`),
      value('idle-memory', mebibytes),
      value('growth', mebibytes),
    ]
    return cells.every((cell) => cell === '–') ? [] : [[target.label, ...cells]]
  })
  return table(
    ['server', 'start to first discovery answer', 'idle memory', `growth over ${whole(growthTokens)} tokens`],
    lines,
  )
}

function goalTable(results: Results, growthTokens: number): string {
  const lines = goals.flatMap((goal) => {
    const ratio = goal.ratio(results)
    if (ratio === undefined) return []
    return [
      [goal.title, `${goal.direction} ${times(goal.bound)}`, times(ratio), isMet(goal, ratio) ? 'met' : '**missed**'],
    ]
  })
  const growth = growthVerdict(results)
  if (growth !== undefined) {
    const verdict = growth.ours <= growth.theirs ? 'met' : '**missed**'
    lines.push([
      `memory growth over ${whole(growthTokens)} tokens`,
      `at most ${mebibytes(growth.theirs)}`,
      mebibytes(growth.ours),
      verdict,
    ])
  }
  return lines.length === 0 ? 'No goal was measured.' : table(['goal', 'bound', 'measured', 'verdict'], lines)
}

/** The results as Markdown. */
export function renderReport(results: Results, targets: readonly Target[], facts: ReportFacts): string {
  const parts = [
    `Made by \`${facts.command}\`: ${facts.repeats} repeats of ${facts.seconds} s in turns, median (least–greatest); ${facts.pinning}.`,
    `Machine: ${facts.machine}.`,
  ]
  if (results.processes.length + results.loads.length === 0) return parts.join('\n\n')
  parts.push('### Goals', goalTable(results, facts.growthTokens))
  if (results.loads.length > 0) parts.push('### Under load', loadTable(results, targets))
  const compared = beforeTable(results)
  if (compared !== undefined) parts.push('### This checkout by the one before', compared)
  if (results.processes.length > 0)
    parts.push('### Start and memory', processTable(results, targets, facts.growthTokens))
  return parts.join('\n\n')
}
