import type { Seconds } from '@sallyport/protocol'
import type { IssuedRecords, Redemption, RefreshToken, RefreshTokenView, Store } from '@sallyport/server/model'
import { accessTokenStorer } from './access-tokens.ts'
import {
  authorizationColumns,
  endOf,
  inForce,
  readAuthorization,
  subjectDisabled,
  unpackDetails,
  type AuthorizationColumns,
} from './authorization-rows.ts'
import { orNull, orUndefined, type Connection } from './connection.ts'
import { derivationWriter } from './derivations.ts'
import type { EventRows } from './event-rows.ts'
import { digestKey } from './lookup-key.ts'

type Verbs = Pick<Store, 'redeem' | 'findRefreshToken'>

/** Refresh rows are swept a whole day at a time: then rows made one after another lie side by side in the index. */
const purgeDay = 'CAST(expires_at / 86400 AS INTEGER) + 1'

/** THE write of the token endpoint, and the look-up of refresh tokens. */
export function redeemVerbs(db: Connection, events: EventRows): Verbs {
  const spend = spender(db)
  const store = refreshTokenStorer(db)
  const storeAccessToken = accessTokenStorer(db)
  const find = refreshTokenFinder(db)

  const redeem = (redemption: Redemption, records: IssuedRecords, now: Seconds): boolean => {
    const { refreshToken, accessToken } = records
    if (!spend(redemption, refreshToken?.digest, now)) return false
    if (refreshToken !== undefined) store(refreshToken)
    if (accessToken !== undefined) storeAccessToken(accessToken)
    events.add(records.events)
    return true
  }

  return {
    redeem: (redemption, records, now) =>
      redemption.kind === 'none' && isEmpty(records)
        ? Promise.resolve(true)
        : db.write(() => redeem(redemption, records, now)),
    findRefreshToken: (digest) => db.read(() => find(digest)),
  }
}

const isEmpty = ({ refreshToken, accessToken, events }: IssuedRecords): boolean =>
  refreshToken === undefined && accessToken === undefined && events.length === 0

/** The conditional write that decides every race: one row, and whether it was changed names the winner. */
function spender(db: Connection): (redemption: Redemption, successor: string | undefined, now: Seconds) => boolean {
  const spendCode = db.change<[number, number, string, number]>(
    `UPDATE authorizations AS a SET redeemed_at = ?, kept_until = max(kept_until, expires_at)
     WHERE n = (SELECT n FROM authorizations WHERE code_key = ? AND code_digest = ?)
       AND redeemed_at IS NULL AND destroyed_at IS NULL AND ${inForce}
       AND (code_challenge IS NOT NULL
         OR (SELECT revoked_at IS NULL AND deadline > ? FROM pkce_exceptions e WHERE e.id = a.exception_id))`,
  )
  const spendRefreshToken = db.changedRow<[number, string | null, number, string], number>(
    `UPDATE refresh_tokens SET rotated_at = ?, successor_digest = ?
     WHERE n = (SELECT n FROM refresh_tokens WHERE digest_key = ? AND digest = ?)
       AND rotated_at IS NULL AND (SELECT ${inForce} FROM authorizations a WHERE a.id = refresh_tokens.authorization_id)
     RETURNING n`,
  )
  const useRefreshToken = db.changedRow<[number, number, string], number>(
    `UPDATE refresh_tokens SET idle_expires_at = max(idle_expires_at, ?)
     WHERE n = (SELECT n FROM refresh_tokens WHERE digest_key = ? AND digest = ?)
       AND rotated_at IS NULL AND (SELECT ${inForce} FROM authorizations a WHERE a.id = refresh_tokens.authorization_id)
     RETURNING n`,
  )
  const spendDeviceCode = deviceCodeSpender(db)
  const derive = derivationWriter(db)
  const forgetAnswer = db.change<[number]>('DELETE FROM sealed_answers WHERE n = ?')
  return (redemption, successor, now) => {
    switch (redemption.kind) {
      case 'none':
        return true
      case 'authorization_code':
        return spendCode(now, digestKey(redemption.digest), redemption.digest, now) === 1
      case 'device_code':
        return spendDeviceCode(redemption.digest, now)
      case 'derivation':
        return derive(redemption.authorization, now)
      case 'kept_refresh_token':
      case 'refresh_token': {
        const key = digestKey(redemption.digest)
        const spent =
          redemption.kind === 'refresh_token'
            ? spendRefreshToken(now, orNull(successor), key, redemption.digest)
            : useRefreshToken(redemption.idleExpiresAt, key, redemption.digest)
        if (spent === undefined) return false
        // The token was used, so its predecessor has nothing to retry any more (RT-07).
        forgetAnswer(spent)
        return true
      }
    }
  }
}

