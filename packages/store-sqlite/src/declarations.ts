import type { DeclarationStore, DeclaredChange, DeclaredKind, DeclaredObject } from '@sallyport/server/model'
import { createClientRows } from './client-rows.ts'
import type { Connection } from './connection.ts'
import { exceptionRows } from './exceptions.ts'
import type { EventRows } from './event-rows.ts'
import { pageOf, pageSize } from './pages.ts'

type Row = [kind: string, id: string, name: string]

const readMark = ([kind, id, name]: Row): DeclaredObject => ({ kind: kind as DeclaredKind, id, name })

/** What belongs to configuration files. */
export function declarationStore(db: Connection, events: EventRows): DeclarationStore {
  const find = db.row<[string, string], Row>('SELECT kind, id, name FROM declared_objects WHERE kind = ? AND id = ?')
  const list = db.rows<[string, string, number], Row>(
    'SELECT kind, id, name FROM declared_objects WHERE kind = ? AND id > ? ORDER BY id LIMIT ?',
  )
  const apply = applier(db)
  return {
    find: (kind, id) =>
      db.read(() => {
        const row = find(kind, id)
        return row && readMark(row)
      }),
    list: (kind, after, limit) =>
      db.read(() => pageOf(list(kind, after ?? '', pageSize(limit) + 1), limit, readMark, ({ id }) => id)),
    apply: (change, noted) =>
      db.write(() => {
        if (!apply(change)) return false
        events.add(noted)
        return true
      }),
  }
}

/** Looks at every row first and writes only then: both happen in one transaction, so what was seen still holds. */
function applier(db: Connection): (change: DeclaredChange) => boolean {
  const version = db.value<[string], number>('SELECT version FROM clients WHERE id = ?')
  const save = db.change<[string, string]>(
    'INSERT INTO resources (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
  )
  const remove = db.change<[string]>('DELETE FROM resources WHERE id = ?')
  const own = db.change<[string, string, string]>(
    `INSERT INTO declared_objects (kind, id, name) VALUES (?, ?, ?)
     ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name`,
  )
  const disown = db.change<[string, string]>('DELETE FROM declared_objects WHERE kind = ? AND id = ?')
  const clients = createClientRows(db)
  const exceptions = exceptionRows(db)
  const exceptionKnown = db.value<[string], number>('SELECT 1 FROM pkce_exceptions WHERE id = ?')
  return (change) => {
    if (change.createClients.some(({ id }) => version(id) !== undefined)) return false
    if (change.updateClients.some((client) => version(client.id) !== client.version - 1)) return false
    const isNew = new Set(change.createClients.map(({ id }) => id))
    const excepted = new Set(change.createExceptions.map(({ clientId }) => clientId))
    if (excepted.size < change.createExceptions.length) return false
    for (const one of change.createExceptions)
      if (exceptionKnown(one.id) !== undefined || exceptions.refusal(one, isNew.has(one.clientId)) !== 'created')
        return false
    if (!change.renewExceptions.every((one) => exceptions.mayRenew(one))) return false
    if (!change.revokeExceptions.every((one) => exceptions.mayRevoke(one))) return false
    for (const client of change.createClients) clients.create(client)
    for (const client of change.updateClients) clients.update(client)
    for (const resource of change.saveResources) save(resource.id, JSON.stringify(resource))
    for (const id of change.removeResources) remove(id)
    for (const one of change.createExceptions) exceptions.insert(one)
    for (const one of change.renewExceptions) exceptions.renew(one)
    for (const one of change.revokeExceptions) exceptions.revoke(one)
    for (const { kind, id } of change.disown) disown(kind, id)
    for (const { kind, id, name } of change.own) own(kind, id, name)
    return true
  }
}
