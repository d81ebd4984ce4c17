import type { Alert, Fault, HttpRequest, HttpResponse, SecurityEvent } from '@sallyport/server'
import type { Notice } from '@sallyport/server/model'

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
  /** What people were to be told of. */
  readonly notices: Notice[]
}

export const emptyRecords = (): Records => ({
  events: [],
  alerts: [],
  exchanges: [],
  faults: [],
  measures: [],
  notices: [],
})

/** Forgets what happened so far. */
export function clearRecords(records: Records): void {
  for (const list of Object.values(records)) list.length = 0
}
