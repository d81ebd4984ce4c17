import type { Random, Seconds } from '@sallyport/protocol'
import { orderedId } from './ids.ts'
import { isWorse, judge, type Verdict } from './incidents.ts'
import type { SecurityEvent } from './model/authorization.ts'
import type { Store } from './model/store.ts'

export type AlertKind =
  | 'code_interception'
  | 'code_replay'
  | 'refresh_reuse'
  | 'challenge_repeated'
  | 'assertion_replay'
  | 'client_key_missing'
  | 'device_codes_many'
  | 'device_code_guessing'
  | 'device_not_started'
  | 'device_approvals_from_afar'
  | 'backchannel_not_started'

/** What somebody should look at (A-LOG-03). One for all that is alike of one client within ten minutes. */
export type Alert = {
  readonly id: string
  readonly kind: AlertKind
  readonly verdict: Verdict | undefined
  readonly clientId: string | undefined
  /** How many were folded into it so far. */
  readonly count: number
  readonly firstAt: Seconds
  readonly lastAt: Seconds
  /** The first request, for `sallyport explain`. */
  readonly requestId: string | undefined
  /** False when it is raised, and again when what follows is worse; true for the count when its ten minutes are over. */
  readonly final: boolean
}

export type AlertBook = {
  /** Looks at a security event; costs next to nothing for those that alert nobody. */
  see(event: SecurityEvent): void
  /** Raises the counts of alerts whose ten minutes are over; all of them at the end of the process. */
  flush(before?: number): void
}

export type AlertBookOptions = {
  readonly store: Pick<Store, 'rememberOnce'>
  readonly random: Random
  readonly now: () => Seconds
  readonly raise: (alert: Alert) => void
}

const window = 600
/** Seconds by which the count of a storm may come later than the storm. */
const foldDelay = 60
/** Clients that alert at once at most; what comes beyond is one alert of no client. */
const maxOpen = 1000

const kinds: Readonly<Record<string, AlertKind>> = {
  'token.code.client_mismatch': 'code_interception',
  'token.refresh.reuse_detected': 'refresh_reuse',
  'client.assertion.replayed': 'assertion_replay',
  'device.code.guess_limit': 'device_code_guessing',
}

function kindOf(record: SecurityEvent): AlertKind | undefined {
  const { event, reason, detail } = record
  if (reason === 'answer_key') return 'client_key_missing'
  if (event === 'token.code.replayed') {
    if (reason !== 'no_proof') return 'code_replay'
    // A device that asks once more after its answer got lost wakes nobody up.
    return detail['challenged'] === false && verdictOf(record) === 'client_bug' ? undefined : 'code_interception'
  }
  if (event === 'token.pkce.failed') return reason === 'mismatch' ? 'code_interception' : undefined
  if (event === 'authz.request.rejected') return reason === 'challenge_reused' ? 'challenge_repeated' : undefined
  if (event === 'device.approved') return reason === 'many_from_afar' ? 'device_approvals_from_afar' : undefined
  if (event === 'device.denied') return reason === 'not_started' ? 'device_not_started' : undefined
  if (event === 'backchannel.denied') return reason === 'not_started' ? 'backchannel_not_started' : undefined
  if (event === 'token.request.rejected')
    return reason === 'rate_limited' && detail['surface'] === 'device' ? 'device_codes_many' : undefined
  return kinds[event]
}

const verdictOf = (event: SecurityEvent): Verdict | undefined =>
  event.class === undefined ? undefined : judge(event).verdict

type Open = { alert: Alert; count: number; lastAt: Seconds; /** Another node raised it. */ elsewhere: boolean }

export function createAlertBook({ store, random, now, raise }: AlertBookOptions): AlertBook {
  const open = new Map<string, Open>()

  const closing = ({ alert, count, lastAt, elsewhere }: Open): void => {
    if (count > 1 || elsewhere) raise({ ...alert, count, lastAt, final: true })
  }

  /** What looked like a mistake and turns out to be an attack must not wait for the end of its ten minutes. */
  const worsening = (entry: Open, verdict: Verdict | undefined): void => {
    if (verdict === undefined || !isWorse(verdict, entry.alert.verdict)) return
    entry.alert = { ...entry.alert, verdict }
    raise({ ...entry.alert, count: entry.count, lastAt: entry.lastAt })
  }

  /** One node raises it; the others add their counts when the window ends. With the store away each raises its own. */
  const opening = async (key: string, entry: Open): Promise<void> => {
    const slot = Math.floor(entry.alert.firstAt / window)
    const first = await store
      .rememberOnce(`alert|${key}|${slot}`, (entry.alert.firstAt + window) as Seconds, entry.alert.firstAt)
      .catch(() => true)
    if (first) raise(entry.alert)
    else entry.elsewhere = true
  }

  const flush = (before = Number.POSITIVE_INFINITY): void => {
    for (const [key, entry] of open) {
      if (entry.alert.firstAt + window > before) continue
      open.delete(key)
      closing(entry)
    }
  }

  return {
    flush,
    see: (event) => {
      const kind = kindOf(event)
      if (kind === undefined) return
      const clientId = open.size < maxOpen ? event.clientId : undefined
      const key = `${kind}|${clientId ?? ''}`
      const known = open.get(key)
      // A folded event counts what was before it.
      const span = event.count > 1 ? window + foldDelay : window
      if (known !== undefined && known.alert.firstAt + span > event.ts) {
        known.count += event.count
        known.lastAt = event.ts
        worsening(known, verdictOf(event))
        return
      }
      const entry: Open = {
        alert: {
          id: `alert_${orderedId(now(), random)}`,
          kind,
          verdict: verdictOf(event),
          clientId,
          count: event.count,
          firstAt: event.ts,
          lastAt: event.ts,
          requestId: event.requestId,
          final: false,
        },
        count: event.count,
        lastAt: event.ts,
        elsewhere: false,
      }
      open.set(key, entry)
      if (known !== undefined) closing(known)
      void opening(key, entry)
    },
  }
}
