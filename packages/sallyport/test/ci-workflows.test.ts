import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { binary, createScratch, environment, run, type Outcome } from './cli.ts'

// Each test runs the commands of a workflow, one process each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

const document = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../docs/ci/${name}`, import.meta.url)), 'utf8')

const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')) as {
  version: string
}

const config = (more: string): string =>
  `version: 1\nissuer: https://id.example.com\ndata: none\nclients:\n  shop:\n    type: web\n    name: Shop\n    redirectUris: [https://shop.example/cb]\n${more}`

/** A checkout with a committed baseline, and an `npx` that gives this release where the workflow asks for its major. */
async function fixture(name: string, now: string): Promise<string> {
  const folder = scratch.path(name)
  mkdirSync(`${folder}/bin`, { recursive: true })
  const major = version.split('.')[0] ?? ''
  const npx = `#!/bin/sh\n[ "$1 $2" = "--yes sallyport@${major}" ] || { echo "npx $*" >&2; exit 99; }\nshift 2\nexec "${process.execPath}" "${binary}" "$@"\n`
  writeFileSync(`${folder}/bin/npx`, npx)
  chmodSync(`${folder}/bin/npx`, 0o755)
  writeFileSync(`${folder}/sallyport.yaml`, config('    requireState: true\n'))
  const baseline = ['config', 'check', '--baseline', 'sallyport.baseline.json', '--write-baseline']
  expect((await run(baseline, { cwd: folder })).code).toBe(0)
  writeFileSync(`${folder}/sallyport.yaml`, now)
  return folder
}

/** Runs one line as a runner does. */
const shell = (line: string, cwd: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const env = environment({ PATH: `${cwd}/bin${delimiter}${process.env['PATH'] ?? ''}` })
    const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', line], { cwd, env })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })

let good = ''
let weaker = ''
let broken = ''
beforeAll(async () => {
  good = await fixture('good', config('    requireState: true\n'))
  weaker = await fixture('weaker', config(''))
  broken = await fixture('broken', config('    requireState: true\n    reqireState: true\n'))
})

describe('the workflow for GitHub Actions', () => {
  type Step = { name?: string; uses?: string; run?: string; if?: string; with?: Record<string, unknown> }
  type Workflow = { permissions: Record<string, string>; jobs: Record<string, { steps: Step[] }> }
  const workflow = parse(document('github-actions.yml')) as Workflow
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)

  /** Runs the steps in order, as a runner does: after a failure only those that want to. */
  async function runSteps(folder: string): Promise<{ failed: boolean; said: string }> {
    let failed = false
    let said = ''
    for (const step of steps) {
      if (step.run === undefined || (failed ? step.if === undefined : step.if === 'failure()')) continue
      const { code, stdout } = await shell(step.run, folder)
      expect(code).not.toBe(99)
      if (code !== 0) failed = true
      said += stdout
    }
    return { failed, said }
  }

  it('A-GOV-07, A-PKCE-19 passes a configuration that is as strong as the baseline', async () => {
    expect(await runSteps(good)).toEqual({ failed: false, said: '' })
  })

  it('A-GOV-07, A-PKCE-19 fails on a weaker one, says why, and leaves the findings for the upload', async () => {
    const { failed, said } = await runSteps(weaker)
    expect(failed).toBe(true)
    expect(said).toContain('1 client needs no state any more: shop')
    const upload = steps.find(({ uses }) => uses?.startsWith('github/codeql-action/upload-sarif@'))
    expect(upload?.if).toBe('always()')
    expect(workflow.permissions['security-events']).toBe('write')
    const sarif = JSON.parse(readFileSync(`${weaker}/${String(upload?.with?.['sarif_file'])}`, 'utf8')) as {
      runs: { results: { ruleId: string }[] }[]
    }
    expect(sarif.runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(['policy-regression'])
  })

  it('A-GOV-07 fails on a file that cannot be loaded', async () => {
    expect((await runSteps(broken)).failed).toBe(true)
  })
})

describe('the job for GitLab', () => {
  type Job = { script: string[]; after_script: string[]; artifacts: { when: string; reports: { junit: string } } }
  const job = (parse(document('gitlab-ci.yml')) as Record<string, Job>)['sallyport-config-check']
  if (job === undefined) throw new Error('the job is gone')

  it.each([
    ['passes what is as strong as the baseline', () => good, 0],
    ['fails on what is weaker', () => weaker, 3],
    ['fails on a file that cannot be loaded', () => broken, 78],
  ])('A-GOV-07, A-PKCE-19 %s', async (_, folder, code) => {
    const outcomes = []
    for (const line of job.script) outcomes.push((await shell(line, folder())).code)
    expect(outcomes).toEqual([code])
  })

  it('A-GOV-07 leaves a report whatever happens, and says the same in words', async () => {
    for (const line of job.script) await shell(line, weaker)
    expect(job.artifacts.when).toBe('always')
    expect(readFileSync(`${weaker}/${job.artifacts.reports.junit}`, 'utf8')).toContain('name="policy-regression">')
    const [line = ''] = job.after_script
    expect((await shell(line, weaker)).stdout).toContain('policy-regression')
  })
})
