import type { Seconds } from '@sallyport/protocol'
import type { ContainmentStore, Held } from '@sallyport/server/model'
import type { Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'

/** Rows that one read looks at: there is no index from clients to authorizations, because every sign-in would pay for it. */
const chunk = 10_000

/** 1 for an authorization whose code waits to be redeemed; one for a device never had a code. */
const openCode = `redeemed_at IS NULL AND destroyed_at IS NULL AND code_digest <> ''
  AND coalesce(json_extract(details, '$.code.expiresAt'), 0) >`

const ofClient = 'client_id = ? AND expires_at > ?'
const standing = 'client_id = ? AND deadline > ? AND revoked_at IS NULL'
const waiting = `state IN ('pending', 'claimed') AND ${ofClient}`
/** An interaction that was consumed has no record left. */
const atPage = `CASE record WHEN '' THEN 0 ELSE json_extract(record, '$.request.clientId') = ? END AND expires_at > ?`

type Row = readonly [n: number, open: number]

type Seen = {
  /** Rows of the client that have not ended. */
  readonly rows: readonly Row[]
  /** The newest row of all when the reading began, and which it was. */
  readonly end: number
  readonly endId: string | undefined
}

/**
 * The kill switch. The rows of the client are looked for before the transaction, a chunk at a time, so that no writer
 * waits while millions of rows of others are passed over. The transaction touches those rows and whatever came in since:
 * rows only grow at the end, unless the newest was swept meanwhile, and then it looks at all of them.
 */
export function containmentStore(db: Connection, events: EventRows): ContainmentStore {
  const look = reader(db)
  const late = db.rows<[number, number, string, number], [n: number, open: number]>(
    `SELECT n, ${openCode} ? FROM authorizations WHERE n > ? AND client_id = ? AND revoked_at IS NULL AND expires_at > ?`,
  )
  const idAt = db.value<[number], string>('SELECT id FROM authorizations WHERE n = ?')
  const end = authorizationEnder(db)
  const disable = disabler(db)
  const { known, count, endAll } = others(db)
  return {
    held: async (clientId, now) => {
      const { rows } = await look(clientId, now)
      return db.read(() => (known(clientId) === undefined ? undefined : heldOf(rows, count(clientId, now))))
    },
    contain: async (clientId, now, noted) => {
      const seen = await look(clientId, now)
      return db.write(() => {
        if (disable(clientId, now) === 0) return undefined
        const grown = seen.endId !== undefined && idAt(seen.end) === seen.endId
        const since = late(now, grown ? seen.end : 0, clientId, now)
        const ended = end([...(grown ? seen.rows : []), ...since], clientId, now)
        const held = heldOf(ended, endAll(clientId, now))
        events.add(noted)
        return held
      })
    },
  }
}

type Others = Omit<Held, 'authorizations' | 'codes'>

const heldOf = (rows: readonly Row[], others: Others): Held => ({
  authorizations: rows.length,
  codes: rows.filter(([, open]) => open === 1).length,
  ...others,
})

function reader(db: Connection): (clientId: string, now: Seconds) => Promise<Seen> {
  const last = db.row<[], [n: number, id: string]>('SELECT n, id FROM authorizations ORDER BY n DESC LIMIT 1')
  const some = db.rows<[number, number, number, string, number], [n: number, open: number]>(
    `SELECT n, ${openCode} ? FROM authorizations
     WHERE n > ? AND n <= ? AND client_id = ? AND revoked_at IS NULL AND expires_at > ?`,
  )
  return async (clientId, now) => {
    const [end, endId] = (await db.read(() => last())) ?? [0, undefined]
    const rows: Row[] = []
    for (let from = 0; from < end; from += chunk) {
      for (const row of await db.read(() => some(now, from, from + chunk, clientId, now))) rows.push(row)
      // Other requests of this process get their turn between two chunks.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { rows, end, endId }
  }
}

/** Ends rows that were read before, and gives those that nobody had ended meanwhile, as they are now. */
function authorizationEnder(db: Connection): (rows: readonly Row[], clientId: string, now: Seconds) => readonly Row[] {
  const isOpen = db.value<[number, number], number>(`SELECT ${openCode} ? FROM authorizations WHERE n = ?`)
  const end = db.change<[number, number, string]>(
    `UPDATE authorizations SET revoked_at = ?, revoked_reason = 'administrator'
     WHERE n = ? AND client_id = ? AND revoked_at IS NULL`,
  )
  return (rows, clientId, now) =>
    rows.flatMap(([n, before]) => {
      const open = before === 1 ? (isOpen(now, n) ?? 0) : 0
      return end(now, n, clientId) === 0 ? [] : [[n, open] as const]
    })
}

function disabler(db: Connection): (clientId: string, now: Seconds) => number {
  const disable = db.change<[number, number, number, string]>(
    `UPDATE clients SET version = version + 1, disabled_at = coalesce(disabled_at, ?),
       record = json_set(record, '$.version', version + 1, '$.updatedAt', ?, '$.disabledAt', coalesce(disabled_at, ?))
     WHERE id = ?`,
  )
  return (clientId, now) => disable(now, now, now, clientId)
}

/** What a client holds beside its authorizations. */
function others(db: Connection) {
  const known = db.value<[string], number>('SELECT 1 FROM clients WHERE id = ?')
  const counter = (table: string, where: string): ((clientId: string, now: Seconds) => number) => {
    const count = db.value<[string, number], number>(`SELECT count(*) FROM ${table} WHERE ${where}`)
    return (clientId, now) => count(clientId, now) ?? 0
  }
  const consents = counter('consents', ofClient)
  const devices = counter('device_requests', waiting)
  const pushed = counter('pushed_requests', ofClient)
  const pages = counter('interactions', atPage)
  const exceptions = counter('pkce_exceptions', standing)
  const forget = db.change<[string]>('DELETE FROM consents WHERE client_id = ?')
  const endDevices = db.change<[string, number]>(
    `UPDATE device_requests SET state = 'destroyed', user_code_key = NULL WHERE ${waiting}`,
  )
  const endPushed = db.change<[string, number]>(`DELETE FROM pushed_requests WHERE ${ofClient}`)
  const endExceptions = db.change<[number, string, number]>(
    `UPDATE pkce_exceptions SET revoked_at = ? WHERE ${standing}`,
  )
  const endPages = db.change<[string, number]>(`DELETE FROM interactions WHERE ${atPage}`)
  return {
    known,
    count: (clientId: string, now: Seconds): Others => ({
      consents: consents(clientId, now),
      devices: devices(clientId, now),
      pushed: pushed(clientId, now),
      pages: pages(clientId, now),
      exceptions: exceptions(clientId, now),
    }),
    endAll: (clientId: string, now: Seconds): Others => ({
      consents: forget(clientId),
      devices: endDevices(clientId, now),
      pushed: endPushed(clientId, now),
      pages: endPages(clientId, now),
      exceptions: endExceptions(now, clientId, now),
    }),
  }
}
