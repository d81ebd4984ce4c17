import type { Random, Seconds } from '@sallyport/protocol'
import { orderedId } from './ids.ts'
import type { SecurityEvent } from './model/authorization.ts'
import type { EventDraft } from './model/route.ts'
import type { Store } from './model/store.ts'

/** Where an event comes from. */
export type EventSource = { readonly requestId: string | undefined; readonly network: string | undefined }

/** Writes security events: one line to the log and one durable row each; storms are folded (A-LOG-03). */
export type EventWriter = {
  /** Makes the record of an event, for verbs that store it together with their own write; logs nothing yet. */
  record(draft: EventDraft, source: EventSource): SecurityEvent
  /** Logs records that a verb has stored. */
  stored(events: readonly SecurityEvent[]): void
  /** Logs and stores. Never rejects: a store that is away must not turn a refusal into a fault. */
  write(draft: EventDraft, source: EventSource): Promise<void>
  /** Writes what was folded so far. */
  flush(): Promise<void>
}

/** Alike within the window beyond this number are counted instead of written one by one. */
const individually = 20
const window = 60
const maxKeys = 2000

type Fold = { since: Seconds; seen: number; folded: SecurityEvent | undefined; count: number }

const high = new Set([
  'token.code.client_mismatch',
  'token.refresh.reuse_detected',
  'token.refresh.client_mismatch',
  'client.assertion.replayed',
  'mtls.header.untrusted',
  'token.assertion.replayed',
  'dpop.proof.replayed',
  'mfa.code_replayed',
])

function severityOf(draft: EventDraft): SecurityEvent['severity'] {
  if (draft.severity !== undefined) return draft.severity
  if (high.has(draft.event)) return 'high'
  if (draft.event === 'token.code.replayed') return draft.reason === 'no_proof' ? 'medium' : 'high'
  if (draft.event === 'token.pkce.failed') return draft.reason === 'mismatch' ? 'high' : 'medium'
  return draft.event.endsWith('.rejected') || draft.event.endsWith('.failed') ? 'low' : 'info'
}

export type EventWriterOptions = {
  readonly store: Store
  readonly random: Random
  readonly now: () => Seconds
  readonly log: (event: SecurityEvent) => void
}

export function createEventWriter({ store, random, now, log }: EventWriterOptions): EventWriter {
  const folds = new Map<string, Fold>()

  const record = (draft: EventDraft, source: EventSource): SecurityEvent => ({
    id: orderedId(now(), random),
    event: draft.event,
    severity: severityOf(draft),
    ts: now(),
    requestId: source.requestId,
    clientId: draft.clientId?.slice(0, 200),
    subject: draft.subject,
    authorizationId: draft.authorizationId,
    network: source.network,
    reason: draft.reason,
    class: draft.class,
    count: 1,
    detail: draft.detail ?? {},
  })

  const append = async (events: readonly SecurityEvent[]): Promise<void> => {
    for (const event of events) log(event)
    try {
      await store.appendEvents(events)
    } catch {
      // The line is out; the request has its own answer to the failing store.
    }
  }

  const flushOld = async (before: Seconds): Promise<void> => {
    const due: SecurityEvent[] = []
    for (const [key, fold] of folds) {
      if (fold.since > before) continue
      folds.delete(key)
      if (fold.folded !== undefined)
        due.push({ ...fold.folded, id: orderedId(now(), random), ts: now(), count: fold.count })
    }
    if (due.length > 0) await append(due)
  }

  const write = async (draft: EventDraft, source: EventSource): Promise<void> => {
    const event = record(draft, source)
    const key = [event.event, event.reason, event.class, event.clientId, event.network].join('|')
    let fold = folds.get(key)
    if (fold !== undefined && fold.since + window <= event.ts) {
      await flushOld((event.ts - window) as Seconds)
      fold = undefined
    }
    if (fold === undefined) {
      if (folds.size >= maxKeys) await flushOld(event.ts)
      folds.set(key, { since: event.ts, seen: 1, folded: undefined, count: 0 })
      return append([event])
    }
    if (++fold.seen <= individually) return append([event])
    fold.folded = event
    fold.count++
  }

  return {
    record,
    stored: (events) => {
      for (const event of events) log(event)
    },
    write,
    flush: () => flushOld(Number.POSITIVE_INFINITY as Seconds),
  }
}
