import type { Alert, Fault, HttpRequest, HttpResponse, SecurityEvent } from '@sallyport/server'

/** One request and its answer. */
export type Exchange = { readonly request: HttpRequest; readonly response: HttpResponse }

/** One count for the operator's metrics. */
export type Measure = { readonly name: string; readonly labels: Readonly<Record<string, string>> }

/** Everything that happened at an issuer, in order. */
export type Records = {
  readonly events: SecurityEvent[]
  readonly alerts: Alert[]
  readonly exchanges: Exchange[]
  readonly faults: Fault[]
  readonly measures: Measure[]
}

export const emptyRecords = (): Records => ({ events: [], alerts: [], exchanges: [], faults: [], measures: [] })

/** Forgets what happened so far. */
export function clearRecords(records: Records): void {
  for (const list of [records.events, records.alerts, records.exchanges, records.faults, records.measures])
    list.length = 0
}
