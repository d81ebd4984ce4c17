import {
  laterClientMembers,
  laterResourceMembers,
  type AdminStore,
  type Client,
  type Resource,
  type Store,
} from '@sallyport/server/model'
import { createClientRows } from './client-rows.ts'
import type { Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { pageOf, pageSize } from './pages.ts'

type ReadVerbs = Pick<Store, 'findClient' | 'originRegistered' | 'findResource' | 'listResources'>
type AdminVerbs = Pick<
  AdminStore,
  'createClient' | 'updateClient' | 'deleteClient' | 'listClients' | 'saveResource' | 'removeResource'
>

const readClient = (record: string): Client => ({ ...laterClientMembers, ...(JSON.parse(record) as Client) })

const readResource = (record: string): Resource => ({ ...laterResourceMembers, ...(JSON.parse(record) as Resource) })

/** Clients and resources as the endpoints read them. */
export function clientVerbs(db: Connection): ReadVerbs {
  const client = db.value<[string], string>('SELECT record FROM clients WHERE id = ?')
  const origin = db.value<[string], number>(
    `SELECT 1 FROM client_origins o CROSS JOIN clients c ON c.id = o.client_id
     WHERE o.origin = ? AND c.disabled_at IS NULL LIMIT 1`,
  )
  const resource = db.value<[string], string>('SELECT record FROM resources WHERE id = ?')
  const resources = db.rows<[], [string]>('SELECT record FROM resources ORDER BY id')
  return {
    findClient: (id) =>
      db.read(() => {
        const record = client(id)
        return record === undefined ? undefined : readClient(record)
      }),
    originRegistered: (value) => db.read(() => origin(value) !== undefined),
    findResource: (id) =>
      db.read(() => {
        const record = resource(id)
        return record === undefined ? undefined : readResource(record)
      }),
    listResources: () => db.read(() => resources().map(([record]) => readResource(record))),
  }
}

/** Clients and resources as operators change them. */
export function clientAdmin(db: Connection, events: EventRows): AdminVerbs {
  const clients = createClientRows(db)
  const list = db.rows<[string, number], [string]>('SELECT record FROM clients WHERE id > ? ORDER BY id LIMIT ?')
  const save = db.change<[string, string]>(
    'INSERT INTO resources (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
  )
  const remove = db.change<[string]>('DELETE FROM resources WHERE id = ?')
  return {
    createClient: (client, noted) =>
      db.write(() => {
        if (!clients.create(client)) return false
        events.add(noted)
        return true
      }),
    updateClient: (client, noted) =>
      db.write(() => {
        if (!clients.update(client)) return false
        events.add(noted)
        return true
      }),
    deleteClient: clientRemover(db, events, clients.dropOrigins),
    listClients: (after, limit) =>
      db.read(() =>
        pageOf(
          list(after ?? '', pageSize(limit) + 1),
          limit,
          ([record]) => readClient(record),
          (client) => client.id,
        ),
      ),
    saveResource: (resource, noted) =>
      db.write(() => {
        save(resource.id, JSON.stringify(resource))
        events.add(noted)
      }),
    removeResource: (id, noted) =>
      db.write(() => {
        if (remove(id) === 0) return false
        events.add(noted)
        return true
      }),
  }
}

/** Authorizations that one transaction looks at while a client is taken away. */
const revokeChunk = 10_000

/**
 * There is no index from clients to authorizations, because every sign-in would pay for it. A client is therefore
 * disabled first, which kills everything at once, then its authorizations are marked a chunk at a time, and at last the
 * record goes. A crash in between leaves a disabled client, and the removal can be asked for again.
 */
function clientRemover(
  db: Connection,
  events: EventRows,
  dropOrigins: (id: string) => void,
): AdminStore['deleteClient'] {
  const disable = db.change<[number, number, string]>(
    `UPDATE clients SET disabled_at = coalesce(disabled_at, ?),
       record = json_set(record, '$.disabledAt', coalesce(disabled_at, ?)) WHERE id = ?`,
  )
  const revokeAll = authorizationRevoker(db)
  const remove = db.change<[string]>('DELETE FROM clients WHERE id = ?')
  const forget = db.change<[string]>('DELETE FROM consents WHERE client_id = ?')
  const forgetRegistration = db.change<[string]>('DELETE FROM client_registrations WHERE client_id = ?')
  const forgetWeeks = db.change<[string]>('DELETE FROM client_usage WHERE client_id = ?')
  const forgetUse = db.change<[string]>('DELETE FROM client_last_use WHERE client_id = ?')
  return async (id, now, noted) => {
    if (!(await db.write(() => disable(now, now, id) === 1))) return false
    await revokeAll(id, now)
    return db.write(() => {
      if (remove(id) === 0) return false
      dropOrigins(id)
      forget(id)
      forgetRegistration(id)
      forgetWeeks(id)
      forgetUse(id)
      events.add(noted)
      return true
    })
  }
}

/** Marks the authorizations of a client a chunk at a time; whoever calls it has disabled the client before. */
function authorizationRevoker(db: Connection): (clientId: string, now: number) => Promise<void> {
  const last = db.value<[], number | null>('SELECT max(n) FROM authorizations')
  const revoke = db.change<[number, number, number, string]>(
    `UPDATE authorizations SET revoked_at = ?, revoked_reason = 'administrator'
     WHERE n > ? AND n <= ? AND client_id = ? AND revoked_at IS NULL`,
  )
  return async (clientId, now) => {
    const end = (await db.read(() => last())) ?? 0
    for (let from = 0; from < end; from += revokeChunk)
      await db.write(() => revoke(now, from, from + revokeChunk, clientId))
  }
}
