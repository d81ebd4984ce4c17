import type { SealedItem, SealedStore } from '@sallyport/server/model'
import type { Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'

type Row = [kind: SealedItem['kind'], id: string, sealed: Buffer]

/** What is sealed with the master key. */
export function sealedStore(db: Connection, events: EventRows): SealedStore {
  const list = db.rows<[], Row>(
    `SELECT 'signing_key', kid, sealed_private_key FROM signing_keys WHERE external_name IS NULL
     UNION ALL SELECT 'second_factor', subject, seed FROM second_factors`,
  )
  const putKey = db.change<[Uint8Array, string, Uint8Array]>(
    'UPDATE signing_keys SET sealed_private_key = ? WHERE kid = ? AND sealed_private_key = ?',
  )
  const putFactor = db.change<[Uint8Array, string, Uint8Array]>(
    'UPDATE second_factors SET seed = ? WHERE subject = ? AND seed = ?',
  )
  const read = db.value<[string], string>('SELECT value FROM settings WHERE name = ?')
  const write = db.change<[string, string]>(
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  )
  return {
    list: () => db.read(() => list().map(([kind, id, sealed]) => ({ kind, id, sealed: new Uint8Array(sealed) }))),
    replace: ({ before, after, setting }, noted) =>
      db.write(() => {
        const present = new Map(list().map(([kind, id, sealed]) => [`${kind} ${id}`, sealed]))
        const same = ({ kind, id, sealed }: SealedItem): boolean =>
          present.get(`${kind} ${id}`)?.equals(sealed) === true
        if (present.size !== before.length || !before.every(same)) return false
        if (read(setting.name) !== setting.expected) return false
        for (const [index, { kind, id, sealed }] of after.entries()) {
          const old = before[index]?.sealed ?? sealed
          if (kind === 'signing_key') putKey(sealed, id, old)
          else putFactor(sealed, id, old)
        }
        write(setting.name, setting.value)
        events.add(noted)
        return true
      }),
  }
}