/** The request is the row that decides; its authorization is marked with it, and both are kept as long as there are tokens. */
function deviceCodeSpender(db: Connection): (digest: string, now: Seconds) => boolean {
  const spend = db.changedRow<[string, number], string>(
    `UPDATE device_requests SET state = 'redeemed', kept_until = max(kept_until,
         (SELECT expires_at FROM authorizations a WHERE a.id = device_requests.authorization_id))
     WHERE digest = ? AND state = 'approved' AND expires_at > ?
       AND (SELECT ${inForce} FROM authorizations a WHERE a.id = device_requests.authorization_id)
     RETURNING authorization_id`,
  )
  const mark = db.change<[number, string]>(
    'UPDATE authorizations SET redeemed_at = ?, kept_until = max(kept_until, expires_at) WHERE id = ?',
  )
  return (digest, now) => {
    const authorizationId = spend(digest, now)
    return authorizationId !== undefined && mark(now, authorizationId) === 1
  }
}

/** Stores a refresh token, and the answer that delivers it beside it. */
function refreshTokenStorer(db: Connection): (token: RefreshToken) => void {
  const insert = db.change<[number, string, number, number, number, string | null, string]>(
    `INSERT INTO refresh_tokens (digest_key, digest, sequence, issued_at, idle_expires_at, sender_key, authorization_id, purge_day)
     SELECT ?, ?, ?, ?, ?, ?, id, ${purgeDay} FROM authorizations WHERE id = ?`,
  )
  const seal = db.change<[number, Uint8Array]>(
    'INSERT INTO sealed_answers (n, issued_at, answer) VALUES (last_insert_rowid(), ?, ?)',
  )
  return ({ digest, sequence, senderKey, issuedAt, idleExpiresAt, authorizationId, sealedAnswer }) => {
    const key = orNull(senderKey)
    if (insert(digestKey(digest), digest, sequence, issuedAt, idleExpiresAt, key, authorizationId) !== 1) {
      throw new Error('refresh token has no authorization')
    }
    if (sealedAnswer !== undefined) seal(issuedAt, sealedAnswer)
  }
}

type TokenRow = [
  ...AuthorizationColumns,
  disabled: number,
  sequence: number,
  issuedAt: number,
  idleExpiresAt: number,
  rotatedAt: number | null,
  successorDigest: string | null,
  senderKey: string | null,
]
type SuccessorRow = [rotatedAt: number | null, sealedAnswer: Uint8Array | null]

function refreshTokenFinder(db: Connection): (digest: string) => RefreshTokenView | undefined {
  // The token is found in a sub-query: with parameters in a join's own condition SQLite prepares it anew at each call.
  const find = db.row<[number, string], TokenRow>(
    `SELECT ${authorizationColumns}, ${subjectDisabled},
       r.sequence, r.issued_at, r.idle_expires_at, r.rotated_at, r.successor_digest, r.sender_key
     FROM refresh_tokens r CROSS JOIN authorizations a ON a.id = r.authorization_id
     WHERE r.n = (SELECT n FROM refresh_tokens WHERE digest_key = ? AND digest = ?)`,
  )
  const findSuccessor = db.row<[number, string], SuccessorRow>(
    `SELECT rotated_at, (SELECT answer FROM sealed_answers s WHERE s.n = r.n)
     FROM refresh_tokens r WHERE digest_key = ? AND digest = ?`,
  )
  const successorOf = (digest: string): RefreshTokenView['successor'] => {
    const row = findSuccessor(digestKey(digest), digest)
    return row && { digest, state: row[0] === null ? 'current' : 'rotated', sealedAnswer: orUndefined(row[1]) }
  }

  return (digest) => {
    const row = find(digestKey(digest), digest)
    if (row === undefined) return undefined
    return {
      token: {
        digest,
        authorizationId: row[0],
        clientId: row[1],
        sequence: row[9],
        senderKey: orUndefined(row[14]),
        issuedAt: row[10] as Seconds,
        idleExpiresAt: row[11] as Seconds,
      },
      state: row[12] === null ? 'current' : 'rotated',
      rotatedAt: orUndefined(row[12]) as Seconds | undefined,
      successor: row[13] === null ? undefined : successorOf(row[13]),
      authorization: readAuthorization(row, unpackDetails(row[6])),
      ended: endOf(row[7], row[8]),
    }
  }
}
