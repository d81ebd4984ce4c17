import { randomBytes } from 'node:crypto'
import type { Authorization, Redemption, RefreshToken, Store } from '@sallyport/server/model'
import { client, issue, records, refreshToken, session, start, type Ground } from '@sallyport/testing/store-contract'
import type { Attempt } from './history.ts'

/** Told of each operation before it begins, and again with its answer. */
export type Recorder = (id: string, attempt: Attempt) => void

/** A handle whose fate a crash left open, to be tried again by the next process. */
export type Retry = {
  readonly kind: 'authorization_code' | 'refresh_token'
  readonly authorization: string
  readonly from: string
}

const ground: Ground = {
  client: client({ id: 'client-under-load' }),
  session: session({ id: 'session-under-load', digest: 'digest-of-the-session', subject: 'user-under-load' }),
}

/** What every flow needs; may be done again after a crash. */
export async function prepare(store: Store): Promise<void> {
  await store.admin.createClient(ground.client, [])
  await store.startSession(ground.session, ground.session.id, [])
}

/** Microseconds that all processes of the machine share. */
const clock = (): number => Number(process.hrtime.bigint() / 1000n)

let tried = 0

async function attempt(record: Recorder, what: Attempt, call: () => Promise<boolean>): Promise<boolean> {
  const id = `${process.pid}-${++tried}`
  const begun = { ...what, at: clock() }
  record(id, begun)
  const answer = await call()
  record(id, { ...begun, answer, end: clock() })
  return answer
}

/** Lets `racers` callers redeem the same thing, and gives the token of the one that won. */
async function race(
  store: Store,
  record: Recorder,
  { kind, from, authorization }: Retry,
  parent: Pick<Authorization, 'id' | 'clientId'>,
  racers: number,
): Promise<RefreshToken | undefined> {
  const redemption: Redemption = { kind, digest: from }
  const sealedAnswer = kind === 'refresh_token' ? randomBytes(500) : undefined
  const tokens = Array.from({ length: racers }, () =>
    refreshToken({ ...issue(ground).authorization, ...parent }, { sealedAnswer }),
  )
  const answers = await Promise.all(
    tokens.map((token) =>
      attempt(record, { op: 'redeem', kind, authorization, from, to: token.digest, at: 0 }, () =>
        store.redeem(redemption, records(token), start),
      ),
    ),
  )
  return tokens[answers.indexOf(true)]
}

async function flow(store: Store, record: Recorder, revoked: boolean): Promise<void> {
  const issued = issue(ground)
  const { id, clientId } = issued.authorization
  const code = issued.code.digest
  const answer = await attempt(
    record,
    { op: 'issue', authorization: id, code, at: 0 },
    async () => (await store.issueCode(issued, start)) === 'issued',
  )
  if (!answer) throw new Error('the code was not issued')
  let token = await race(
    store,
    record,
    { kind: 'authorization_code', authorization: id, from: code },
    { id, clientId },
    3,
  )
  for (let rotation = 0; rotation < 2 && token !== undefined; rotation++) {
    const from = token.digest
    const rotated = race(store, record, { kind: 'refresh_token', authorization: id, from }, { id, clientId }, 2)
    if (revoked && rotation === 1) {
      await attempt(record, { op: 'revoke', authorization: id, at: 0 }, () =>
        store.revokeAuthorization(id, 'administrator', start, []),
      )
    }
    token = await rotated
  }
}

/** First what an earlier process left open, then flows of its own, four at a time. */
export async function work(store: Store, record: Recorder, retries: readonly Retry[], flows: number): Promise<void> {
  await Promise.all(
    retries.map((retry) => race(store, record, retry, { id: retry.authorization, clientId: ground.client.id }, 2)),
  )
  for (let begun = 0; begun < flows; begun += 4) {
    await Promise.all([0, 1, 2, 3].map((index) => flow(store, record, index === 3)))
  }
}
