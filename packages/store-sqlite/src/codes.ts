import type { Seconds } from '@sallyport/protocol'
import {
  retention,
  type AuthorizationCodeView,
  type CodeIssue,
  type CodeIssueRecords,
  type Store,
} from '@sallyport/server/model'
import {
  authorizationColumns,
  endOf,
  packDetails,
  readAuthorization,
  readCode,
  subjectDisabled,
  unpackDetails,
  type AuthorizationColumns,
} from './authorization-rows.ts'
import { orNull, type Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { exceptionUser } from './exceptions.ts'
import { consume } from './interactions.ts'
import { challengeKey, digestKey } from './lookup-key.ts'
import { sessionClientNoter } from './session-clients.ts'
import { pushedUser } from './pushed.ts'

type Verbs = Pick<Store, 'challengeUsed' | 'issueCode' | 'findAuthorizationCode' | 'destroyAuthorizationCode'>

type CodeRow = [
  ...AuthorizationColumns,
  challenge: string | null,
  redeemed: number,
  destroyed: number,
  disabled: number,
  exceptionId: string | null,
]

/** Answers of the check before a code is issued, by number. */
const outcomes: readonly CodeIssue[] = [
  'issued',
  'client_disabled',
  'session_ended',
  'interaction_consumed',
  'challenge_reused',
]

const clientAndSession = `CASE
  WHEN (SELECT disabled_at IS NULL FROM clients WHERE id = ?) IS NOT 1 THEN 1
  WHEN (SELECT subject = ? AND expires_at > ? FROM sessions WHERE id = ?) IS NOT 1 THEN 2
  WHEN (SELECT 1 FROM disabled_subjects WHERE subject = ?) IS NOT NULL THEN 2`
const openInteraction =
  'WHEN (SELECT version = ? AND expires_at > ? FROM interactions WHERE digest = ?) IS NOT 1 THEN 3'
const freshChallenge = `WHEN (SELECT 1 FROM authorizations WHERE challenge_key = ? AND code_challenge = ? AND client_id = ?) IS NOT NULL THEN 4
  ELSE 0 END`

type CheckParameters = [clientId: string, subject: string, now: number, sessionId: string, subjectAgain: string]
type ChallengeParameters = [key: number | null, challenge: string | null, clientId: string]
type InteractionParameters = [version: number, now: number, digest: string]

/** Authorization codes: issue, look-up and destruction. Redemption is in `redeem.ts`. */
export function codeVerbs(db: Connection, events: EventRows): Verbs {
  const used = db.value<[number, string, string], number>(
    'SELECT 1 FROM authorizations WHERE challenge_key = ? AND code_challenge = ? AND client_id = ?',
  )
  const find = db.row<[number, string], CodeRow>(
    `SELECT ${authorizationColumns}, a.code_challenge, a.redeemed_at IS NOT NULL, a.destroyed_at IS NOT NULL, ${subjectDisabled},
       a.exception_id
     FROM authorizations a WHERE a.code_key = ? AND a.code_digest = ?`,
  )
  const destroy = db.change<[number, number, string]>(
    `UPDATE authorizations SET destroyed_at = ?
     WHERE n = (SELECT n FROM authorizations WHERE code_key = ? AND code_digest = ?)
       AND redeemed_at IS NULL AND destroyed_at IS NULL`,
  )
  const issueCode = codeIssuer(db, events)

  return {
    challengeUsed: (clientId, codeChallenge) =>
      db.read(() => used(challengeKey(clientId, codeChallenge), codeChallenge, clientId) !== undefined),
    issueCode: (records, now) => db.write(() => issueCode(records, now)),
    findAuthorizationCode: (digest) =>
      db.read(() => {
        const row = find(digestKey(digest), digest)
        return row && codeView(row, digest)
      }),
    destroyAuthorizationCode: (digest, now, noted) =>
      db.write(() => {
        if (destroy(now, digestKey(digest), digest) === 0) return false
        events.add(noted)
        return true
      }),
  }
}

function codeView(row: CodeRow, digest: string): AuthorizationCodeView | undefined {
  const details = unpackDetails(row[6])
  if (details.code === undefined) return undefined
  const unredeemed = row[10] === 1 ? 'destroyed' : 'issued'
  return {
    code: readCode(row, details.code, digest, [row[8], row[12]]),
    state: row[9] === 1 ? 'redeemed' : unredeemed,
    authorization: readAuthorization(row, details),
    ended: endOf(row[7], row[11]),
  }
}

/**
 * The check and the inserts run in one write transaction, which no other writer can enter, so what the check saw still
 * holds when the rows are stored.
 */
function codeIssuer(db: Connection, events: EventRows): (records: CodeIssueRecords, now: Seconds) => CodeIssue {
  const check = db.value<[...CheckParameters, ...ChallengeParameters], number>(
    `SELECT ${clientAndSession} ${freshChallenge}`,
  )
  const checkWithInteraction = db.value<[...CheckParameters, ...InteractionParameters, ...ChallengeParameters], number>(
    `SELECT ${clientAndSession} ${openInteraction} ${freshChallenge}`,
  )
  const useException = exceptionUser(db)
  const pushedRequests = pushedUser(db)
  const noteSessionClient = sessionClientNoter(db)
  const endInteraction = db.change<[string]>(`${consume} WHERE digest = ?`)
  const remember = db.change<[string, string, number, string]>(
    `INSERT INTO consents (subject, client_id, expires_at, record) VALUES (?, ?, ?, ?)
     ON CONFLICT (subject, client_id) DO UPDATE SET expires_at = excluded.expires_at, record = excluded.record`,
  )
  const insert = db.change<
    [
      string,
      string,
      string,
      string,
      number,
      number,
      number,
      number,
      number | null,
      string,
      string | null,
      string,
      string | null,
    ]
  >(
    `INSERT INTO authorizations (id, client_id, subject, session_id, offline, expires_at, kept_until,
       code_key, challenge_key, code_digest, code_challenge, details, exception_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )

  return ({ authorization, code, interaction, pushed, consent, hearsOfLogout, events: noted }, now) => {
    const { id, clientId, subject, sessionId } = authorization
    if (code.authorizationId !== id || code.clientId !== clientId)
      throw new TypeError('code and authorization do not belong together')
    const challenge = code.codeChallenge
    const key = challenge === undefined ? null : challengeKey(clientId, challenge)
    const outcome =
      interaction === undefined
        ? check(clientId, subject, now, sessionId, subject, key, orNull(challenge), clientId)
        : checkWithInteraction(
            clientId,
            subject,
            now,
            sessionId,
            subject,
            interaction.version,
            now,
            interaction.digest,
            key,
            orNull(challenge),
            clientId,
          )
    if (outcome !== 0) return outcomes[outcome ?? 0] ?? 'session_ended'
    if (pushed !== undefined && !pushedRequests.mayUse(pushed)) return 'pushed_used'
    if (code.exceptionId !== undefined && !useException(code.exceptionId, clientId, now)) return 'exception_ended'
    insert(
      id,
      clientId,
      subject,
      sessionId,
      authorization.offline ? 1 : 0,
      authorization.expiresAt,
      Math.max(code.expiresAt, code.issuedAt + retention.code),
      digestKey(code.digest),
      key,
      code.digest,
      orNull(challenge),
      packDetails(authorization, code),
      orNull(code.exceptionId),
    )
    if (pushed !== undefined) pushedRequests.use(pushed)
    if (interaction !== undefined) endInteraction(interaction.digest)
    if (consent !== undefined) remember(consent.subject, consent.clientId, consent.expiresAt, JSON.stringify(consent))
    if (hearsOfLogout) noteSessionClient(sessionId, clientId)
    events.add(noted)
    return 'issued'
  }
}
