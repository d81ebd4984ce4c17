import {
  addCounts,
  mergeLastUse,
  type ClientUsage,
  type LastUse,
  type UsageDelta,
  type UsageStore,
} from '@sallyport/server/model'
import { orNull, type Connection } from './connection.ts'
import { pageOf, pageSize } from './pages.ts'

type Counts = Pick<ClientUsage, 'counts' | 'refused'>

const keyOf = ({ clientId, week }: ClientUsage): string => `${clientId}\n${week}`

/** How clients use the server. */
export function usageStore(db: Connection): UsageStore {
  const add = adder(db)
  const ofAll = db.rows<[string, string, string, number], [string, string, string]>(
    `SELECT client_id, week, counts FROM client_usage
     WHERE (client_id, week) > (?, ?) AND week >= ? ORDER BY client_id, week LIMIT ?`,
  )
  const ofOne = db.rows<[string, string, string, number], [string, string, string]>(
    `SELECT client_id, week, counts FROM client_usage
     WHERE client_id = ? AND week > ? AND week >= ? ORDER BY week LIMIT ?`,
  )
  const last = lastUseReader(db)
  return {
    add: (deltas) =>
      db.write(() => {
        for (const delta of deltas) add(delta)
      }),
    list: ({ clientId, since }, after, limit) =>
      db.read(() => {
        const [client = '', week = ''] = (after ?? '').split('\n')
        const wanted = pageSize(limit) + 1
        const rows =
          clientId === undefined ? ofAll(client, week, since ?? '', wanted) : ofOne(clientId, week, since ?? '', wanted)
        return pageOf(rows, limit, ([id, of, counts]) => ({ clientId: id, week: of, ...unpack(counts) }), keyOf)
      }),
    lastUse: (clientId) => db.read(() => last(clientId)),
  }
}

const unpack = (text: string): Counts => {
  const { counts, refused } = JSON.parse(text) as Counts
  return { counts, refused }
}

function lastUseReader(db: Connection): (clientId: string) => LastUse | undefined {
  const read = db.value<[string], string>('SELECT record FROM client_last_use WHERE client_id = ?')
  return (clientId) => {
    const text = read(clientId)
    if (text === undefined) return undefined
    // Rows of a release that did not note secrets have none.
    const { usedAt, library, refusal, secrets = {} } = JSON.parse(text) as Omit<LastUse, 'secrets'> & Partial<LastUse>
    return { clientId, usedAt, library, refusal, secrets }
  }
}

/** Reads, adds and writes inside one write transaction, which no other writer can enter. */
function adder(db: Connection): (delta: UsageDelta) => void {
  const known = db.value<[string], number>('SELECT 1 FROM clients WHERE id = ?')
  const read = db.value<[string, string], string>('SELECT counts FROM client_usage WHERE client_id = ? AND week = ?')
  const write = db.change<[string, string, string]>(
    `INSERT INTO client_usage (client_id, week, counts) VALUES (?, ?, ?)
     ON CONFLICT (client_id, week) DO UPDATE SET counts = excluded.counts`,
  )
  const last = lastUseReader(db)
  const remember = db.change<[string, number | null, string]>(
    `INSERT INTO client_last_use (client_id, used_at, record) VALUES (?, ?, ?)
     ON CONFLICT (client_id) DO UPDATE SET used_at = excluded.used_at, record = excluded.record`,
  )
  return (delta) => {
    const { clientId, week } = delta
    if (known(clientId) === undefined) return
    const text = read(clientId, week)
    const before: Counts = text === undefined ? { counts: {}, refused: {} } : unpack(text)
    const counts = addCounts(before.counts, delta.counts)
    write(clientId, week, JSON.stringify({ counts, refused: addCounts(before.refused, delta.refused) }))
    const merged = mergeLastUse(last(clientId), delta)
    remember(clientId, orNull(merged.usedAt), JSON.stringify(merged))
  }
}
