import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mutations, type Mutation } from './mutations.ts'

const child = fileURLToPath(new URL('prove-child.ts', import.meta.url))

type Outcome = {
  readonly index: number
  readonly fault?: string
  readonly proven?: boolean
  readonly extent?: string
  /** The mutated sources are part of what was run. */
  readonly changed?: boolean
  readonly failed?: readonly string[]
  readonly cases?: number
}

const unchanged: Mutation = { name: 'nothing was changed', notices: '', edits: [] }
const all = [unchanged, ...mutations].map((mutation, index) => ({ ...mutation, index }))
const processes = 2

/** Proves with one share of the mutations in a process of its own, and gives each outcome as it comes. */
function proveShare(share: number, tell: (outcome: Outcome) => void): { readonly ended: Promise<void>; stop(): void } {
  const args = ['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', child]
  const running = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  running.stdin.end(JSON.stringify(all.filter(({ index }) => index % processes === share)))
  const lines = createInterface({ input: running.stdout })
  lines.on('line', (line) => {
    tell(JSON.parse(line) as Outcome)
  })
  const ended = new Promise<void>((resolve) => {
    lines.on('close', () => {
      resolve()
    })
  })
  return { ended, stop: () => running.kill() }
}

describe('a proof with mutated sources', () => {
  const outcomes = new Map<number, Outcome>()
  let shares: readonly ReturnType<typeof proveShare>[] = []
  beforeAll(async () => {
    const tell = (outcome: Outcome): void => void outcomes.set(outcome.index, outcome)
    shares = Array.from({ length: processes }, (_, share) => proveShare(share, tell))
    await Promise.all(shares.map(({ ended }) => ended))
  }, 300_000)
  afterAll(() => {
    for (const { stop } of shares) stop()
  })

  it('A-PKCE-19 is green where nothing was changed, so that red means something', () => {
    const outcome = outcomes.get(0)
    expect(outcome).toMatchObject({ proven: true, extent: 'whole', failed: [] })
    expect(outcome?.cases).toBeGreaterThan(1300)
  })

  it.for(all.slice(1).map((mutation) => [mutation.name, mutation] as const))(
    'A-PKCE-19 turns red when %s',
    ([, { notices, index }]) => {
      const outcome = outcomes.get(index)
      expect(outcome).toMatchObject({ proven: false, extent: 'short', changed: true })
      expect(outcome?.failed).toContain(notices)
    },
  )
})
