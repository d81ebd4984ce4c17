import { systemRandom } from '@sallyport/protocol'
import type { EventDraft, PolicyOptions } from '@sallyport/server'
import type { ProofReport } from '@sallyport/server/prove'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

export type ProvingOptions = {
  readonly issuer: string
  readonly policy: PolicyOptions
  readonly metrics: Metrics
  readonly log: Log
  emit(draft: EventDraft): Promise<void>
}

/** The running server's knowledge of itself. */
export type Proving = {
  /** False once a proof failed; nothing is held against a server whose first proof is still under way. */
  holds(): boolean
  stop(): Promise<void>
}

const hour = 60 * 60 * 1000

/** Lets requests pass between two cases. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Proves one configuration in memory. Loaded when it is needed: the cases are no part of serving. */
export async function proveConfiguration(issuer: string, policy: PolicyOptions): Promise<ProofReport> {
  const { prove } = await import('@sallyport/server/prove')
  return prove({ issuer, policy, random: systemRandom(), pause: breathe })
}

/** Proves at the start and every hour that PKCE is enforced, and tells when it is not: metric, event, log, readiness. */
export function keepProving({ issuer, policy, metrics, log, emit }: ProvingOptions): Proving {
  let holding = true
  const tell = async (proven: boolean, seconds: number, reason: string): Promise<void> => {
    holding = proven
    metrics.set('pkce_enforcement_proven', proven ? 1 : 0)
    metrics.set('pkce_enforcement_proof_duration', seconds)
    metrics.set('pkce_enforcement_proof_time', Math.floor(Date.now() / 1000))
    if (!proven) await emit({ event: 'pkce.enforcement.unproven', severity: 'high', reason })
  }
  const round = async (): Promise<void> => {
    try {
      const report = await proveConfiguration(issuer, policy)
      for (const one of report.cases.filter(({ holds }) => !holds).slice(0, 20))
        log.line('error', `not enforced: ${one.title}`, { ...one })
      await tell(report.proven, report.milliseconds / 1000, report.cases.find(({ holds }) => !holds)?.requirement ?? '')
    } catch (error) {
      log.fault('the proof of PKCE could not be made', error, undefined)
      await tell(false, 0, 'failed')
    }
  }
  let running = round()
  const timer = setInterval(() => {
    running = running.then(round)
  }, hour)
  timer.unref()
  return {
    holds: () => holding,
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}
