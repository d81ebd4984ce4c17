import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { retention, type LogoutNotice, type Session, type Store } from '@sallyport/server/model'
import { exactlyOne, sizes, together, type ContractPart } from './assertions.ts'
import { ground, issue, type Ground } from './ground.ts'
import { digest, event, later, session, start, user } from './records.ts'

/** A session under which somebody signed in to a client that wants to hear of its end. */
async function heard(store: Store, by: Session = session()): Promise<Ground> {
  const on = { client: (await ground(store)).client, session: by }
  await store.startSession(by, by.id, [])
  equal(await store.issueCode(issue(on, { hearsOfLogout: true }), start), 'issued')
  return on
}

/** Every notice that can be claimed now. */
async function due(store: Store, now = start): Promise<readonly LogoutNotice[]> {
  const found: LogoutNotice[] = []
  for (;;) {
    const notice = await store.logouts.claim(now, later(1000), [])
    if (notice === undefined) return found
    found.push(notice)
  }
}

const told = (notices: readonly LogoutNotice[]): readonly string[] =>
  notices.map(({ clientId, subject, sessionId }) => [clientId, subject, sessionId].join(' ')).sort()

const expected = (grounds: readonly Ground[]): readonly string[] =>
  grounds.map(({ client, session: { id, subject } }) => [client.id, subject, id].join(' ')).sort()

type Ending = (store: Store, one: Session) => Promise<unknown>

/** Every verb that ends sessions. */
const endings: Readonly<Record<string, Ending>> = {
  endSession: (store, { id }) => store.endSession(id, start, []),
  endSubject: (store, { subject }) => store.endSubject(subject, 'administrator', start, []),
  setSubjectActive: (store, { subject }) => store.setSubjectActive(subject, false, start, []),
  replacePassword: async (store, { subject }) => {
    if ((await store.accounts.findUser(subject)) === undefined) await store.accounts.createUser(user({ id: subject }))
    equal(await store.accounts.replacePassword(subject, '$argon2id$two', start), true)
  },
}

