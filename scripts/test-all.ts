import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checks } from './checks.ts'
import { findChromium } from './chromium.ts'
import { packageChecks } from './package-checks.ts'
import { reportDir, root, tmpDir } from './paths.ts'
import { readmeCommands } from './readme-commands.ts'
import { findNginx } from './nginx.ts'
import { findSoftHsm } from './softhsm.ts'
import { countLine, couldNotRun, runSteps, sum, type Outcome, type Step } from './step.ts'
import { runVitest } from './vitest-step.ts'

// `npm test`: everything that decides whether this tree is good, one line for each part, the count alone at the end.
const quick = process.argv.includes('--quick')
const unknown = process.argv.slice(2).filter((argument) => argument !== '--quick')

/** Browsers and tests write their temporary files here, so that nothing stays behind in the system's folder. */
function scratch(): string {
  mkdirSync(tmpDir, { recursive: true })
  return mkdtempSync(join(tmpDir, 'test-'))
}

/** Each check prints its own line and what it found. */
async function readingChecks(): Promise<Outcome> {
  const { passed, failed, skipped } = sum(await runSteps(checks, 2))
  return { passed, failed, skipped }
}

async function browserTests(env: Record<string, string>): Promise<Outcome> {
  const found = await findChromium().catch((error: Error) => error)
  if (!(found instanceof Error)) {
    const outcome = await runVitest('browser', { env })
    return sum([outcome, { passed: 0, failed: 0, skipped: 0, note: found.version }])
  }
  return sum([await runVitest('browser', { env, only: ['/strangers/'] }), couldNotRun(found.message)])
}

/** Keys on a token that is a program of the distribution, behind the same interface as those that are a device. */
async function deviceTests(env: Record<string, string>): Promise<Outcome> {
  const found = await findSoftHsm().catch((error: Error) => error)
  if (found instanceof Error) return couldNotRun(found.message)
  const note: Outcome = { passed: 0, failed: 0, skipped: 0, note: found.version }
  return sum([await runVitest('devices', { env }), note])
}

/** The guides about proxies, with a proxy of the distribution. */
async function proxyTests(env: Record<string, string>): Promise<Outcome> {
  const found = await findNginx().catch((error: Error) => error)
  if (found instanceof Error) return couldNotRun(found.message)
  const note: Outcome = { passed: 0, failed: 0, skipped: 0, note: found.version }
  return sum([await runVitest('proxies', { env }), note])
}

/** The tests of the server once more on the real database; what they find on memory alone would prove little. */
const protocolOnSqlite = (env: Readonly<Record<string, string>>): Promise<Outcome> =>
  runVitest('unit', {
    report: 'unit-sqlite',
    // Each proof has a store of its own, in memory, whatever the server has.
    only: readdirSync(join(root, 'packages/server/test'))
      .filter((name) => name !== 'prove')
      .map((name) => `packages/server/test/${name}`),
    env: { ...env, SALLYPORT_TEST_STORE: 'sqlite' },
  })

async function main(): Promise<void> {
  rmSync(reportDir, { recursive: true, force: true })
  mkdirSync(reportDir, { recursive: true })
  const folder = scratch()
  const env = { TMPDIR: folder }
  const unit: Step = { name: 'unit, protocol and property tests', run: () => runVitest('unit', { env }) }
  const everything: readonly Step[] = [
    {
      name: 'types, lint, layers, errors, requirements, docs',
      run: readingChecks,
    },
    unit,
    { name: 'protocol tests on SQLite', run: () => protocolOnSqlite(env) },
    { name: 'race and fault tests', run: () => runVitest('faults', { env }) },
    { name: 'keys in hardware', run: () => deviceTests(env) },
    { name: 'behind a proxy', run: () => proxyTests(env) },
    { name: 'independent clients and browser', run: () => browserTests(env) },
    { name: 'packages as published', run: () => packageChecks(folder) },
    { name: 'commands of the README', run: () => readmeCommands(folder) },
  ]
  try {
    const results = await runSteps(quick ? [unit] : everything)
    writeFileSync(join(reportDir, 'summary.json'), JSON.stringify(results, undefined, 2))
    const total = sum(results)
    if (total.failed > 0) process.exitCode = 1
    console.log(countLine(total))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (unknown.length > 0) {
  console.error(`npm test knows only --quick, not ${unknown.join(' ')}`)
  process.exitCode = 2
} else {
  await main()
}
