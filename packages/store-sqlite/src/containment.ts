import type { Seconds } from '@sallyport/protocol'
import type { ContainmentStore, Held } from '@sallyport/server/model'
import type { Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'

/** Rows that one read looks at: there is no index from clients to authorizations, because every sign-in would pay for it. */
const chunk = 10_000

/** 1 for an authorization whose code waits to be redeemed; one for a device never had a code. */
const openCode = `redeemed_at IS NULL AND destroyed_at IS NULL AND code_digest <> ''
  AND coalesce(json_extract(details, '$.code.expiresAt'), 0) >`

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
  const { known, consents, devices, forget, endDevices } = others(db)
  return {
    held: async (clientId, now) => {
      const { rows } = await look(clientId, now)
      return db.read(() =>
        known(clientId) === undefined
          ? undefined
          : heldOf(rows, consents(clientId, now) ?? 0, devices(clientId, now) ?? 0),
      )
    },
    contain: async (clientId, now, noted) => {
      const seen = await look(clientId, now)
      return db.write(() => {
        if (disable(clientId, now) === 0) return undefined
        const grown = seen.endId !== undefined && idAt(seen.end) === seen.endId
        const since = late(now, grown ? seen.end : 0, clientId, now)
        const ended = end([...(grown ? seen.rows : []), ...since], clientId, now)
        const held = heldOf(ended, forget(clientId), endDevices(clientId, now))
        events.add(noted)
        return held
      })
    },
  }
}

const heldOf = (rows: readonly Row[], consents: number, devices: number): Held => ({
  authorizations: rows.length,
  codes: rows.filter(([, open]) => open === 1).length,
  consents,
  devices,
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
  const consents = db.value<[string, number], number>(
    'SELECT count(*) FROM consents WHERE client_id = ? AND expires_at > ?',
  )
  const forget = db.change<[string]>('DELETE FROM consents WHERE client_id = ?')
  const waiting = `client_id = ? AND state IN ('pending', 'claimed') AND expires_at > ?`
  const devices = db.value<[string, number], number>(`SELECT count(*) FROM device_requests WHERE ${waiting}`)
  const endDevices = db.change<[string, number]>(
    `UPDATE device_requests SET state = 'destroyed', user_code_key = NULL WHERE ${waiting}`,
  )
  return { known, consents, devices, forget, endDevices }
}
