import type { Seconds } from '@sallyport/protocol'
import {
  exceptionCoolingOff,
  type ExceptionCreation,
  type ExceptionRenewal,
  type ExceptionStore,
  type PkceException,
} from '@sallyport/server/model'
import { orUndefined, type Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { pageOf, pageSize } from './pages.ts'

type Row = [
  id: string,
  clientId: string,
  deadline: number,
  renewedAt: number | null,
  revokedAt: number | null,
  uses: number,
  lastUsedAt: number | null,
  acceptedBy: string,
  record: string,
]

const columns = 'id, client_id, deadline, renewed_at, revoked_at, uses, last_used_at, accepted_by, record'

type Said = Pick<PkceException, 'owner' | 'reason' | 'ticket' | 'compensatingControl' | 'createdAt'>

const instant = (value: number | null): Seconds | undefined => orUndefined(value) as Seconds | undefined

function readException(row: Row): PkceException {
  const { owner, reason, ticket, compensatingControl, createdAt } = JSON.parse(row[8]) as Said
  return {
    id: row[0],
    clientId: row[1],
    owner,
    reason,
    ticket,
    compensatingControl,
    acceptedBy: row[7],
    createdAt,
    deadline: row[2] as Seconds,
    renewedAt: instant(row[3]),
    revokedAt: instant(row[4]),
    uses: row[5],
    lastUsedAt: instant(row[6]),
  }
}

/** Dated exceptions from PKCE. Every race is decided by one conditional statement. */
export function exceptionStore(db: Connection, events: EventRows): ExceptionStore {
  const rows = exceptionRows(db)
  const inForce = db.row<[string, number], Row>(
    `SELECT ${columns} FROM pkce_exceptions WHERE client_id = ? AND revoked_at IS NULL AND deadline > ?`,
  )
  const find = db.row<[string], Row>(`SELECT ${columns} FROM pkce_exceptions WHERE id = ?`)
  const list = db.rows<[string, number], Row>(`SELECT ${columns} FROM pkce_exceptions WHERE id > ? ORDER BY id LIMIT ?`)
  const read = (row: Row | undefined): PkceException | undefined => row && readException(row)
  return {
    create: (exception, noted) =>
      db.write(() => {
        const outcome = rows.refusal(exception, false)
        if (outcome !== 'created') return outcome
        rows.insert(exception)
        events.add(noted)
        return outcome
      }),
    inForce: (clientId, now) => db.read(() => read(inForce(clientId, now))),
    find: (id) => db.read(() => read(find(id))),
    renew: (id, { acceptedBy, deadline }, now, noted) =>
      db.write(() => {
        if (!rows.renew({ id, acceptedBy, deadline, at: now })) return false
        events.add(noted)
        return true
      }),
    revoke: (id, now, noted) =>
      db.write(() => {
        if (!rows.revoke({ id, at: now })) return false
        events.add(noted)
        return true
      }),
    list: (after, limit) =>
      db.read(() => pageOf(list(after ?? '', pageSize(limit) + 1), limit, readException, ({ id }) => id)),
  }
}

type ExceptionRows = {
  /** Why an exception cannot be made; its client may be made in the same transaction. */
  refusal(exception: PkceException, clientIsNew: boolean): ExceptionCreation
  insert(exception: PkceException): void
  /** Whether `renew` would do it now. */
  mayRenew(renewal: Pick<ExceptionRenewal, 'id' | 'at'>): boolean
  renew(renewal: ExceptionRenewal): boolean
  mayRevoke(end: { readonly id: string; readonly at: number }): boolean
  revoke(end: { readonly id: string; readonly at: number }): boolean
}

/** The statements on exceptions that run inside a write transaction. */
export function exceptionRows(db: Connection): ExceptionRows {
  const standing = db.value<[string, number], number | null>(
    'SELECT coalesce(renewed_at, 0) FROM pkce_exceptions WHERE id = ? AND revoked_at IS NULL AND deadline > ?',
  )
  const renew = db.change<[string, number, number, string, number]>(
    `UPDATE pkce_exceptions SET accepted_by = ?, deadline = ?, renewed_at = ?
     WHERE id = ? AND renewed_at IS NULL AND revoked_at IS NULL AND deadline > ?`,
  )
  const revoke = db.change<[number, string, number]>(
    'UPDATE pkce_exceptions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL AND deadline > ?',
  )
  return {
    ...creation(db),
    mayRenew: ({ id, at }) => standing(id, at) === 0,
    renew: ({ id, acceptedBy, deadline, at }) => renew(acceptedBy, deadline, at, id, at) === 1,
    mayRevoke: ({ id, at }) => standing(id, at) !== undefined,
    revoke: ({ id, at }) => revoke(at, id, at) === 1,
  }
}

function creation(db: Connection): Pick<ExceptionRows, 'refusal' | 'insert'> {
  const known = db.value<[string], number>('SELECT 1 FROM clients WHERE id = ?')
  const standing = db.value<[string, number], number>(
    'SELECT 1 FROM pkce_exceptions WHERE client_id = ? AND revoked_at IS NULL AND deadline > ? LIMIT 1',
  )
  const recent = db.value<[string, number], number>(
    `SELECT 1 FROM pkce_exceptions
     WHERE client_id = ? AND uses > 0 AND min(deadline, coalesce(revoked_at, deadline)) > ? LIMIT 1`,
  )
  const insert = db.change<[string, string, number, string, string]>(
    `INSERT INTO pkce_exceptions (id, client_id, deadline, uses, accepted_by, record) VALUES (?, ?, ?, 0, ?, ?)`,
  )
  return {
    refusal: ({ clientId, createdAt }, clientIsNew) => {
      if (!clientIsNew && known(clientId) === undefined) return 'client_unknown'
      if (standing(clientId, createdAt) !== undefined) return 'in_force'
      return recent(clientId, createdAt - exceptionCoolingOff) === undefined ? 'created' : 'cooling_off'
    },
    insert: ({ id, clientId, createdAt, deadline, acceptedBy, owner, reason, ticket, compensatingControl }) => {
      const said: Said = { owner, reason, ticket, compensatingControl, createdAt }
      insert(id, clientId, deadline, acceptedBy, JSON.stringify(said))
    },
  }
}

/** Counts one more code under an exception, inside the transaction that issues it; false when it is not in force. */
export function exceptionUser(db: Connection): (id: string, clientId: string, now: number) => boolean {
  const use = db.change<[number, string, string, number]>(
    `UPDATE pkce_exceptions SET uses = uses + 1, last_used_at = ?
     WHERE id = ? AND client_id = ? AND revoked_at IS NULL AND deadline > ?`,
  )
  return (id, clientId, now) => use(now, id, clientId, now) === 1
}
