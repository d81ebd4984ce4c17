import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { endGroup, groupAlive, runChild, startChild } from './child.ts'
import { copyCheckout } from './copy-checkout.ts'
import { codeBlocksIn } from './markdown-code.ts'
import { root } from './paths.ts'
import { failed, passed, sum, type Outcome } from './step.ts'

/** Commands of the README that are not run here, each with the reason. Every other one has to end with exit code 0. */
const notRun: readonly (readonly [RegExp, string])[] = [
  [/^npm test/, 'it is what runs now'],
  [/^npm run (check|build)$/, 'the other parts of this run do the same'],
  [/^npm run bench/, 'takes minutes of an idle machine'],
  [/^(git clone|cd) /, 'the checkout is here already'],
]

/** Twice what is promised, because a busy machine is no defect. */
const bounds = { stop: 2_000, secondStart: 4_000, firstStart: 90_000 }

/** Runs what the README tells a newcomer to type, in a copy of the checkout and with an empty home folder. */
export async function readmeCommands(folder: string): Promise<Outcome> {
  const readme = join(root, 'README.md')
  if (!existsSync(readme)) return failed('README.md does not exist')
  const commands = commandsIn(readFileSync(readme, 'utf8')).filter((command) =>
    notRun.every(([pattern]) => !pattern.test(command)),
  )
  if (!commands.includes('npm start')) return failed('README.md does not name `npm start` in a block marked sh')
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  const cwd = await copyCheckout(join(folder, 'checkout'))
  const outcomes: Outcome[] = []
  for (const command of commands)
    outcomes.push(command === 'npm start' ? await startTwice(cwd, home) : await plain(command, cwd, home))
  return sum(outcomes)
}

export function commandsIn(markdown: string): string[] {
  const shells = codeBlocksIn(markdown).filter(({ language }) => language === 'sh')
  const lines = shells.flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'))
  return lines.map((line) => (line.split(' # ')[0] ?? '').trim()).filter((line) => line !== '' && !line.startsWith('#'))
}

async function plain(command: string, cwd: string, home: string): Promise<Outcome> {
  const { code, output, timedOut } = await runChild('sh', ['-c', command], {
    cwd,
    env: { HOME: home },
    timeout: 120_000,
  })
  if (code === 0) return passed()
  return failed(`${command} ${timedOut ? 'did not end' : `ended with exit code ${code}`}\n${output}`)
}

async function startTwice(cwd: string, home: string): Promise<Outcome> {
  const first = await startOnce(cwd, home, bounds.firstStart)
  return first.failed > 0 ? first : sum([first, await startOnce(cwd, home, bounds.secondStart)])
}

async function startOnce(cwd: string, home: string, limit: number): Promise<Outcome> {
  const begun = performance.now()
  const child = startChild('npm', ['start'], { cwd, env: { HOME: home } })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    const fault = await waitForDiscovery(() => output, begun + limit)
    if (fault !== undefined) return failed(`npm start: ${fault}\n${output}`)
    const ready = performance.now() - begun
    const asked = performance.now()
    // A terminal sends Ctrl-C to everything that runs in it.
    endGroup(child, 'SIGINT')
    await Promise.race([exit, pause(bounds.stop)])
    while (groupAlive(child) && performance.now() - asked < bounds.stop) await pause(20)
    const stopped = performance.now() - asked
    if (groupAlive(child)) return failed(`npm start: something still ran ${bounds.stop} ms after Ctrl-C\n${output}`)
    return { passed: 3, failed: 0, skipped: 0, note: `ready in ${inSeconds(ready)}, stopped in ${inSeconds(stopped)}` }
  } finally {
    endGroup(child)
  }
}

/** Resolves when the server that was announced describes itself; otherwise what is wrong. */
async function waitForDiscovery(output: () => string, deadline: number): Promise<string | undefined> {
  let fault = 'printed no address'
  while (performance.now() < deadline) {
    await pause(50)
    const origin = /https?:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(output())?.[0]
    if (origin === undefined) continue
    const found = await discovery(origin)
    if (found === undefined) return undefined
    fault = found
  }
  return `not ready in time: ${fault}`
}

async function discovery(origin: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${origin}/.well-known/oauth-authorization-server`)
    const metadata = (await response.json()) as Record<string, unknown>
    const methods = JSON.stringify(metadata['code_challenge_methods_supported'])
    return methods === '["S256"]' ? undefined : `the server at ${origin} announces ${methods} as its PKCE methods`
  } catch (error) {
    return `${origin} does not answer (${String(error)})`
  }
}

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

const inSeconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`
