import type { Seconds } from '@sallyport/protocol'
import {
  maxWaitingRequests,
  nextPoll,
  retention,
  type DeviceApproval,
  type DeviceApprovalOutcome,
  type DeviceRequest,
  type DeviceState,
  type DeviceStore,
  type DeviceView,
} from '@sallyport/server/model'
import {
  authorizationColumns,
  endOf,
  packDetails,
  readAuthorization,
  subjectDisabled,
  unpackDetails,
  type AuthorizationColumns,
} from './authorization-rows.ts'
import { orNull, orUndefined, type Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { sessionClientNoter } from './session-clients.ts'

type Request = [
  digest: string,
  record: string,
  state: string,
  sessionId: string | null,
  authorizationId: string | null,
  userCodeKey: string | null,
]
const requestColumns = 'digest, record, state, session_id, authorization_id, user_code_key'

/** What no statement looks at, kept as one text; the user code's digest goes when it names nothing any more. */
type Rest = Omit<DeviceRequest, 'digest' | 'userCodeKey' | 'backchannel'> & Partial<Pick<DeviceRequest, 'backchannel'>>

const waiting = `state IN ('pending', 'claimed')`

/** Requests of devices. Their redemption is in `redeem.ts`. */
export function deviceStore(db: Connection, events: EventRows): DeviceStore {
  const find = db.row<[string], Request>(`SELECT ${requestColumns} FROM device_requests WHERE digest = ?`)
  const findCode = db.row<[string, number], Request>(
    `SELECT ${requestColumns} FROM device_requests WHERE user_code_key = ? AND expires_at > ?`,
  )
  const waitingFor = db.rows<[string, number, number], Request>(
    `SELECT ${requestColumns} FROM device_requests
     WHERE subject = ? AND ${waiting} AND expires_at > ? ORDER BY expires_at LIMIT ?`,
  )
  const view = viewer(db)
  const claim = db.change<[string, string, number, string]>(
    `UPDATE device_requests SET session_id = ?, state = 'claimed'
     WHERE digest = ? AND ${waiting} AND expires_at > ? AND (session_id IS NULL OR session_id = ?)`,
  )
  const approve = approver(db, events)
  return {
    ...creation(db),
    find: (digest) => db.read(() => view(find(digest))),
    findWaiting: (userCodeKey, now) => db.read(() => view(findCode(userCodeKey, now))),
    listWaiting: (subject, now) =>
      db.read(() => waitingFor(subject, now, maxWaitingRequests).flatMap((row) => view(row) ?? [])),
    claim: (digest, sessionId, now) => db.write(() => claim(sessionId, digest, now, sessionId) === 1),
    approve: (approval, now) => db.write(() => approve(approval, now)),
    end: ender(db, events),
  }
}

function creation(db: Connection): Pick<DeviceStore, 'create' | 'poll'> {
  const insert = db.change<
    [string, userCodeKey: string | null, string, subject: string | null, number, number, number, string]
  >(
    `INSERT INTO device_requests (digest, user_code_key, client_id, subject, state, poll_interval, expires_at, kept_until, record)
     VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?) ON CONFLICT (user_code_key) DO NOTHING`,
  )
  const polled = db.row<[string], [number, number | null]>(
    'SELECT poll_interval, polled_at FROM device_requests WHERE digest = ?',
  )
  const notePoll = db.change<[number, number, string]>(
    'UPDATE device_requests SET poll_interval = ?, polled_at = ? WHERE digest = ?',
  )
  return {
    create: ({ digest, userCodeKey, ...rest }) => {
      const record = JSON.stringify(rest satisfies Rest)
      const keptUntil = rest.expiresAt + retention.deviceRequest
      const { clientId, interval, expiresAt } = rest
      const subject = orNull(rest.backchannel?.subject)
      return db.write(
        () => insert(digest, orNull(userCodeKey), clientId, subject, interval, expiresAt, keptUntil, record) === 1,
      )
    },
    // No other writer comes between the two statements: the transaction began as a writing one.
    poll: (digest, now) =>
      db.write(() => {
        const row = polled(digest)
        if (row === undefined) return false
        const { early, interval } = nextPoll(row[0], orUndefined(row[1]), now)
        notePoll(interval, now, digest)
        return early
      }),
  }
}

function viewer(db: Connection): (row: Request | undefined) => DeviceView | undefined {
  const findAuthorization = db.row<[string], [...AuthorizationColumns, disabled: number]>(
    `SELECT ${authorizationColumns}, ${subjectDisabled} FROM authorizations a WHERE a.id = ?`,
  )
  return (row) => {
    if (row === undefined) return undefined
    const [digest, record, state, sessionId, authorizationId, userCodeKey] = row
    const parent = authorizationId === null ? undefined : findAuthorization(authorizationId)
    return {
      // What was stored before there were backchannel requests has no such member.
      request: {
        backchannel: undefined,
        ...(JSON.parse(record) as Rest),
        digest,
        userCodeKey: orUndefined(userCodeKey),
      },
      state: state as DeviceState,
      claimedBy: orUndefined(sessionId),
      authorization: parent && readAuthorization(parent, unpackDetails(parent[6])),
      ended: parent && endOf(parent[7], parent[8]),
    }
  }
}

/** Answers of the check before an approval, by number. */
const outcomes: readonly DeviceApprovalOutcome[] = ['approved', 'client_disabled', 'session_ended', 'request_ended']

function approver(
  db: Connection,
  events: EventRows,
): (approval: DeviceApproval, now: Seconds) => DeviceApprovalOutcome {
  const check = db.value<[string, string, number, string, string, string, number, string, string], number>(
    `SELECT CASE
       WHEN (SELECT disabled_at IS NULL FROM clients WHERE id = ?) IS NOT 1 THEN 1
       WHEN (SELECT subject = ? AND expires_at > ? FROM sessions WHERE id = ?) IS NOT 1 THEN 2
       WHEN (SELECT 1 FROM disabled_subjects WHERE subject = ?) IS NOT NULL THEN 2
       WHEN (SELECT state = 'claimed' AND session_id = ? AND expires_at > ? AND client_id = ?
             FROM device_requests WHERE digest = ?) IS NOT 1 THEN 3
       ELSE 0 END`,
  )
  const insert = db.change<[string, string, string, string, number, number, string, string]>(
    `INSERT INTO authorizations (id, client_id, subject, session_id, offline, expires_at, kept_until,
       code_key, code_digest, details)
     SELECT ?, ?, ?, ?, ?, ?, kept_until, 0, '', ? FROM device_requests WHERE digest = ?`,
  )
  const link = db.change<[string, string]>(
    `UPDATE device_requests SET state = 'approved', authorization_id = ?, user_code_key = NULL WHERE digest = ?`,
  )
  const noteSessionClient = sessionClientNoter(db)
  return ({ digest, authorization, hearsOfLogout, events: noted }, now) => {
    const { id, clientId, subject, sessionId, offline, expiresAt } = authorization
    const outcome = check(clientId, subject, now, sessionId, subject, sessionId, now, clientId, digest)
    if (outcome !== 0) return outcomes[outcome ?? 3] ?? 'request_ended'
    const details = packDetails(authorization, undefined)
    insert(id, clientId, subject, sessionId, offline ? 1 : 0, expiresAt, details, digest)
    link(id, digest)
    if (hearsOfLogout) noteSessionClient(sessionId, clientId)
    events.add(noted)
    return 'approved'
  }
}

function ender(db: Connection, events: EventRows): DeviceStore['end'] {
  const endFor = db.change<[string, string, string, number]>(
    `UPDATE device_requests SET state = ?, user_code_key = NULL
     WHERE digest = ? AND state = 'claimed' AND session_id = ? AND expires_at > ?`,
  )
  const endAnyway = db.change<[string, string, number]>(
    `UPDATE device_requests SET state = ?, user_code_key = NULL
     WHERE digest = ? AND state IN ('pending', 'claimed', 'approved') AND expires_at > ?`,
  )
  return (digest, { as, sessionId }, now, noted) =>
    db.write(() => {
      const ended = sessionId === undefined ? endAnyway(as, digest, now) : endFor(as, digest, sessionId, now)
      if (ended === 0) return false
      events.add(noted)
      return true
    })
}
