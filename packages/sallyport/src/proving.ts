import { setTimeout as rest } from 'node:timers/promises'
import { systemRandom } from '@sallyport/protocol'
import type { EventDraft, PolicyOptions } from '@sallyport/server'
import type { ProofReport, SignedReport, SigningPlace } from '@sallyport/server/prove'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

export type ProvingOptions = {
  readonly issuer: string
  readonly policy: PolicyOptions
  readonly metrics: Metrics
  readonly log: Log
  emit(draft: EventDraft): Promise<void>
  /** Signs a report, so that whoever is shown it can tell where it was made. */
  sign(report: ProofReport): Promise<SignedReport>
}

/** The running server's knowledge of itself. */
export type Proving = {
  /** Proves in short at once, as a whole after that, and as a whole every hour. */
  begin(): void
  /** False once a proof failed; nothing is held against a server whose first proof is still under way. */
  holds(): boolean
  /** The newest report, or in words why there is none. One that could not be made leaves no older one standing. */
  last(): SignedReport | string
  /** Ends the proof that is under way, which then tells nothing. */
  stop(): Promise<void>
}

const hour = 60 * 60 * 1000

/** Lets requests pass between two cases. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** How much is proven, and what happens between two cases. */
export type ProofExtent = { readonly short?: boolean | undefined; readonly pause?: () => Promise<void> }

/** Proves one configuration in memory. Loaded when it is needed: the cases are no part of serving. */
export async function proveConfiguration(
  issuer: string,
  policy: PolicyOptions,
  { short = false, pause = breathe }: ProofExtent = {},
): Promise<ProofReport> {
  const { prove } = await import('@sallyport/server/prove')
  return prove({ issuer, policy, random: systemRandom(), short, pause })
}

/** Signs a report with the key of the installation that signs access tokens. */
export async function signHere(report: ProofReport, place: Omit<SigningPlace, 'random'>): Promise<SignedReport> {
  const { signReport } = await import('@sallyport/server/prove')
  const { store, masterKey, now, externalKeys } = place
  return signReport(report, { store, masterKey, now, externalKeys, random: systemRandom() })
}

/** Shows the outcome of a proof as metrics. */
export function tellProof(
  metrics: Metrics,
  { proven, seconds, at }: { readonly proven: boolean; readonly seconds: number; readonly at: number },
): void {
  metrics.set('pkce_enforcement_proven', proven ? 1 : 0)
  metrics.set('pkce_enforcement_proof_duration', seconds)
  metrics.set('pkce_enforcement_proof_time', at)
}

/** Milliseconds of rest after each case of a whole proof, so that it takes its time from nobody. */
const restAfterCase = 2

/** Proves at the start and every hour that PKCE is enforced, and tells when it is not: metric, event, log, readiness. */
export function keepProving({ issuer, policy, metrics, log, emit, sign }: ProvingOptions): Proving {
  let holding = true
  let last: SignedReport | string = 'the first proof is under way'
  let stopped = false
  const tell = async (proven: boolean, seconds: number, reason: string): Promise<void> => {
    holding = proven
    tellProof(metrics, { proven, seconds, at: Math.floor(Date.now() / 1000) })
    if (!proven) await emit({ event: 'pkce.enforcement.unproven', severity: 'high', reason })
  }
  // What was found counts, signed or not.
  const signed = (report: ProofReport): Promise<SignedReport | string> =>
    sign(report).catch((error: unknown) => {
      if (!stopped) log.fault('the report of a proof could not be signed', error, undefined)
      return 'the last report could not be signed; the log says why'
    })
  const between = (short: boolean) => async (): Promise<void> => {
    await (short ? breathe() : rest(restAfterCase))
    if (stopped) throw new Error('the server stops')
  }
  const round = async (short: boolean): Promise<void> => {
    if (stopped) return
    try {
      const report = await proveConfiguration(issuer, policy, { short, pause: between(short) })
      for (const one of report.cases.filter(({ holds }) => !holds).slice(0, 20))
        log.line('error', `not enforced: ${one.title}`, { ...one })
      await tell(report.proven, report.milliseconds / 1000, report.cases.find(({ holds }) => !holds)?.requirement ?? '')
      last = await signed(report)
    } catch (error) {
      if (stopped) return
      last = 'the last proof could not be made; the log says why'
      log.fault('the proof of PKCE could not be made', error, undefined)
      await tell(false, 0, 'failed')
    }
  }
  let running = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const whole = (): void => {
    running = running.then(() => round(false))
  }
  return {
    begin: () => {
      running = round(true)
      whole()
      timer = setInterval(whole, hour)
      timer.unref()
    },
    holds: () => holding,
    last: () => last,
    stop: async () => {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
