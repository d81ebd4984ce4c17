import { seconds } from '@sallyport/protocol'
import { maxLogos, type LogoStore, type LogoType } from '@sallyport/server/model'
import type { Connection } from './connection.ts'

type Row = [uri: string, mediaType: LogoType, picture: Buffer, expiresAt: number]

/** Pictures of clients. */
export function logoStore(db: Connection): LogoStore {
  const find = db.row<[string, number], Row>(
    'SELECT uri, media_type, picture, expires_at FROM client_logos WHERE client_id = ? AND expires_at > ?',
  )
  const save = db.change<[string, string, string, Uint8Array, number]>(
    `INSERT INTO client_logos (client_id, uri, media_type, picture, expires_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (client_id) DO UPDATE SET
       uri = excluded.uri, media_type = excluded.media_type, picture = excluded.picture, expires_at = excluded.expires_at`,
  )
  const makeRoom = db.change<[number]>(
    `DELETE FROM client_logos WHERE client_id IN
       (SELECT client_id FROM client_logos ORDER BY expires_at DESC, client_id LIMIT -1 OFFSET ?)`,
  )
  return {
    find: (clientId, now) =>
      db.read(() => {
        const row = find(clientId, now)
        if (row === undefined) return undefined
        const [uri, mediaType, picture, expiresAt] = row
        return { clientId, uri, mediaType, bytes: new Uint8Array(picture), expiresAt: seconds(expiresAt) }
      }),
    save: ({ clientId, uri, mediaType, bytes, expiresAt }) =>
      db.write(() => {
        save(clientId, uri, mediaType, bytes, expiresAt)
        makeRoom(maxLogos)
      }),
  }
}
