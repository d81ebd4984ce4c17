import { deepEqual, equal, notEqual } from 'node:assert/strict'
import {
  retention,
  type Authorization,
  type DeviceApproval,
  type DeviceRequest,
  type Store,
} from '@sallyport/server/model'
import { exactlyOne, knownTokens, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { ground, issue, records, refreshToken, type Ground } from './ground.ts'
import { digest, event, later, session, start } from './records.ts'

/** A request of a device: it always has a user code. */
type Coded = DeviceRequest & { readonly userCodeKey: string }

const asked = (clientId: string, more: Partial<Coded> = {}): Coded => ({
  digest: digest(),
  userCodeKey: digest(),
  backchannel: undefined,
  clientId,
  scope: ['openid', 'offline_access', 'read'],
  resources: ['https://rs1.test'],
  codeChallenge: digest(),
  interval: 5,
  createdAt: start,
  expiresAt: later(600),
  network: '192.0.2.1',
  userAgent: 'A television',
  ...more,
})

const authorizationOf = (on: Ground, more: Partial<Authorization> = {}): Authorization =>
  issue(on, { authorization: { deviceNetwork: '192.0.2.1', ...more } }).authorization

type Begun = { readonly on: Ground; readonly request: Coded; readonly approval: DeviceApproval }

/** A request that the session of the ground has entered the code of. */
async function claimed(store: Store, more: Partial<Coded> = {}): Promise<Begun> {
  const on = await ground(store)
  const request = asked(on.client.id, more)
  equal(await store.devices.create(request), true)
  equal(await store.devices.claim(request.digest, on.session.id, start), true)
  return {
    on,
    request,
    approval: { digest: request.digest, authorization: authorizationOf(on), hearsOfLogout: false, events: [event()] },
  }
}

async function approved(store: Store, more: Partial<Coded> = {}): Promise<Begun> {
  const begun = await claimed(store, more)
  equal(await store.devices.approve(begun.approval, start), 'approved')
  return begun
}

const redemptionOf = ({ digest }: DeviceRequest) => ({ kind: 'device_code', digest }) as const

/** Requests of devices: from the user code to the redemption. */
export const deviceContract: ContractPart = ({ describe, it }, withStore) => {
  describe('device requests', () => {
    it(
      'A-DEV-04 keep a user code for one waiting request, whoever asks in the same moment',
      withStore(async (store) => {
        const on = await ground(store)
        const userCodeKey = digest()
        const same = Array.from({ length: 16 }, () => asked(on.client.id, { userCodeKey }))
        const made = await together(16, (index) => store.devices.create(same[index] ?? asked(on.client.id)))
        const winner = same[exactlyOne(made, (answer) => answer)]
        const view = await store.devices.findWaiting(userCodeKey, start)
        sameRecord(view?.request, winner)
        equal(view?.state, 'pending')
        equal(view?.claimedBy, undefined)
        equal(await store.devices.find(digest()), undefined)
        equal(await store.devices.findWaiting(digest(), start), undefined)
      }),
    )
    it(
      'A-DEV-05 find nothing under a user code that expired or was decided, and the code may come again',
      withStore(async (store) => {
        const { request } = await claimed(store)
        equal((await store.devices.findWaiting(request.userCodeKey, later(599)))?.state, 'claimed')
        equal(await store.devices.findWaiting(request.userCodeKey, later(600)), undefined)
        const { request: decided } = await approved(store)
        equal(await store.devices.findWaiting(decided.userCodeKey, start), undefined)
        equal(await store.devices.create(asked(decided.clientId, { userCodeKey: decided.userCodeKey })), true)
        equal((await store.devices.find(decided.digest))?.state, 'approved')
      }),
    )
    it(
      'DV-06 belong to the first session that enters the code',
      withStore(async (store) => {
        const on = await ground(store)
        const request = asked(on.client.id)
        await store.devices.create(request)
        const sessions = Array.from({ length: 16 }, () => session())
        const answers = await together(16, (index) =>
          store.devices.claim(request.digest, sessions[index]?.id ?? '', start),
        )
        const winner = sessions[exactlyOne(answers, (answer) => answer)]?.id
        equal((await store.devices.find(request.digest))?.claimedBy, winner)
        equal(await store.devices.claim(request.digest, winner ?? '', start), true)
        equal(await store.devices.claim(request.digest, winner ?? '', later(600)), false)
        const another = await claimed(store)
        const stranger = authorizationOf({ ...another.on, session: on.session })
        equal(await store.devices.approve({ ...another.approval, authorization: stranger }, start), 'request_ended')
        const end = { as: 'denied', sessionId: on.session.id } as const
        equal(await store.devices.end(another.request.digest, end, start, [event()]), false)
        equal((await sizes(store))['events'], 0)
      }),
    )
    it(
      'B-CIBA-05 are found by the person who is meant, while they wait, soonest end first and ten at most',
      withStore(async (store) => {
        const on = await ground(store)
        const about = (subject: string, expiresAt = later(600)): DeviceRequest => ({
          ...asked(on.client.id, { expiresAt }),
          userCodeKey: undefined,
          backchannel: { subject, bindingMessage: 'W4SCT', tellAcr: true, ping: 'sealed' },
        })
        const first = about('alice', later(60))
        const second = about('alice')
        for (const one of [second, first, about('bob'), asked(on.client.id)])
          equal(await store.devices.create(one), true)
        const waiting = await store.devices.listWaiting('alice', start)
        sameRecord(waiting[0]?.request, first)
        deepEqual(
          waiting.map(({ request }) => request.digest),
          [first.digest, second.digest],
        )
        equal((await store.devices.listWaiting('alice', later(60))).length, 1)
        equal(await store.devices.claim(second.digest, on.session.id, start), true)
        equal((await store.devices.listWaiting('alice', start))[1]?.claimedBy, on.session.id)
        const end = { as: 'denied', sessionId: on.session.id } as const
        equal(await store.devices.end(second.digest, end, start, []), true)
        equal((await store.devices.listWaiting('alice', start)).length, 1)
        for (let count = 0; count < 12; count++) await store.devices.create(about('carol'))
        equal((await store.devices.listWaiting('carol', start)).length, 10)
      }),
    )
    it(
      'A-DEV-10 measure each poll from the one before, and wait five seconds longer after each that is too early',
      withStore(async ({ devices, ...store }) => {
        const on = await ground({ devices, ...store })
        const request = asked(on.client.id)
        await devices.create(request)
        const polls: readonly (readonly [at: number, early: boolean])[] = [
          [0, false],
          [1, true],
          [7, true],
          [22, false],
          [37, false],
          [51, true],
          [70.6, false],
        ]
        for (const [at, early] of polls) equal(await devices.poll(request.digest, later(at)), early, `at ${at}`)
        equal(await devices.poll(digest(), start), false)
      }),
    )
    it(
      'DV-02 lets one of many polls of one moment pass',
      withStore(async (store) => {
        const on = await ground(store)
        const request = asked(on.client.id)
        await store.devices.create(request)
        const early = await together(16, () => store.devices.poll(request.digest, start))
        exactlyOne(early, (answer) => !answer)
        equal(await store.devices.poll(request.digest, later(79)), true)
        equal(await store.devices.poll(request.digest, later(79 + 85)), false)
      }),
    )
    it(
      'A-DEV-11 are decided once: approval, refusal and report at the same moment',
      withStore(async (store) => {
        for (let round = 0; round < 10; round++) {
          const { on, request, approval } = await claimed(store)
          const sessionId = on.session.id
          const answers = await Promise.all([
            store.devices.approve(approval, start).then((outcome) => outcome === 'approved'),
            store.devices.end(request.digest, { as: 'denied', sessionId }, start, [event()]),
            store.devices.end(request.digest, { as: 'disowned', sessionId }, start, [event()]),
          ])
          const winner = exactlyOne(answers, (answer) => answer)
          const state = (await store.devices.find(request.digest))?.state
          equal(state, ['approved', 'denied', 'disowned'][winner])
        }
        equal((await sizes(store))['events'], 10)
      }),
    )
    it(
      'A-DEV-11 cannot be decided before somebody entered the code, nor after they expired',
      withStore(async (store) => {
        const on = await ground(store)
        const request = asked(on.client.id)
        await store.devices.create(request)
        const approval = {
          digest: request.digest,
          authorization: authorizationOf(on),
          hearsOfLogout: false,
          events: [event()],
        }
        equal(await store.devices.approve(approval, start), 'request_ended')
        equal(await store.devices.approve({ ...approval, digest: digest() }, start), 'request_ended')
        await store.devices.claim(request.digest, on.session.id, start)
        equal(await store.devices.approve(approval, later(600)), 'request_ended')
        const end = { as: 'denied', sessionId: on.session.id } as const
        equal(await store.devices.end(request.digest, end, later(600), [event()]), false)
        deepEqual(await sizes(store), { clients: 1, sessions: 1, authorizations: 0, events: 0 })
      }),
    )
    it(
      'A-DEV-14 are approved only while session, person and client are in force',
      withStore(async (store) => {
        const ends: readonly [(on: Ground) => Promise<unknown>, string][] = [
          [(on) => store.endSession(on.session.id, start, []), 'session_ended'],
          [(on) => store.setSubjectActive(on.session.subject, false, start, []), 'session_ended'],
          [(on) => store.containment.contain(on.client.id, start, []), 'client_disabled'],
        ]
        for (const [end, outcome] of ends) {
          const { on, approval } = await claimed(store)
          await end(on)
          equal(await store.devices.approve(approval, start), outcome)
        }
        equal((await sizes(store))['authorizations'], 0)
      }),
    )
  })
  describe('redeem, for a device code', () => {
    it(
      'DV-03 lets one of 64 parallel redemptions win; the rest write nothing',
      withStore(async (store) => {
        const { request, approval } = await approved(store)
        const view = await store.devices.find(request.digest)
        equal(view?.state, 'approved')
        sameRecord(view?.authorization, approval.authorization)
        const tokens = Array.from({ length: 64 }, () => refreshToken(approval.authorization))
        const answers = await together(64, (index) =>
          store.redeem(redemptionOf(request), records(tokens[index], [event()]), start),
        )
        const winner = exactlyOne(answers, (answer) => answer)
        deepEqual(await knownTokens(store, tokens), [tokens[winner]])
        equal((await sizes(store))['events'], 2)
        equal((await store.devices.find(request.digest))?.state, 'redeemed')
        const stands = { jti: 'j', authorizationId: approval.authorization.id, clientId: request.clientId }
        equal(await store.tokenStands(stands, start), true)
      }),
    )
    it(
      'A-DEV-11 gives nothing before the approval, after the expiry, after a refusal and for an unknown code',
      withStore(async (store) => {
        const redeem = (request: DeviceRequest, now = start) =>
          store.redeem(redemptionOf(request), records(undefined, [event()]), now)
        const { request, on } = await claimed(store)
        equal(await redeem(request), false)
        equal(await redeem(asked(on.client.id)), false)
        await store.devices.end(request.digest, { as: 'denied', sessionId: on.session.id }, start, [])
        equal(await redeem(request), false)
        const late = await approved(store)
        equal(await redeem(late.request, later(600)), false)
        equal(await redeem(late.request, later(599)), true)
      }),
    )
    it(
      'A-PKCE-17 never redeems a code that a wrong verifier destroyed, and destroys no redeemed one',
      withStore(async (store) => {
        const destroy = (request: DeviceRequest) =>
          store.devices.end(request.digest, { as: 'destroyed', sessionId: undefined }, start, [])
        const { request } = await approved(store)
        equal(await destroy(request), true)
        equal(await destroy(request), false)
        equal(await store.redeem(redemptionOf(request), records(undefined), start), false)
        for (let round = 0; round < 10; round++) {
          const open = await approved(store)
          const answers = await Promise.all([
            store.redeem(redemptionOf(open.request), records(undefined), start),
            destroy(open.request),
          ])
          exactlyOne(answers, (answer) => answer)
        }
      }),
    )
    it(
      'CO-10 refuses after the authorization, the person or the client ended',
      withStore(async (store) => {
        const ends = [
          ({ approval }: Begun) => store.revokeAuthorization(approval.authorization.id, 'administrator', start, []),
          ({ on }: Begun) => store.setSubjectActive(on.session.subject, false, start, []),
          ({ on }: Begun) => store.withdrawConsent(on.session.subject, on.client.id, start, []),
          ({ on }: Begun) => store.containment.contain(on.client.id, start, []),
        ]
        for (const end of ends) {
          const begun = await approved(store)
          await end(begun)
          const token = refreshToken(begun.approval.authorization)
          equal(await store.redeem(redemptionOf(begun.request), records(token), start), false)
          deepEqual(await knownTokens(store, [token]), [])
        }
        const ended = await approved(store)
        await store.withdrawConsent(ended.on.session.subject, ended.on.client.id, start, [])
        equal((await store.devices.find(ended.request.digest))?.ended, 'authorization_revoked')
      }),
    )
    it(
      'A-DEV-06 is no authorization code, and leaves codes alone',
      withStore(async (store) => {
        const { request, on } = await approved(store)
        equal(await store.findAuthorizationCode(request.digest), undefined)
        equal(await store.destroyAuthorizationCode(request.digest, start, []), false)
        const code = { kind: 'authorization_code', digest: request.digest } as const
        equal(await store.redeem(code, records(undefined), start), false)
        const issued = issue(on)
        equal(await store.issueCode(issued, start), 'issued')
        equal(
          await store.redeem(redemptionOf({ ...request, digest: issued.code.digest }), records(undefined), start),
          false,
        )
        equal((await store.findAuthorizationCode(issued.code.digest))?.state, 'issued')
      }),
    )
    it(
      'FT-21 goes some time after it ended, a redeemed one with its authorization',
      withStore(async (store) => {
        const { request } = await claimed(store)
        const { request: spent, approval } = await approved(store)
        const unspent = await approved(store)
        await store.redeem(redemptionOf(spent), records(refreshToken(approval.authorization)), start)
        const gone = later(600 + retention.deviceRequest)
        await store.sweep(later(600 + retention.deviceRequest - 1), 1000)
        equal((await store.devices.find(request.digest))?.state, 'claimed')
        const swept = await store.sweep(gone, 1000)
        equal(swept['device_requests'], 2)
        equal(swept['authorizations'], 1)
        equal(await store.devices.find(request.digest), undefined)
        equal(await store.devices.find(unspent.request.digest), undefined)
        equal(await store.devices.create(asked(request.clientId, { userCodeKey: request.userCodeKey })), true)
        notEqual(await store.devices.find(spent.digest), undefined)
        await store.sweep(approval.authorization.expiresAt, 1000)
        equal(await store.devices.find(spent.digest), undefined)
      }),
    )
  })
}
