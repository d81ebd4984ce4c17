// npm run bench: measures Sallyport beside oidc-provider and beside the limit, in one run on one machine.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killAllChildren } from './children.ts'
import { pinning } from './cores.ts'
import { describeMachine } from './machine.ts'
import { measureLoads } from './measure-loads.ts'
import { measureGrowth, measureStarts } from './measure-processes.ts'
import { readOptions, usage, UsageError, type Options } from './options.ts'
import { progress } from './progress.ts'
import { renderReport, type ReportFacts } from './report.ts'
import type { ProcessRow, Results } from './results.ts'
import { scenarios, type ProcessMeasure } from './scenarios.ts'
import { sallyportBefore } from './targets/before.ts'
import { rivals } from './targets/rivals.ts'
import { sallyport } from './targets/sallyport.ts'
import type { Target } from './targets/target.ts'
import { writeDocs } from './write-docs.ts'

const allTargets: readonly Target[] = [sallyport, ...rivals]

function availableTargets(options: Options): Target[] {
  const before = options.before === undefined ? [] : [sallyportBefore(options.before)]
  return [...allTargets, ...before].filter((target) => {
    if (target.name !== 'before' && options.targets !== undefined && !options.targets.has(target.name)) return false
    const reason = target.missing()
    if (reason !== undefined) progress(`${target.label} is left out: ${reason}`)
    return reason === undefined
  })
}

async function measureAll(options: Options, targets: readonly Target[], folder: string): Promise<Results> {
  const isWanted = (name: string): boolean => options.only === undefined || options.only.has(name)
  const compared = targets.filter(({ name }) => name === 'sallyport' || name === 'before' || name === 'oidc-provider')
  const processes: ProcessRow[] = []
  if (isWanted('start') || isWanted('idle-memory')) processes.push(...(await measureStarts(compared, options, folder)))
  const chosen = scenarios.filter(({ name }) => isWanted(name))
  const loads = chosen.length === 0 ? [] : await measureLoads(chosen, targets, options, folder)
  const growth: ProcessMeasure = 'growth'
  if (isWanted(growth)) for (const target of compared) processes.push(await measureGrowth(target, options, folder))
  return { loads, processes }
}

async function run(args: readonly string[]): Promise<void> {
  const options = readOptions(
    args,
    allTargets.map(({ name }) => name),
  )
  if (options === undefined) return void process.stdout.write(`${usage}\n`)
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'sallyport-bench-'))
  // Also runs on a signal, so neither a process nor a database is left behind.
  process.once('exit', () => {
    killAllChildren()
    rmSync(folder, { recursive: true, force: true })
  })
  const targets = availableTargets(options)
  const facts: ReportFacts = {
    machine: describeMachine(folder),
    pinning,
    repeats: options.repeats,
    seconds: options.seconds,
    growthTokens: options.growthTokens,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  }
  const results = await measureAll(options, targets, folder)
  const report = renderReport(results, targets, facts)
  process.stdout.write(options.json ? `${JSON.stringify({ ...facts, ...results }, undefined, 2)}\n` : `${report}\n`)
  const isComplete =
    !options.quick && options.only === undefined && options.before === undefined && targets.length === allTargets.length
  if (isComplete) writeDocs(report)
  else progress('the docs keep their table: only a full run of every server and scenario writes it')
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => process.exit(code))
}

run(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}\n`)
    else process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(error instanceof UsageError ? 2 : 1)
  },
)
