import { deepEqual, equal } from 'node:assert/strict'
import type { DynamicRegistration, InitialAccessToken, NewRegistration } from '@sallyport/server/model'
import { everyPage, exactlyOne, sameRecord, together, type ContractPart } from './assertions.ts'
import { family, ground } from './ground.ts'
import { client, consent, digest, event, later, start, unique } from './records.ts'

const initialToken = (more: Partial<InitialAccessToken> = {}): InitialAccessToken => ({
  id: unique('token'),
  digest: digest(),
  label: 'A team',
  uses: 3,
  used: 0,
  scope: ['openid', 'read'],
  createdAt: start,
  expiresAt: later(3600),
  ...more,
})

function registration(more: Partial<NewRegistration> = {}): NewRegistration {
  const made = client({ channel: 'dynamic', localized: { 'client_name#de': 'Eine Anwendung' } })
  const row: DynamicRegistration = {
    clientId: more.client?.id ?? made.id,
    tokenDigest: digest(),
    previous: undefined,
    scopeCeiling: ['openid', 'read'],
    unusedLifetime: 100,
    softwareStatement: 'a.b.c',
  }
  return { client: made, registration: row, initialToken: undefined, most: 100, events: [], ...more }
}

/** Self-registration: who may, how often, and who may change what came of it. */
export const registrationContract: ContractPart = ({ describe, it }, withStore) => {
  describe('initial access tokens', () => {
    it(
      'A-DCR-02 give exactly as many registrations as they have uses, however many ask at once',
      withStore(async ({ registrations, ...store }) => {
        const token = initialToken()
        await registrations.addToken(token, [event()])
        const asked = await together(8, () =>
          registrations.register(registration({ initialToken: token.digest }), start),
        )
        equal(asked.filter((outcome) => outcome === 'registered').length, 3)
        equal(asked.filter((outcome) => outcome === 'token_spent').length, 5)
        equal((await registrations.findToken(token.digest))?.used, 3)
        equal((await everyPage((after, limit) => store.admin.listClients(after, limit))).length, 3)
      }),
    )
    it(
      'A-DCR-02 end on the second, and at once when they are removed',
      withStore(async ({ registrations, sweep }) => {
        const [first, second] = [initialToken(), initialToken({ scope: undefined })]
        for (const token of [first, second]) await registrations.addToken(token, [])
        const attempt = (initial: string, now = start) =>
          registrations.register(registration({ initialToken: initial }), now)
        equal(await attempt(digest()), 'token_spent')
        equal(await attempt(first.digest, later(3600)), 'token_spent')
        equal(await attempt(first.digest, later(3599)), 'registered')
        sameRecord(await registrations.findToken(second.digest), second)
        equal(await registrations.removeToken(second.id, [event()]), true)
        equal(await registrations.removeToken(second.id, []), false)
        equal(await attempt(second.digest), 'token_spent')
        deepEqual(
          (await everyPage((after) => registrations.listTokens(after, 1))).map(({ id, used }) => [id, used]),
          [[first.id, 1]],
        )
        await sweep(later(400 * 86_400), 100)
        equal(await registrations.findToken(first.digest), undefined)
      }),
    )
  })

  describe('self-registered clients', () => {
    it(
      'DC-11 are never more than allowed by the door they came in, however many ask at once',
      withStore(async ({ registrations, admin }) => {
        const document = () => registration({ client: client({ channel: 'metadata_document' }), most: 2 })
        for (const outcome of ['registered', 'registered', 'full'])
          equal(await registrations.register(document(), start), outcome)
        const asked = await together(9, () => registrations.register(registration({ most: 4 }), start))
        equal(asked.filter((outcome) => outcome === 'registered').length, 4)
        equal(asked.filter((outcome) => outcome === 'full').length, 5)
        equal(await registrations.register(document(), start), 'full')
        equal((await everyPage((after, limit) => admin.listClients(after, limit))).length, 6)
      }),
    )
    it(
      'A-DCM-01 are found as they were stored, and are gone with their client',
      withStore(async (store) => {
        const made = registration()
        await store.registrations.register(made, start)
        sameRecord(await store.registrations.find(made.client.id), made.registration)
        sameRecord(await store.findClient(made.client.id), made.client)
        equal(await store.admin.deleteClient(made.client.id, start, []), true)
        equal(await store.registrations.find(made.client.id), undefined)
        equal(await store.registrations.replace(replacement(made), start), false)
      }),
    )
    it(
      'A-DCM-07 one of two changes of the same version wins, and only with a token in force',
      withStore(async ({ registrations }) => {
        const made = registration()
        await registrations.register(made, start)
        equal(await registrations.replace(replacement(made, { presented: digest() }), start), false)
        const answers = await together(5, () => registrations.replace(replacement(made), start))
        exactlyOne(answers, (won) => won)
        const now = await registrations.find(made.client.id)
        equal(now?.previous?.digest, made.registration.tokenDigest)
      }),
    )
    it(
      'A-DCM-07 the token before works until its time is over or the new one is used',
      withStore(async ({ registrations, findClient }) => {
        const made = registration()
        await registrations.register(made, start)
        const first = replacement(made)
        equal(await registrations.replace(first, start), true)
        const presented = made.registration.tokenDigest
        const again = { ...first, client: { ...first.client, version: 3 }, presented }
        equal(await registrations.replace(again, later(60)), false)
        equal(await registrations.replace(again, later(59)), true)
        await registrations.confirmToken(made.client.id, digest())
        equal((await registrations.find(made.client.id))?.previous?.digest, presented)
        await registrations.confirmToken(made.client.id, first.registration.tokenDigest)
        equal((await registrations.find(made.client.id))?.previous, undefined)
        const late = { ...first, client: { ...first.client, version: 4 }, presented }
        equal(await registrations.replace(late, later(59)), false)
        equal((await findClient(made.client.id))?.version, 3)
      }),
    )
    it(
      'A-DCM-05 a change withdraws what people agreed to, when it is one that matters',
      withStore(async (store) => {
        const made = registration()
        await store.registrations.register(made, start)
        const { session } = await ground(store)
        const given = consent(session.subject, made.client.id)
        await family(store, { client: made.client, session }, { consent: given })
        const held = () => store.findConsent(session.subject, made.client.id, start)
        const harmless = replacement(made, { withdrawConsent: false })
        await store.registrations.replace(harmless, start)
        sameRecord(await held(), given)
        const next = { ...made, client: harmless.client, registration: harmless.registration }
        await store.registrations.replace(replacement(next), start)
        equal(await held(), undefined)
      }),
    )
    it(
      'B-REG-11 are due when their time without use is over, and later when they were used',
      withStore(async ({ registrations }) => {
        const [first, second] = [registration(), registration()]
        await registrations.register(first, start)
        await registrations.register(second, later(1))
        const due = async (delta: number) =>
          (await registrations.listDue(later(delta), 10)).map(({ clientId }) => clientId)
        deepEqual(await due(99), [])
        deepEqual(await due(101), [first.client.id, second.client.id])
        equal((await registrations.listDue(later(101), 1)).length, 1)
        await registrations.postpone(first.client.id, later(50))
        await registrations.postpone(first.client.id, later(10))
        deepEqual(await due(149), [second.client.id])
        deepEqual(await due(150), [second.client.id, first.client.id])
      }),
    )
  })
}

function replacement(
  { client: before, registration: row }: Pick<NewRegistration, 'client' | 'registration'>,
  more: Partial<{ presented: string; withdrawConsent: boolean }> = {},
) {
  return {
    client: { ...before, version: before.version + 1 },
    registration: { ...row, tokenDigest: digest(), previous: { digest: row.tokenDigest, until: later(60) } },
    presented: row.tokenDigest,
    withdrawConsent: true,
    events: [event()],
    ...more,
  }
}
