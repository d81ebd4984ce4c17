import type { Interaction, Store } from '@sallyport/server/model'
import { orNull, type Connection } from './connection.ts'

type Verbs = Pick<Store, 'saveInteraction' | 'findInteraction' | 'advanceInteraction' | 'endInteraction'>

/** No version that is ever read: what has ended can neither go on nor end again. */
const consumed = -1

/** Empties the row and keeps it, until it would have expired, as the memory that it was used (CS-17). */
export const consume = `UPDATE interactions SET version = ${consumed}, login_session_id = NULL, record = ''`

/** Authorization requests that wait for a person. */
export function interactionVerbs(db: Connection): Verbs {
  const save = db.change<[string, number, string | null, number, string]>(
    'INSERT INTO interactions (digest, version, login_session_id, expires_at, record) VALUES (?, ?, ?, ?, ?)',
  )
  const find = db.value<[string, number], string>('SELECT record FROM interactions WHERE digest = ? AND expires_at > ?')
  const advance = db.change<[number, string | null, number, string, string, number]>(
    `UPDATE interactions SET version = ?, login_session_id = ?, expires_at = ?, record = ?
     WHERE digest = ? AND version = ?`,
  )
  const end = db.change<[string, number]>(`${consume} WHERE digest = ? AND version = ?`)

  return {
    saveInteraction: (interaction) => {
      const { digest, version, loginSessionId, expiresAt } = interaction
      const record = JSON.stringify(interaction)
      return db.write(() => {
        save(digest, version, orNull(loginSessionId), expiresAt, record)
      })
    },
    findInteraction: (digest, now) =>
      db.read(() => {
        const record = find(digest, now)
        if (record === '') return 'consumed'
        return record === undefined ? undefined : (JSON.parse(record) as Interaction)
      }),
    advanceInteraction: async (next, fromVersion) => {
      const { digest, version, loginSessionId, expiresAt } = next
      if (version <= fromVersion) throw new RangeError('an interaction only moves to a higher version')
      const record = JSON.stringify(next)
      return db.write(() => advance(version, orNull(loginSessionId), expiresAt, record, digest, fromVersion) === 1)
    },
    endInteraction: (digest, version) => db.write(() => end(digest, version) === 1),
  }
}