/** Who hears of the end of a session, and that each hears of it from one process at a time. */
export const logoutContract: ContractPart = ({ describe, it }, withStore) => {
  describe('notices of ended sessions', () => {
    for (const [verb, end] of Object.entries(endings)) {
      it(
        `B-LOG-16 ${verb} writes one for each client that was noted for the session, and for nobody else`,
        withStore(async (store) => {
          const one = await heard(store)
          const two = await heard(store, one.session)
          await heard(store)
          await store.issueCode(issue({ ...(await ground(store)), session: one.session }), start)
          // A second sign-in to the same client is the same client.
          await store.issueCode(issue(two, { hearsOfLogout: true }), start)
          await end(store, one.session)
          const notices = await due(store)
          deepEqual(told(notices), expected([one, two]))
          equal(new Set(notices.map(({ id }) => id)).size, 2)
          for (const notice of notices)
            deepEqual([notice.createdAt, notice.attempts, notice.begunAt], [start, 0, undefined])
          deepEqual(await store.logouts.clientsOf([one.session.id]), [])
          await end(store, one.session)
          deepEqual(await due(store), [])
        }),
      )
    }
    it(
      'B-LOG-10 names the clients of some sessions while these live',
      withStore(async (store) => {
        const [one, other] = [await heard(store), await heard(store)]
        await heard(store)
        const both = await store.logouts.clientsOf([one.session.id, other.session.id])
        deepEqual(
          both.map(({ sessionId, clientId }) => `${clientId} ${sessionId}`).sort(),
          [one, other].map((on) => `${on.client.id} ${on.session.id}`).sort(),
        )
        deepEqual(await store.logouts.clientsOf([]), [])
      }),
    )
    it(
      'B-LOG-10 notes nobody for a code that was not issued',
      withStore(async (store) => {
        const on = await ground(store)
        const gone = { digest: digest(), version: 1 }
        const outcome = await store.issueCode(issue(on, { hearsOfLogout: true, interaction: gone }), start)
        notEqual(outcome, 'issued')
        deepEqual(await store.logouts.clientsOf([on.session.id]), [])
      }),
    )
    it(
      'B-LOG-10 are claimed by one of many at a time, and again once the claim is over',
      withStore(async (store) => {
        const on = await heard(store)
        await store.endSession(on.session.id, start, [])
        const claims = await together(16, () => store.logouts.claim(start, later(30), []))
        exactlyOne(claims, (claim) => claim !== undefined)
        equal(await store.logouts.claim(later(29), later(60), []), undefined)
        const again = await store.logouts.claim(later(30), later(60), [])
        equal(again?.clientId, on.client.id)
        const first = claims.find((claim) => claim !== undefined)
        const next = { begunAt: start, attempts: 1, dueAt: later(31) }
        // The first holder was too slow: what it found out counts no more.
        equal(first !== undefined && (await store.logouts.retry(first, next)), false)
        equal(again !== undefined && (await store.logouts.retry(again, next)), true)
        equal(await store.logouts.claim(later(30), later(60), []), undefined)
        const third = await store.logouts.claim(later(31), later(60), [])
        deepEqual([third?.id, third?.attempts, third?.begunAt], [first?.id, 1, start])
      }),
    )
    it(
      'B-LOG-10 are taken away once, with the events of it',
      withStore(async (store) => {
        const on = await heard(store)
        await store.endSession(on.session.id, start, [])
        const notice = await store.logouts.claim(start, later(30), [])
        const answers = await together(8, () => store.logouts.settle(notice?.id ?? '', [event()]))
        exactlyOne(answers, (answer) => answer)
        equal((await sizes(store))['events'], 1)
        deepEqual(await due(store, later(60)), [])
      }),
    )
    it(
      'TX-18 of clients that are busy wait, and the oldest of the others comes first',
      withStore(async (store) => {
        const [slow, quick] = [await heard(store), await heard(store)]
        await store.endSession(slow.session.id, start, [])
        await store.endSession(quick.session.id, later(1), [])
        equal((await store.logouts.claim(later(2), later(30), [slow.client.id]))?.clientId, quick.client.id)
        equal(await store.logouts.claim(later(2), later(30), [slow.client.id, quick.client.id]), undefined)
        equal((await store.logouts.claim(later(2), later(30), []))?.clientId, slow.client.id)
      }),
    )
    it(
      'B-LOG-10 of a session that expired by itself there are none',
      withStore(async (store) => {
        const on = await heard(store)
        equal(await store.endSession(on.session.id, on.session.expiresAt, []), false)
        deepEqual(await due(store, on.session.expiresAt), [])
      }),
    )
    it(
      'B-IDT-13 the clients stay noted when the person signs in again, and go with the session',
      withStore(async (store) => {
        const on = await heard(store)
        const renewed = { ...on.session, digest: digest(), expiresAt: later(2 * 86_400) }
        await store.startSession(renewed, on.session.id, [])
        const swept = async (at: number): Promise<number | undefined> =>
          (await store.sweep(later(at), 1000))['session_clients']
        equal(await swept(86_400 + retention.session), 0)
        deepEqual(await store.logouts.clientsOf([on.session.id]), [
          { sessionId: on.session.id, clientId: on.client.id },
        ])
        equal(await swept(2 * 86_400 + retention.session), 1)
        deepEqual(await store.logouts.clientsOf([on.session.id]), [])
      }),
    )
    it(
      'B-LOG-10 go in the end, whoever could not be reached',
      withStore(async (store) => {
        const on = await heard(store)
        await store.endSession(on.session.id, start, [])
        const swept = async (at: number): Promise<number | undefined> =>
          (await store.sweep(later(at), 1000))['logout_notices']
        equal(await swept(retention.logoutNotice - 1), 0)
        equal(await swept(retention.logoutNotice), 1)
        deepEqual(await due(store, later(retention.logoutNotice)), [])
      }),
    )
  })
}
