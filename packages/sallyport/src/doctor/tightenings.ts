import type { SqliteStore } from '@sallyport/store-sqlite'
import type { Config } from '../config/load.ts'
import { coverageOf, defaultSince } from '../coverage.ts'
import { tighteningReport, tighteningWarnings } from '../tightenings.ts'
import { now } from '../workplace.ts'
import { bad, ok, type Finding } from './finding.ts'

/** Clients that a tightening at stage `warn` would break. */
export async function tighteningFindings(config: Config, store: SqliteStore): Promise<readonly Finding[]> {
  const { clients } = await coverageOf(store, { since: defaultSince(now()) }, now())
  const warnings = tighteningWarnings(tighteningReport(clients, config))
  if (warnings.length === 0) return [ok('tightenings', 'no client would break by a tightening at stage warn')]
  return warnings.map((warning) => bad('tightenings', warning, 'mend the client before the stage becomes enforce'))
}
