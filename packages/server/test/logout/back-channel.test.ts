import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import type { OutboundOptions } from '@sallyport/server'
import { decodeJwt, type CodeFlow, type TestClient, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, issuerId } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'
import { hang, later, networkOf, ok, relyingParty, withStatus, type RelyingParty } from './relying-party.ts'

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** An issuer with one application that hears of sign-outs, and somebody who signed in there. */
async function signedInAt(change: Partial<TestClient['record']> = {}, outbound: OutboundOptions = {}) {
  const party = await relyingParty('shop.example')
  const issuer = await newRealIssuer({ outbound: { ...networkOf(party), ...outbound } })
  const client = await hearing(issuer, issuer.clients.K, party, change)
  const flow = await issuer.codeFlow({ client, remember: true, parameters: { scope: 'openid read' } })
  return { party, issuer, client, flow, browser: flow.authorized.browser }
}

const hearing = (
  issuer: TestIssuer,
  client: TestClient,
  party: RelyingParty,
  change: Partial<TestClient['record']> = {},
): Promise<TestClient> =>
  issuer.changeClient(client, {
    backchannelLogoutUri: party.logoutUri,
    backchannelLogoutSessionRequired: true,
    sessionRefreshTokens: true,
    ...change,
  })

const signOut = ({ authorized, idToken }: CodeFlow) =>
  authorized.browser.open(`/oauth2/logout?id_token_hint=${idToken}`)

/** Lets what was begun by a request come to its end. */
const settled = (issuer: TestIssuer): Promise<void> => later(issuer, 0)

describe('the logout token', () => {
  it.for(['RS256', 'ES256', 'EdDSA'] as const)(
    'B-LOG-09, B-LOG-10 with %s says which session of whom has ended, and can be verified by a stranger',
    async (idTokenAlgorithm) => {
      const { issuer, party, flow, client } = await signedInAt({ idTokenAlgorithm })
      expect((await signOut(flow)).answer.status).toBe(200)
      await settled(issuer)
      const [post] = party.posts
      expect([party.posts.length, post?.url, post?.type]).toEqual([
        1,
        '/logout?by=op',
        'application/x-www-form-urlencoded',
      ])
      expect([...(post?.body.keys() ?? [])]).toEqual(['logout_token'])
      const token = post?.body.get('logout_token') ?? ''
      const keys = createLocalJWKSet((await issuer.get('/oauth2/jwks')).json as unknown as JSONWebKeySet)
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: issuerId,
        audience: client.id,
        typ: 'logout+jwt',
        currentDate: new Date(issuer.clock.now() * 1000),
        algorithms: [idTokenAlgorithm],
      })
      expect(Object.keys(protectedHeader).toSorted()).toEqual(['alg', 'kid', 'typ'])
      const { sub, sid } = decodeJwt(flow.idToken).claims
      const { iat = 0, exp, jti, ...rest } = payload
      expect([exp, jti]).toEqual([iat + 120, expect.stringMatching(/^[0-9a-f]{32}$/)])
      expect(rest).toEqual({ iss: issuerId, aud: client.id, events: { [logoutEvent]: {} }, sub, sid })
      expect(eventsOf(issuer, 'logout.notice.delivered')).toMatchObject([
        { clientId: client.id, detail: { attempt: 1 } },
      ])
      await later(issuer, 60)
      expect(party.posts).toHaveLength(1)
    },
  )

  it('B-LOG-09, B-SUB-06, TX-11 names a pairwise person as each ID Token does, and no session where none was wished', async () => {
    const [shop, bank] = [await relyingParty('shop.example'), await relyingParty('bank.example')]
    const issuer = await newRealIssuer({ outbound: networkOf(shop, bank) })
    const pairwise = { subjectType: 'pairwise' } as const
    const first = await hearing(issuer, issuer.clients.K, shop, pairwise)
    const second = await hearing(issuer, issuer.clients.P, bank, {
      ...pairwise,
      backchannelLogoutSessionRequired: false,
    })
    const atShop = await issuer.codeFlow({ client: first })
    const { browser } = atShop.authorized
    const atBank = await issuer.codeFlow({ client: second, browser })
    await signOut(atShop)
    await settled(issuer)
    const [toShop, toBank] = [shop.told()[0] ?? {}, bank.told()[0] ?? {}]
    expect([toShop['sub'], toBank['sub']]).toEqual(
      [atShop, atBank].map(({ idToken }) => decodeJwt(idToken).claims['sub']),
    )
    expect(toShop['sub']).not.toBe(toBank['sub'])
    expect([typeof toShop['sid'], toBank['sid']]).toEqual(['string', undefined])
    expect(toShop['jti']).not.toBe(toBank['jti'])
    for (const claims of [toShop, toBank]) expect(claims).not.toHaveProperty('nonce')
  })
})

