import type { Seconds } from '@sallyport/protocol'
import { isoWeek, retention, type Store, type Swept } from '@sallyport/server/model'
import type { Connection } from './connection.ts'

type Sweep = { readonly table: string; readonly run: (now: number, limit: number) => number }

/** Removes rows of `table` whose `column` lies at or before the cutoff, by index and oldest first. */
function sweepByColumn(
  db: Connection,
  table: string,
  key: string,
  column: string,
): (cutoff: number, limit: number) => number {
  return db.change<[number, number]>(
    `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${column} <= ? ORDER BY ${column} LIMIT ?)`,
  )
}

function createSweeps(db: Connection): readonly Sweep[] {
  const expiring = (table: string, key: string, column: string, kept = 0): Sweep => {
    const run = sweepByColumn(db, table, key, column)
    return { table, run: (now, limit) => run(now - kept, limit) }
  }
  // Both tables are in the order of time by their keys, and need no index for it.
  const dropAnswers = db.change<[number, number]>(
    'DELETE FROM sealed_answers WHERE issued_at < ? AND n IN (SELECT n FROM sealed_answers ORDER BY n LIMIT ?)',
  )
  const dropRefreshTokens = db.change<[number, number]>(
    'DELETE FROM refresh_tokens WHERE n IN (SELECT n FROM refresh_tokens WHERE purge_day <= ? ORDER BY purge_day, n LIMIT ?)',
  )
  // The audit trail is only ever cut at its old end: behind an event of it that stays, the others stay too.
  const dropEvents = db.change<[number, number, number, number]>(
    `DELETE FROM events WHERE ts <= ? AND n IN (SELECT n FROM events ORDER BY n LIMIT ?) AND (link IS NULL OR n < coalesce(
       (SELECT min(n) FROM (SELECT n, ts, link FROM events ORDER BY n LIMIT ?) WHERE link IS NOT NULL AND ts > ?),
       9223372036854775807))`,
  )
  const dropUsage = db.change<[string, number]>(
    `DELETE FROM client_usage WHERE (client_id, week) IN
       (SELECT client_id, week FROM client_usage WHERE week < ? ORDER BY week LIMIT ?)`,
  )
  return [
    expiring('interactions', 'digest', 'expires_at'),
    expiring('sessions', 'id', 'expires_at', retention.session),
    expiring('consents', 'rowid', 'expires_at'),
    { table: 'sealed_answers', run: (now, limit) => dropAnswers(now - retention.sealedAnswer, limit) },
    { table: 'refresh_tokens', run: (now, limit) => dropRefreshTokens(Math.floor(now / 86_400), limit) },
    expiring('authorizations', 'n', 'kept_until'),
    expiring('opaque_access_tokens', 'n', 'expires_at'),
    expiring('denied_tokens', 'jti', 'expires_at'),
    expiring('once_marks', 'mark', 'expires_at'),
    expiring('counters', 'name', 'ends_at'),
    expiring('signing_keys', 'kid', 'remove_at', retention.signingKey),
    { table: 'events', run: (now, limit) => dropEvents(now - retention.event, limit, limit, now - retention.event) },
    expiring('pkce_exceptions', 'id', 'deadline', retention.exception),
    expiring('initial_access_tokens', 'id', 'expires_at', retention.event),
    expiring('client_logos', 'client_id', 'expires_at'),
    expiring('device_requests', 'digest', 'kept_until'),
    expiring('pushed_requests', 'digest', 'kept_until'),
    expiring('session_clients', 'rowid', 'expires_at', retention.session),
    expiring('logout_notices', 'id', 'created_at', retention.logoutNotice),
    { table: 'client_usage', run: (now, limit) => dropUsage(isoWeek(now - retention.usage), limit) },
  ]
}

/** Sweeps table by table, each in a transaction of its own, so that nothing waits for more than one of them. */
export function createSweep(db: Connection): Store['sweep'] {
  const sweeps = createSweeps(db)
  return async (now: Seconds, limit: number): Promise<Swept> => {
    const swept: Record<string, number> = {}
    for (const { table, run } of sweeps) swept[table] = await db.write(() => run(now, limit))
    return swept
  }
}
