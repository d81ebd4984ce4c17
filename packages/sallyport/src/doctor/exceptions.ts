import type { SqliteStore } from '@sallyport/store-sqlite'
import type { Config } from '../config/load.ts'
import { exceptionNotices, standingExceptions } from '../exceptions.ts'
import { now } from '../workplace.ts'
import { bad, ok, type Finding } from './finding.ts'

/** Every exception from PKCE is a finding for as long as it stands (A-GOV-02). */
export async function exceptionFindings(config: Config, store: SqliteStore): Promise<readonly Finding[]> {
  const notices = exceptionNotices(config, await standingExceptions(store, now()), now())
  if (notices.length === 0) return [ok('pkce', 'no client has an exception')]
  return notices.map(({ problem, fix }) => bad('pkce', problem, fix))
}
