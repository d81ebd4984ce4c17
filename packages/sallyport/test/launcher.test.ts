import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { binary, createScratch, environment, type Outcome } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

/** Says that this process is an older Node before the launcher looks. */
const pretend = scratch.path('pretend.cjs')
writeFileSync(pretend, `Object.defineProperty(process.versions, 'node', { value: '20.20.2' })`)

/** Runs a launcher as an old Node would. */
function runAsOldNode(launcher: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--require', pretend, launcher, '--version'],
      { env: environment() },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr })
      },
    )
  })
}

/** A copy of the launcher where nothing of the checkout is near. */
function installed(name: string): string {
  const bin = join(scratch.path(name), 'packages/sallyport/bin')
  mkdirSync(bin, { recursive: true })
  cpSync(binary, join(bin, 'sallyport.mjs'))
  return join(bin, 'sallyport.mjs')
}

describe('the launcher', () => {
  it('hands over to the Node of the checkout when its own is too old', async () => {
    const { code, stdout } = await runAsOldNode(binary)
    expect(code).toBe(0)
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('says in one sentence what to do in a checkout that has no Node yet, and ends with 78', async () => {
    const launcher = installed('checkout')
    mkdirSync(join(launcher, '../../src'))
    writeFileSync(join(launcher, '../../src/main.ts'), '')
    const { code, stderr } = await runAsOldNode(launcher)
    expect(code).toBe(78)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('npm start')
  })

  it('says in one sentence what to do where it was installed as a package, and ends with 78', async () => {
    const { code, stderr } = await runAsOldNode(installed('package'))
    expect(code).toBe(78)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('node@24')
  })
})
