import type { Seconds } from '@sallyport/protocol'
import type { IssuedRecords, Redemption, RefreshTokenView, Store } from '@sallyport/server/model'
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
import type { EventRows } from './event-rows.ts'
import { digestKey } from './lookup-key.ts'

type Verbs = Pick<Store, 'redeem' | 'findRefreshToken'>

/** Refresh rows are swept a whole day at a time: then rows made one after another lie side by side in the index. */
const purgeDay = 'CAST(expires_at / 86400 AS INTEGER) + 1'

/** THE write of the token endpoint, and the look-up of refresh tokens. */
export function redeemVerbs(db: Connection, events: EventRows): Verbs {
  const spend = spender(db)
  const store = db.change<[number, string, number, number, number, Uint8Array | null, string]>(
    `INSERT INTO refresh_tokens (digest_key, digest, sequence, issued_at, idle_expires_at, sealed_answer, authorization_id, purge_day)
     SELECT ?, ?, ?, ?, ?, ?, id, ${purgeDay} FROM authorizations WHERE id = ?`,
  )
  const find = refreshTokenFinder(db)

  const redeem = (redemption: Redemption, { refreshToken, events: noted }: IssuedRecords, now: Seconds): boolean => {
    if (!spend(redemption, refreshToken?.digest, now)) return false
    if (refreshToken !== undefined) {
      const { digest, sequence, issuedAt, idleExpiresAt, sealedAnswer, authorizationId } = refreshToken
      const stored = store(
        digestKey(digest),
        digest,
        sequence,
        issuedAt,
        idleExpiresAt,
        orNull(sealedAnswer),
        authorizationId,
      )
      if (stored !== 1) throw new Error('refresh token has no authorization')
    }
    events.add(noted)
    return true
  }

  return {
    redeem: (redemption, records, now) =>
      redemption.kind === 'none' && records.refreshToken === undefined && records.events.length === 0
        ? Promise.resolve(true)
        : db.write(() => redeem(redemption, records, now)),
    findRefreshToken: (digest) => db.read(() => find(digest)),
  }
}

/** The conditional write that decides every race: one row, and its affected count names the winner. */
function spender(db: Connection): (redemption: Redemption, successor: string | undefined, now: Seconds) => boolean {
  const spendCode = db.change<[number, number, string]>(
    `UPDATE authorizations AS a SET redeemed_at = ?, kept_until = max(kept_until, expires_at)
     WHERE n = (SELECT n FROM authorizations WHERE code_key = ? AND code_digest = ?)
       AND redeemed_at IS NULL AND destroyed_at IS NULL AND code_challenge IS NOT NULL AND ${inForce}`,
  )
  const spendRefreshToken = db.change<[number, string | null, number, string]>(
    `UPDATE refresh_tokens SET rotated_at = ?, successor_digest = ?, sealed_answer = NULL
     WHERE n = (SELECT n FROM refresh_tokens WHERE digest_key = ? AND digest = ?)
       AND rotated_at IS NULL AND (SELECT ${inForce} FROM authorizations a WHERE a.id = refresh_tokens.authorization_id)`,
  )
  return (redemption, successor, now) => {
    switch (redemption.kind) {
      case 'none':
        return true
      case 'authorization_code':
        return spendCode(now, digestKey(redemption.digest), redemption.digest) === 1
      case 'refresh_token':
        return spendRefreshToken(now, orNull(successor), digestKey(redemption.digest), redemption.digest) === 1
    }
  }
}

type ParentRow = [...AuthorizationColumns, disabled: number]
type TokenRow = [
  authorizationId: string,
  sequence: number,
  issuedAt: number,
  idleExpiresAt: number,
  rotatedAt: number | null,
  sealedAnswer: Uint8Array | null,
  successorDigest: string | null,
]
type SuccessorRow = [rotatedAt: number | null, sealedAnswer: Uint8Array | null]

// One row after another instead of a join, for which SQLite would prepare the statement anew at each call.
function refreshTokenFinder(db: Connection): (digest: string) => RefreshTokenView | undefined {
  const find = db.row<[number, string], TokenRow>(
    `SELECT authorization_id, sequence, issued_at, idle_expires_at, rotated_at, sealed_answer, successor_digest
     FROM refresh_tokens WHERE digest_key = ? AND digest = ?`,
  )
  const findParent = db.row<[string], ParentRow>(
    `SELECT ${authorizationColumns}, ${subjectDisabled} FROM authorizations a WHERE a.id = ?`,
  )
  const findSuccessor = db.row<[number, string], SuccessorRow>(
    'SELECT rotated_at, sealed_answer FROM refresh_tokens WHERE digest_key = ? AND digest = ?',
  )
  const successorOf = (digest: string): RefreshTokenView['successor'] => {
    const row = findSuccessor(digestKey(digest), digest)
    return row && { digest, state: row[0] === null ? 'current' : 'rotated', sealedAnswer: orUndefined(row[1]) }
  }

  return (digest) => {
    const row = find(digestKey(digest), digest)
    const parent = row && findParent(row[0])
    if (row === undefined || parent === undefined) return undefined
    const [authorizationId, sequence, issuedAt, idleExpiresAt, rotatedAt, sealedAnswer, successorDigest] = row
    return {
      token: {
        digest,
        authorizationId,
        clientId: parent[1],
        sequence,
        issuedAt: issuedAt as Seconds,
        idleExpiresAt: idleExpiresAt as Seconds,
        sealedAnswer: orUndefined(sealedAnswer),
      },
      state: rotatedAt === null ? 'current' : 'rotated',
      rotatedAt: orUndefined(rotatedAt) as Seconds | undefined,
      successor: successorDigest === null ? undefined : successorOf(successorDigest),
      authorization: readAuthorization(parent, unpackDetails(parent[6])),
      ended: endOf(parent[7], parent[8]),
    }
  }
}
