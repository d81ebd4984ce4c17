import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runNode } from './child.ts'
import { reportDir, tool } from './paths.ts'
import { failed, type Outcome } from './step.ts'

type JsonReport = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
}

export type VitestOptions = {
  /** File filters, as on vitest's command line. */
  readonly only?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Name of the reports; that of the project when left out. */
  readonly report?: string
}

/** Runs one project of vitest.config.ts and leaves its JSON, JUnit and text reports in test-report/. */
export async function runVitest(
  project: string,
  { only = [], env = {}, report: name = project }: VitestOptions = {},
): Promise<Outcome> {
  mkdirSync(reportDir, { recursive: true })
  const file = (kind: string) => join(reportDir, `${name}.${kind}`)
  writeFileSync(file('json'), '')
  const { code, output, timedOut } = await runNode(
    [
      tool('vitest/vitest.mjs'),
      ...['run', '--project', project, '--reporter=default', '--reporter=json', '--reporter=junit'],
      ...[`--outputFile.json=${file('json')}`, `--outputFile.junit=${file('xml')}`, ...only],
    ],
    { env: { ...env, NODE_OPTIONS: '--conditions=@sallyport/source' }, timeout: 1_200_000 },
  )
  writeFileSync(file('log'), output)
  const report = readReport(file('json'))
  if (report === undefined) return failed(timedOut ? `took longer than 20 minutes\n${output}` : output)
  return outcomeOf(report, code, output)
}

function readReport(file: string): JsonReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JsonReport
  } catch {
    return undefined
  }
}

function outcomeOf(report: JsonReport, code: number, output: string): Outcome {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length
  // A file that does not load, an error outside every test, and a project without tests fail without a failing test.
  const counted = report.numFailedTests + broken
  const failures = counted === 0 && code !== 0 ? 1 : counted
  return {
    passed: report.numPassedTests,
    failed: failures,
    skipped: report.numPendingTests + report.numTodoTests,
    note: `${report.testResults.length} files`,
    ...(failures > 0 ? { log: output } : {}),
  }
}