describe('sid', () => {
  const sidOf = ({ idToken }: Pick<CodeFlow, 'idToken'>): unknown => decodeJwt(idToken).claims['sid']

  it('B-IDT-13 is of one browser session at one client, and stays the same', async () => {
    const { issuer, client, flow, browser, party } = await signedInAt()
    expect(sidOf(flow)).toMatch(/^[\w-]{43}$/)
    const silent = await issuer.codeFlow({ client, browser, parameters: { scope: 'openid read', prompt: 'none' } })
    expect(sidOf(silent)).toBe(sidOf(flow))
    const offline = await issuer.codeFlow({ client, browser })
    expect(sidOf(await issuer.refreshed(offline))).toBe(sidOf(flow))
    issuer.clock.advance(5)
    const again = await issuer.codeFlow({ client, browser, parameters: { prompt: 'login' } })
    expect(sidOf(again)).toBe(sidOf(flow))
    const elsewhere = await issuer.codeFlow({ client })
    expect(sidOf(elsewhere)).not.toBe(sidOf(flow))
    const other = await hearing(issuer, issuer.clients.P, party)
    const atOther = sidOf(await issuer.codeFlow({ client: other, browser }))
    expect(atOther).toMatch(/^[\w-]{43}$/)
    expect(atOther).not.toBe(sidOf(flow))
    const [{ id } = { id: '' }] = (await issuer.store.admin.listSessions({}, undefined, 9, issuer.clock.now())).items
    expect([sidOf(flow), sidOf(elsewhere)]).not.toContain(id)
  })

  it('B-IDT-13, B-IDT-12 is only for clients that registered for it', async () => {
    const { flow } = await signedInAt({ backchannelLogoutSessionRequired: false })
    expect(decodeJwt(flow.idToken).claims).not.toHaveProperty('sid')
  })

  it('B-LOG-02 a hint of another session of the same person ends nothing unasked', async () => {
    const { issuer, client, flow, party } = await signedInAt()
    const { authorized } = await issuer.codeFlow({ client })
    const asked = await authorized.browser.open(`/oauth2/logout?id_token_hint=${flow.idToken}`)
    expect(asked.forms.map(({ id }) => id)).toContain('logout-form')
    await settled(issuer)
    expect(party.posts).toEqual([])
  })
})

