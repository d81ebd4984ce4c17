import type { Seconds } from '@sallyport/protocol'
import { retention, type PushedRequestUse, type PushedStore } from '@sallyport/server/model'
import { orNull, orUndefined, type Connection } from './connection.ts'

type Row = [clientId: string, browserDigest: string | null, expiresAt: number, form: string]
type UseParameters = [digest: string, clientId: string, browserDigest: string | null]

/** The request waits for its answer, and is this client's and this browser's to be answered. */
const answerable = 'digest = ? AND client_id = ? AND (browser_digest IS NULL OR browser_digest = ?)'

/** Pushed requests. A code for one is issued in `codes.ts`. */
export function pushedStore(db: Connection): PushedStore {
  const insert = db.change<[string, string, number, number, string]>(
    'INSERT INTO pushed_requests (digest, client_id, expires_at, kept_until, form) VALUES (?, ?, ?, ?, ?)',
  )
  const find = db.row<[string, number], Row>(
    'SELECT client_id, browser_digest, expires_at, form FROM pushed_requests WHERE digest = ? AND expires_at > ?',
  )
  const claim = db.change<[string, number, string, string]>(
    `UPDATE pushed_requests SET browser_digest = ?, kept_until = max(kept_until, ?)
     WHERE digest = ? AND (browser_digest IS NULL OR browser_digest = ?)`,
  )
  const { use } = pushedUser(db)
  return {
    create: ({ digest, clientId, expiresAt, form }) =>
      db.write(() => {
        insert(digest, clientId, expiresAt, expiresAt + retention.pushedRequest, form)
      }),
    find: (digest, now) =>
      db.read(() => {
        const row = find(digest, now)
        if (row === undefined) return undefined
        const [clientId, browserDigest, expiresAt, form] = row
        const request = { digest, clientId, form, expiresAt: expiresAt as Seconds }
        return { request, browserDigest: orUndefined(browserDigest) }
      }),
    claim: (digest, browserDigest, keptUntil) =>
      db.write(() => claim(browserDigest, keptUntil, digest, browserDigest) === 1),
    use: (answered) => db.write(() => use(answered)),
  }
}

type PushedUser = {
  readonly mayUse: (use: PushedRequestUse) => boolean
  readonly use: (use: PushedRequestUse) => boolean
}

/** Both inside the transaction of the caller, which no other writer can enter. */
export function pushedUser(db: Connection): PushedUser {
  const look = db.value<UseParameters, number>(`SELECT 1 FROM pushed_requests WHERE ${answerable}`)
  const remove = db.change<UseParameters>(`DELETE FROM pushed_requests WHERE ${answerable}`)
  return {
    mayUse: ({ digest, clientId, browserDigest }) => look(digest, clientId, orNull(browserDigest)) !== undefined,
    use: ({ digest, clientId, browserDigest }) => remove(digest, clientId, orNull(browserDigest)) === 1,
  }
}
