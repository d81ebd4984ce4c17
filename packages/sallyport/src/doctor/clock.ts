import type { SqliteStore } from '@sallyport/store-sqlite'
import { instant } from '../terminal.ts'
import { now } from '../workplace.ts'
import { bad, ok, type Finding } from './finding.ts'

/** Seconds of difference that nothing suffers from. */
const tolerance = 5

/** Whether time runs as the records say: codes live for a minute, so a wrong clock refuses everybody. */
export async function clockFindings(store: SqliteStore, serverTime: number | undefined): Promise<readonly Finding[]> {
  const remedy = 'synchronise the clock with NTP'
  const here = now()
  const keys = await store.listSigningKeys()
  const newest = (await store.admin.lastEvents(1)).items.at(-1)
  const latest = Math.max(newest?.ts ?? 0, ...keys.map((key) => key.createdAt))
  if (latest > here + tolerance)
    return [bad('clock', `the store was written at ${instant(latest)}, which is in the future here`, remedy)]
  // The Date header has whole seconds.
  if (serverTime !== undefined && Math.abs(serverTime - here) > tolerance + 1)
    return [
      bad('clock', `the server's clock differs by ${Math.round(serverTime - here)} s from this machine's`, remedy),
    ]
  return [ok('clock', `it is ${instant(Math.floor(here))} here`)]
}
