import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** Runs what stands in a step as a runner does: with bash, or with the shell that every image has. */
const shell = (text: string, cwd: string, plain = false): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const env = environment({ PATH: `${cwd}/bin${delimiter}${process.env['PATH'] ?? ''}` })
    const child = plain
      ? spawn('sh', ['-e', '-c', text], { cwd, env })
      : spawn('bash', ['-e', '-o', 'pipefail', '-c', text], { cwd, env })
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

  /** The conditions that a runner knows and these steps use; one that is not known is a mistake in the workflow. */
  function wanted(condition: string | undefined, failed: boolean, folder: string): boolean {
    return (condition ?? 'success()').split(' && ').every((part) => {
      const [, file] = /^hashFiles\('([\w.]+)'\) != ''$/.exec(part) ?? []
      if (file !== undefined) return existsSync(`${folder}/${file}`)
      const known: Record<string, boolean> = { 'always()': true, 'failure()': failed, 'success()': !failed }
      const value = known[part]
      if (value === undefined) throw new Error(`no runner knows ${part}`)
      return value
    })
  }

  type Ran = { failed: boolean; said: string; uploaded: string | undefined }

  /** Runs the steps in order, as a runner does, and tells what the upload would have found. */
  async function runSteps(folder: string): Promise<Ran> {
    const ran: Ran = { failed: false, said: '', uploaded: undefined }
    rmSync(`${folder}/sallyport.sarif`, { force: true })
    for (const step of steps) {
      if (!wanted(step.if, ran.failed, folder)) continue
      if (step.uses?.startsWith('github/codeql-action/upload-sarif@'))
        ran.uploaded = readFileSync(`${folder}/${String(step.with?.['sarif_file'])}`, 'utf8')
      if (step.run === undefined) continue
      const { code, stdout, stderr } = await shell(step.run, folder)
      expect(code).not.toBe(99)
      if (code !== 0) ran.failed = true
      ran.said += stdout + stderr
    }
    return ran
  }

  type Sarif = { runs: { results: { ruleId: string }[] }[] }
  const rulesOf = (uploaded: string | undefined): string[] | undefined =>
    (JSON.parse(uploaded ?? '') as Sarif).runs[0]?.results.map(({ ruleId }) => ruleId)

  it('A-GOV-07, A-PKCE-19 passes a configuration that is as strong as the baseline', async () => {
    const { failed, said, uploaded } = await runSteps(good)
    expect({ failed, said, rules: rulesOf(uploaded) }).toEqual({ failed: false, said: '', rules: [] })
  })

  it('A-GOV-07, A-PKCE-19 fails on a weaker one, says why, and uploads the findings', async () => {
    const { failed, said, uploaded } = await runSteps(weaker)
    expect(failed).toBe(true)
    expect(said).toContain('1 client needs no state any more: shop')
    expect(workflow.permissions['security-events']).toBe('write')
    expect(rulesOf(uploaded)).toEqual(['policy-regression'])
  })

  it('A-GOV-07 fails on a file that cannot be loaded, says so, and uploads no empty report', async () => {
    const { failed, said, uploaded } = await runSteps(broken)
    expect({ failed, uploaded }).toEqual({ failed: true, uploaded: undefined })
    expect(said).toContain('did you mean requireState?')
  })
})

describe('the job for GitLab', () => {
  type Job = { script: string[]; after_script: string[]; artifacts: { when: string; reports: { junit: string } } }
  const job = (parse(document('gitlab-ci.yml')) as Record<string, Job>)['sallyport-config-check']
  if (job === undefined) throw new Error('the job is gone')
  const report = (folder: string): string => `${folder}/${job.artifacts.reports.junit}`

  it.each([
    ['passes what is as strong as the baseline', () => good, 0],
    ['fails on what is weaker', () => weaker, 3],
    ['fails on a file that cannot be loaded, and leaves no empty report', () => broken, 78],
  ])('A-GOV-07, A-PKCE-19 %s', async (_, folder, code) => {
    for (const plain of [false, true]) {
      rmSync(report(folder()), { force: true })
      expect((await shell(job.script.join('\n'), folder(), plain)).code).toBe(code)
      expect(existsSync(report(folder()))).toBe(code !== 78)
    }
  })

  it('A-GOV-07 leaves a report with the findings, and says the same in words', async () => {
    await shell(job.script.join('\n'), weaker)
    expect(job.artifacts.when).toBe('always')
    expect(readFileSync(report(weaker), 'utf8')).toContain('name="policy-regression">')
    expect((await shell(job.after_script.join('\n'), weaker)).stdout).toContain('policy-regression')
    expect((await shell(job.after_script.join('\n'), broken)).stderr).toContain('did you mean requireState?')
  })
})