describe('an application that does not take it', () => {
  const failing = {
    'answers 400': { answer: withStatus(400), reason: 'status', status: 400 },
    'answers 500': { answer: withStatus(500), reason: 'status', status: 500 },
    'answers 201': { answer: withStatus(201), reason: 'status', status: 201 },
    redirects: { answer: withStatus(302, { location: 'https://evil.example/' }), reason: 'redirect' },
    hangs: { answer: hang, reason: 'timeout' },
  }
  it.for(Object.entries(failing))(
    'B-LOG-10, TX-18 %s: the person is signed out, and it is asked again until its token is too old',
    async ([, { answer, reason, ...more }]) => {
      const patience = reason === 'timeout' ? { timeout: 300 } : {}
      const { issuer, party, flow, client } = await signedInAt({}, patience)
      party.answer = answer
      expect((await signOut(flow)).answer.text).toContain('You are signed out')
      expect((await issuer.refresh(flow)).json['error']).toBe('invalid_grant')
      await settled(issuer)
      for (let waited = 0; waited < 200; waited += 5) await later(issuer, 5)
      const tokens = party.told()
      const ids = new Set(tokens.map(({ jti, iat }) => `${String(jti)} ${String(iat)}`))
      expect([tokens.length, ids.size]).toEqual([5, 1])
      const failures = eventsOf(issuer, 'logout.notice.failed')
      expect(failures.map((event) => [event.reason, event.detail['attempt'], event.detail['final']])).toEqual(
        [1, 2, 3, 4, 5].map((attempt) => [reason, attempt, attempt === 5]),
      )
      expect(failures.at(-1)).toMatchObject({ severity: 'medium', clientId: client.id, detail: more })
      const counted = issuer.records.measures.filter(({ name }) => name === 'logout_notices')
      expect(counted.map(({ labels }) => labels['outcome'])).toEqual([
        'retried',
        'retried',
        'retried',
        'retried',
        'failed',
      ])
    },
  )

  it('B-LOG-10 hears of it at the next attempt once it is back', async () => {
    const { issuer, party, flow } = await signedInAt()
    party.answer = withStatus(503)
    await signOut(flow)
    await settled(issuer)
    party.answer = withStatus(204)
    await later(issuer, 4)
    expect(party.posts).toHaveLength(1)
    await later(issuer, 1)
    expect(party.posts).toHaveLength(2)
    expect(eventsOf(issuer, 'logout.notice.delivered')).toMatchObject([{ detail: { attempt: 2 } }])
    await later(issuer, 100)
    expect(party.posts).toHaveLength(2)
  })

  it('B-LOG-10, TX-18 keeps no other application waiting', async () => {
    const [slow, quick] = [await relyingParty('slow.example'), await relyingParty('quick.example')]
    const issuer = await newRealIssuer({ outbound: networkOf(slow, quick) })
    const [first, second] = [
      await hearing(issuer, issuer.clients.K, slow),
      await hearing(issuer, issuer.clients.P, quick),
    ]
    const answered = Promise.withResolvers<undefined>()
    const asked = Promise.withResolvers<() => void>()
    slow.answer = (response, token) => {
      asked.resolve(() => {
        ok(response, token)
      })
    }
    quick.answer = (response, token) => {
      ok(response, token)
      answered.resolve(undefined)
    }
    const flow = await issuer.codeFlow({ client: first })
    await issuer.codeFlow({ client: second, browser: flow.authorized.browser })
    await signOut(flow)
    const release = await asked.promise
    await answered.promise
    expect(eventsOf(issuer, 'logout.notice.failed')).toEqual([])
    release()
    await settled(issuer)
    expect(eventsOf(issuer, 'logout.notice.delivered')).toHaveLength(2)
  })

  it.for(['10.0.0.8', '127.0.0.1', '169.254.169.254', '::1', '64:ff9b::7f00:1'])(
    'TX-18, DC-02 at %s is never connected to',
    async (address) => {
      const party = await relyingParty('inside.example')
      const outbound = { ...networkOf(party), resolve: () => Promise.resolve([address]) }
      const issuer = await newRealIssuer({ outbound })
      const flow = await issuer.codeFlow({ client: await hearing(issuer, issuer.clients.K, party) })
      await signOut(flow)
      await settled(issuer)
      expect(party.posts).toEqual([])
      expect(eventsOf(issuer, 'fetch.blocked', 'address')).toMatchObject([{ detail: { purpose: 'logout' } }])
    },
  )
})

describe('what is told', () => {
  type Here = Awaited<ReturnType<typeof signedInAt>>
  const alice = ({ issuer }: Here) => issuer.alice.subject
  const causes: Record<string, (here: Here) => Promise<unknown>> = {
    'sign-out that the application asked for': ({ flow }) => signOut(flow),
    'sign-out on our own page': async ({ browser }) =>
      browser.submit(await browser.open('/oauth2/logout'), 'logout-form'),
    'a session ended by an operator': async ({ issuer }) => {
      const [session] = (await issuer.store.admin.listSessions({}, undefined, 9, issuer.clock.now())).items
      await issuer.store.endSession(session?.id ?? '', issuer.clock.now(), [])
    },
    'a new password': (here) =>
      here.issuer.store.accounts.replacePassword(alice(here), '$argon2id$new', here.issuer.clock.now()),
    'an account that is locked': (here) =>
      here.issuer.store.setSubjectActive(alice(here), false, here.issuer.clock.now(), []),
    'everything of a person ended': (here) =>
      here.issuer.store.endSubject(alice(here), 'administrator', here.issuer.clock.now(), []),
    'another person who signs in at the same browser': async ({ issuer, client, browser }) => {
      issuer.clock.advance(5)
      await issuer.codeFlow({ client, browser, person: issuer.bob, parameters: { prompt: 'login' } })
    },
  }
  it.for(Object.entries(causes))('B-LOG-16, B-LOG-10 %s', async ([, cause]) => {
    const here = await signedInAt()
    await cause(here)
    await settled(here.issuer)
    const { sub, sid } = decodeJwt(here.flow.idToken).claims
    expect(here.party.told()).toMatchObject([{ sub, sid }])
  })

  it('B-LOG-16 each of the sessions of a person', async () => {
    const here = await signedInAt()
    const { issuer, client, party, flow } = here
    const other = await issuer.codeFlow({ client })
    await issuer.store.setSubjectActive(alice(here), false, issuer.clock.now(), [])
    await settled(issuer)
    expect(new Set(party.told().map(({ sid }) => sid))).toEqual(
      new Set([flow, other].map(({ idToken }) => decodeJwt(idToken).claims['sid'])),
    )
  })

  it('B-LOG-10 nothing to a client that is disabled, takes no notices any more, or signed nobody in', async () => {
    const { issuer, client, party, flow, browser } = await signedInAt()
    const api = await issuer.changeClient(issuer.clients.N, { backchannelLogoutUri: party.logoutUri })
    await issuer.authorize({ client: api, browser, parameters: { scope: 'read' } })
    const former = await hearing(issuer, issuer.clients.P, party)
    await issuer.codeFlow({ client: former, browser })
    await issuer.changeClient(former, { backchannelLogoutUri: undefined })
    await issuer.changeClient(client, { disabledAt: issuer.clock.now() })
    await issuer.store.endSubject(issuer.alice.subject, 'administrator', issuer.clock.now(), [])
    expect(flow.idToken).not.toBe('')
    await later(issuer, 60)
    expect(party.posts).toEqual([])
    expect(await issuer.store.logouts.claim(issuer.clock.now(), issuer.clock.now(), [])).toBeUndefined()
  })
})

