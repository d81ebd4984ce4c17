import type { Seconds } from '@sallyport/protocol'
import type {
  DynamicRegistration,
  NewRegistration,
  RegistrationOutcome,
  RegistrationStore,
  ReplacedRegistration,
} from '@sallyport/server/model'
import { createClientRows } from './client-rows.ts'
import { orNull, type Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { initialTokenVerbs } from './initial-access-tokens.ts'

const columns = 'client_id, token_digest, previous_digest, previous_until, unused_lifetime, record'
type Row = [string, string, string | null, number | null, number, string]

type Rest = Pick<DynamicRegistration, 'scopeCeiling' | 'softwareStatement'>

function readRow([clientId, tokenDigest, digest, until, unusedLifetime, record]: Row): DynamicRegistration {
  const { scopeCeiling, softwareStatement } = JSON.parse(record) as Rest
  const previous = digest === null || until === null ? undefined : { digest, until: until as Seconds }
  return { clientId, tokenDigest, previous, scopeCeiling, unusedLifetime, softwareStatement }
}

const packRest = ({ scopeCeiling, softwareStatement }: DynamicRegistration): string =>
  JSON.stringify({ scopeCeiling, softwareStatement } satisfies Rest)

/** Clients that register themselves, and who may. */
export function registrationStore(db: Connection, events: EventRows): RegistrationStore {
  const find = db.row<[string], Row>(`SELECT ${columns} FROM client_registrations WHERE client_id = ?`)
  const due = db.rows<[number, number], Row>(
    `SELECT ${columns} FROM client_registrations WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
  )
  const confirm = db.change<[string, string]>(
    `UPDATE client_registrations SET previous_digest = NULL, previous_until = NULL
     WHERE client_id = ? AND token_digest = ? AND previous_digest IS NOT NULL`,
  )
  const postpone = db.change<[number, string]>(
    'UPDATE client_registrations SET due_at = max(due_at, ? + unused_lifetime) WHERE client_id = ?',
  )
  const register = registrar(db, events)
  const replace = replacer(db, events)
  return {
    ...initialTokenVerbs(db, events),
    register: (records, now) => db.write(() => register(records, now)),
    find: (clientId) =>
      db.read(() => {
        const row = find(clientId)
        return row === undefined ? undefined : readRow(row)
      }),
    replace: (records, now) => db.write(() => replace(records, now)),
    confirmToken: (clientId, tokenDigest) =>
      db.write(() => {
        confirm(clientId, tokenDigest)
      }),
    listDue: (now, limit) => db.read(() => due(now, limit).map(readRow)),
    postpone: (clientId, usedAt) =>
      db.write(() => {
        postpone(usedAt, clientId)
      }),
  }
}

function registrar(db: Connection, events: EventRows): (records: NewRegistration, now: Seconds) => RegistrationOutcome {
  const clients = createClientRows(db)
  const count = db.value<[string], number>('SELECT count(*) FROM client_registrations WHERE channel = ?')
  const spend = db.change<[string, number]>(
    'UPDATE initial_access_tokens SET used = used + 1 WHERE digest = ? AND expires_at > ? AND used < uses',
  )
  const insert = db.change<[string, string, string, number, number, string]>(
    `INSERT INTO client_registrations (client_id, channel, token_digest, due_at, unused_lifetime, record)
     VALUES (?, ?, ?, ?, ?, ?)`,
  )
  return ({ client, registration, initialToken, most, events: noted }, now) => {
    if ((count(client.channel) ?? 0) >= most) return 'full'
    if (initialToken !== undefined && spend(initialToken, now) === 0) return 'token_spent'
    if (!clients.create(client)) throw new Error('a client with this id exists already')
    const { tokenDigest, unusedLifetime } = registration
    insert(client.id, client.channel, tokenDigest, now + unusedLifetime, unusedLifetime, packRest(registration))
    events.add(noted)
    return 'registered'
  }
}

function replacer(db: Connection, events: EventRows): (records: ReplacedRegistration, now: Seconds) => boolean {
  const clients = createClientRows(db)
  const held = db.value<[string, string, string, number], number>(
    `SELECT 1 FROM client_registrations WHERE client_id = ?
       AND (token_digest = ? OR (previous_digest = ? AND previous_until > ?))`,
  )
  const update = db.change<[string, string | null, number | null, number, string, string]>(
    `UPDATE client_registrations
     SET token_digest = ?, previous_digest = ?, previous_until = ?, unused_lifetime = ?, record = ? WHERE client_id = ?`,
  )
  const forget = db.change<[string]>('DELETE FROM consents WHERE client_id = ?')
  return ({ client, registration, presented, withdrawConsent, events: noted }, now) => {
    if (held(client.id, presented, presented, now) === undefined || !clients.update(client)) return false
    const { tokenDigest, previous, unusedLifetime } = registration
    const rest = packRest(registration)
    update(tokenDigest, orNull(previous?.digest), orNull(previous?.until), unusedLifetime, rest, client.id)
    if (withdrawConsent) forget(client.id)
    events.add(noted)
    return true
  }
}
