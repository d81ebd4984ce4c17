import { isBrowserBased, type Client } from '@sallyport/server/model'
import { orNull, type Connection } from './connection.ts'

/** Writes clients with their origins, inside the transaction of the caller. */
export type ClientRows = {
  /** False when the id is taken; nothing was written then. */
  create(client: Client): boolean
  /** Writes over the version before only; false otherwise. */
  update(client: Client): boolean
  dropOrigins(id: string): void
}

export function createClientRows(db: Connection): ClientRows {
  const insert = db.change<[string, number, number, number | null, string]>(
    `INSERT INTO clients (id, version, browser_based, disabled_at, record) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  )
  const replace = db.change<[number, number, number | null, string, string, number]>(
    'UPDATE clients SET version = ?, browser_based = ?, disabled_at = ?, record = ? WHERE id = ? AND version = ?',
  )
  const addOrigin = db.change<[string, string]>(
    'INSERT OR IGNORE INTO client_origins (origin, client_id) VALUES (?, ?)',
  )
  const dropOrigins = db.change<[string]>('DELETE FROM client_origins WHERE client_id = ?')
  const addOrigins = ({ id, allowedOrigins }: Client): void => {
    for (const origin of allowedOrigins) addOrigin(origin, id)
  }
  const browserBased = (client: Client): number => (isBrowserBased(client) ? 1 : 0)
  return {
    create: (client) => {
      const { id, version, disabledAt } = client
      if (insert(id, version, browserBased(client), orNull(disabledAt), JSON.stringify(client)) === 0) return false
      addOrigins(client)
      return true
    },
    update: (client) => {
      const { id, version, disabledAt } = client
      const record = JSON.stringify(client)
      if (replace(version, browserBased(client), orNull(disabledAt), record, id, version - 1) === 0) return false
      dropOrigins(id)
      addOrigins(client)
      return true
    },
    dropOrigins: (id) => {
      dropOrigins(id)
    },
  }
}