describe('processes that come and go', () => {
  it('B-LOG-10 a notice outlives the process that ended the session', async () => {
    const { issuer, party, flow } = await signedInAt()
    // As a command does, or a process that is killed right after the write.
    await issuer.store.endSubject(issuer.alice.subject, 'administrator', issuer.clock.now(), [])
    issuer.clock.advance(600)
    const node = await issuer.startNode()
    await node.maintain()
    await node.close()
    const [told] = party.told()
    expect(told?.['sid']).toBe(decodeJwt(flow.idToken).claims['sid'])
    expect(told?.['iat']).toBe(Math.floor(issuer.clock.now()))
  })

  it('B-LOG-10 one that was claimed by a process which died is sent by another, and not before', async () => {
    const { issuer, party } = await signedInAt()
    const now = issuer.clock.now()
    await issuer.store.endSubject(issuer.alice.subject, 'administrator', now, [])
    expect(await issuer.store.logouts.claim(now, (now + 30) as typeof now, [])).toBeDefined()
    await later(issuer, 29)
    expect(party.posts).toEqual([])
    await later(issuer, 1)
    expect(party.posts).toHaveLength(1)
  })

  it('B-LOG-10 four nodes at the same moment send each notice once', async () => {
    const { issuer, client, party } = await signedInAt()
    for (let more = 0; more < 5; more++) await issuer.codeFlow({ client })
    const nodes = await Promise.all([1, 2, 3, 4].map(() => issuer.startNode()))
    await issuer.store.endSubject(issuer.alice.subject, 'administrator', issuer.clock.now(), [])
    await Promise.all(nodes.map((node) => node.maintain()))
    await settled(issuer)
    const ids = party.told().map(({ jti }) => jti)
    expect([ids.length, new Set(ids).size]).toEqual([6, 6])
  })

  it('B-LOG-10 what nobody could be told for a day is given up, and said', async () => {
    const { issuer, party } = await signedInAt()
    await issuer.store.endSubject(issuer.alice.subject, 'administrator', issuer.clock.now(), [])
    await later(issuer, 86_400)
    expect(party.posts).toEqual([])
    expect(eventsOf(issuer, 'logout.notice.failed', 'expired')).toMatchObject([{ detail: { final: true } }])
  })

  it('B-LOG-10 a host that was asked too often is told the rest a minute later', async () => {
    const { issuer, client, party } = await signedInAt()
    for (let more = 0; more < 62; more++) await issuer.codeFlow({ client })
    await issuer.store.endSubject(issuer.alice.subject, 'administrator', issuer.clock.now(), [])
    await settled(issuer)
    expect(party.posts).toHaveLength(60)
    await later(issuer, 60)
    expect(new Set(party.told().map(({ jti }) => jti)).size).toBe(63)
    expect(eventsOf(issuer, 'logout.notice.failed')).toEqual([])
  })
})
