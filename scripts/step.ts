/** What one part of a run amounts to. */
export type Outcome = {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Printed behind the counts: a version, a time, a reason for skipping. */
  readonly note?: string
  /** Printed below the line when something failed. */
  readonly log?: string
}

export type Step = { readonly name: string; readonly run: () => Promise<Outcome> }

export type StepResult = Outcome & { readonly name: string; readonly milliseconds: number }

/** In a build nobody watches, what could not run is a failure. */
const strict = ['true', '1'].includes(process.env['CI'] ?? '') || process.env['CI_STRICT'] === '1'

export const passed = (note?: string): Outcome => ({
  passed: 1,
  failed: 0,
  skipped: 0,
  ...(note === undefined ? {} : { note }),
})

export const failed = (log: string): Outcome => ({ passed: 0, failed: 1, skipped: 0, log })

/** A part that this machine cannot run: said loudly, counted, and a failure where nobody would read the line. */
export const couldNotRun = (reason: string): Outcome =>
  strict ? failed(`COULD NOT RUN: ${reason}`) : { passed: 0, failed: 0, skipped: 1, note: `SKIPPED: ${reason}` }

/** Adds outcomes up; the logs of those that failed are kept in order. */
export function sum(outcomes: readonly Outcome[]): Outcome {
  const add = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  const log = outcomes.flatMap((outcome) => outcome.log ?? []).join('\n')
  const note = outcomes.flatMap((outcome) => outcome.note ?? []).join('; ')
  return {
    passed: add('passed'),
    failed: add('failed'),
    skipped: add('skipped'),
    ...(log === '' ? {} : { log }),
    ...(note === '' ? {} : { note }),
  }
}

/** The closing line: `N passed, N failed`, and `, N skipped` when any. */
export function countLine({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Runs the steps one after another, at most `atOnce` at a time, and prints one line for each when it ends. */
export async function runSteps(steps: readonly Step[], atOnce = 1): Promise<StepResult[]> {
  const width = Math.max(...steps.map((step) => step.name.length)) + 2
  const waiting = steps.map((step, position) => ({ step, position }))
  const results: StepResult[] = []
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await runStep(next.step)
      results[next.position] = result
      console.log(summaryLine(result, width))
      if (result.failed > 0 && result.log !== undefined) console.log(indent(result.log))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

async function runStep({ name, run }: Step): Promise<StepResult> {
  const start = performance.now()
  const outcome = await run().catch((error: unknown) =>
    failed(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
  return { ...outcome, name, milliseconds: Math.round(performance.now() - start) }
}

function summaryLine(result: StepResult, width: number): string {
  const seconds = `${(result.milliseconds / 1000).toFixed(1)} s`
  const mark = result.failed > 0 ? 'FAIL' : result.skipped > 0 && result.passed === 0 ? 'SKIP' : 'ok'
  // The count of a step is written differently from the closing line, which others read by its form.
  const count = `${result.passed}/${result.passed + result.failed + result.skipped}`
  return `${mark.padEnd(5)}${result.name.padEnd(width)}${count.padStart(11)}${seconds.padStart(9)}  ${result.note ?? ''}`.trimEnd()
}

const indent = (text: string) => text.trimEnd().replaceAll(/^/gm, '     ')
