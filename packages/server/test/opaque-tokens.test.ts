import { lookupKey } from '@sallyport/protocol'
import type { Resource, Store } from '@sallyport/server'
import { createTestIssuer, standardResources, type TestIssuer } from '@sallyport/testing'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventsOf, expectRefusal, newIssuer } from './fixtures.ts'
import { openFile, openStore, storeNames } from './stores.ts'

const inactive = '{"active":false}'
const first = 'https://rs1.test'
const handle = /^[\w-]{43}$/

/** The first API takes handles, the second JWTs. */
const resources: readonly Resource[] = standardResources.map((one) =>
  one.id === first ? { ...one, format: 'opaque' } : one,
)

const hinted = (hint: string | undefined) => (hint === undefined ? {} : { hint })

const withStore = (store?: Store): Promise<TestIssuer> => newIssuer({ resources, store })

describe.each(storeNames)('opaque access tokens on %s', (name) => {
  const start = async (): Promise<TestIssuer> => {
    const { store, discard } = await openStore(name)
    onTestFinished(discard)
    return withStore(store)
  }

  it('A-RES-03, A-INT-05 a handle for the API that wants one, and its own server learns what a JWT would say', async () => {
    const issuer = await start()
    const { RS1, K } = issuer.clients
    const flow = await issuer.codeFlow({
      parameters: { scope: 'openid offline_access read write deliver', resource: first },
    })
    expect(flow.accessToken).toMatch(handle)
    const answer = await issuer.introspect(RS1, flow.accessToken)
    const { iat, exp, jti, sub, ...rest } = answer.json
    expect(rest).toMatchObject({
      active: true,
      iss: 'https://as.test',
      aud: first,
      client_id: K.id,
      scope: 'read write',
      token_type: 'Bearer',
      amr: ['pwd'],
    })
    expect([Number(exp) - Number(iat), sub]).toEqual([300, issuer.alice.subject])
    expect(jti).toBeTypeOf('string')
    expect(answer.text).not.toContain(flow.accessToken)
  })

  it('A-INT-03, A-INT-05 everybody else learns nothing, whatever they hint', async () => {
    const issuer = await start()
    const { RS2, E, S } = issuer.clients
    const { accessToken } = await issuer.codeFlow({ parameters: { resource: first } })
    for (const client of [RS2, E, S])
      for (const hint of [undefined, 'access_token', 'refresh_token', 'foo'])
        expect((await issuer.introspect(client, accessToken, hinted(hint))).text).toBe(inactive)
    expect(eventsOf(issuer, 'token.introspect.denied', 'audience')).toHaveLength(12)
  })

  it('A-INT-02 the client it was issued to may ask about it too', async () => {
    const issuer = await start()
    const flow = await issuer.codeFlow({ parameters: { resource: first } })
    for (const hint of [undefined, 'access_token'])
      expect((await issuer.introspect(flow.client, flow.accessToken, hinted(hint))).json['active']).toBe(true)
    expect((await issuer.introspect(flow.client, flow.refreshToken)).json['active']).toBe(true)
  })

  it('A-INT-04 is over with its time, its client, its person, its session and its API', async () => {
    const active = async (issuer: TestIssuer, token: string) =>
      (await issuer.introspect(issuer.clients.RS1, token)).json['active'] === true
    const ends: readonly ((issuer: TestIssuer) => Promise<unknown>)[] = [
      async (issuer) => issuer.clock.advance(300),
      (issuer) => issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() }),
      (issuer) => issuer.store.setSubjectActive(issuer.alice.subject, false, issuer.clock.now(), []),
      (issuer) => issuer.store.endSubject(issuer.alice.subject, 'credential_change', issuer.clock.now(), []),
      (issuer) => issuer.store.admin.deleteClient(issuer.clients.K.id, issuer.clock.now(), []),
      async (issuer) => {
        await issuer.store.admin.removeResource(first, [])
        issuer.clock.advance(1)
      },
    ]
    for (const end of ends) {
      const issuer = await start()
      const { accessToken } = await issuer.codeFlow({ parameters: { resource: first } })
      expect(await active(issuer, accessToken)).toBe(true)
      await end(issuer)
      expect(await active(issuer, accessToken)).toBe(false)
    }
  })

  it('A-INT-04 a sign-out ends the token with its session, unless access was granted offline', async () => {
    const issuer = await start()
    const { RS1 } = issuer.clients
    for (const [scope, after] of [
      ['openid read', false],
      ['openid offline_access read', true],
    ] as const) {
      const { accessToken, authorized } = await issuer.codeFlow({ parameters: { resource: first, scope } })
      const sessions = await issuer.store.admin.listSessions({}, undefined, 10, issuer.clock.now())
      for (const { id } of sessions.items) await issuer.store.endSession(id, issuer.clock.now(), [])
      expect(authorized.code).not.toBe('')
      expect((await issuer.introspect(RS1, accessToken)).json['active']).toBe(after)
    }
  })

  it('A-CODE-05, A-RT-03 a replayed code or refresh token takes the handles of its family along', async () => {
    const issuer = await start()
    const { RS1 } = issuer.clients
    const flow = await issuer.codeFlow({ parameters: { resource: first } })
    expectRefusal(await issuer.redeem(flow.authorized), 'invalid_grant')
    expect((await issuer.introspect(RS1, flow.accessToken)).text).toBe(inactive)
    const other = await issuer.codeFlow({ parameters: { resource: first } })
    const next = await issuer.refreshed(other)
    expect(next.accessToken).toMatch(handle)
    issuer.clock.advance(10)
    expectRefusal(await issuer.refresh(other), 'invalid_grant')
    for (const { accessToken } of [other, next]) expect((await issuer.introspect(RS1, accessToken)).text).toBe(inactive)
  })

  it('A-REV-02, A-REV-05 revoking a handle ends it alone, with any hint, and once', async () => {
    const issuer = await start()
    const { RS1 } = issuer.clients
    for (const hint of [undefined, 'access_token', 'refresh_token', 'foo']) {
      const flow = await issuer.codeFlow({ parameters: { resource: first } })
      const next = await issuer.refreshed(flow)
      issuer.forget()
      for (let round = 0; round < 2; round++)
        expect((await issuer.revoke(flow.client, flow.accessToken, hinted(hint))).status).toBe(200)
      expect(issuer.records.events.filter(({ event }) => event === 'token.revoked')).toHaveLength(1)
      expect((await issuer.introspect(RS1, flow.accessToken)).text).toBe(inactive)
      expect((await issuer.introspect(RS1, next.accessToken)).json['active']).toBe(true)
      expect((await issuer.refresh(next)).status).toBe(200)
    }
  })

  it('A-REV-04 another client is told, and the token lives on', async () => {
    const issuer = await start()
    const { E, RS1 } = issuer.clients
    const { accessToken } = await issuer.codeFlow({ parameters: { resource: first } })
    expectRefusal(await issuer.revoke(E, accessToken), 'invalid_grant')
    expect((await issuer.introspect(RS1, accessToken)).json['active']).toBe(true)
  })

  it('A-RES-03 one grant gives a handle for one API and a JWT for the other', async () => {
    const issuer = await start()
    const parameters = { scope: 'openid offline_access read deliver', resource: [first, 'https://rs2.test'] }
    const authorized = await issuer.authorize({ parameters })
    const answer = await issuer.redeem(authorized, { resource: first })
    expect(answer.json['access_token']).toMatch(handle)
    const tokens = { client: authorized.client, refreshToken: String(answer.json['refresh_token']) }
    expect((await issuer.refreshed(tokens, { resource: 'https://rs2.test' })).accessToken).toMatch(
      /^ey[\w-]+\.[\w-]+\.[\w-]+$/,
    )
  })

  it('B-UI-03 UserInfo takes no handle of an API', async () => {
    const issuer = await start()
    const { accessToken } = await issuer.codeFlow({ parameters: { resource: first } })
    expect((await issuer.userinfo(accessToken)).status).toBe(401)
  })

  it('A-RT-04 a retry within the grace gets the same handle again', async () => {
    const issuer = await start()
    const flow = await issuer.codeFlow({ parameters: { resource: first } })
    const next = await issuer.refreshed(flow)
    expect((await issuer.refreshed(flow)).accessToken).toBe(next.accessToken)
  })

  it('A-CC-01 a client for itself gets a handle that ends with the client', async () => {
    const issuer = await start()
    const { S, RS1 } = issuer.clients
    const answer = await issuer.clientCredentials(S, { scope: 'read', resource: first })
    const token = String(answer.json['access_token'])
    expect(token).toMatch(handle)
    expect((await issuer.introspect(RS1, token)).json).toMatchObject({ active: true, sub: S.id, client_id: S.id })
    await issuer.changeClient(S, { disabledAt: issuer.clock.now() })
    expect((await issuer.introspect(RS1, token)).text).toBe(inactive)
  })

  it('FT-02 a store that cannot write gives no token, and the code works afterwards', async () => {
    const { store, discard } = await openStore(name)
    onTestFinished(discard)
    const issuer = await newIssuer({ resources, store, mayFail: true })
    const authorized = await issuer.authorize({ parameters: { resource: first } })
    issuer.store.failNext('redeem', new Error('no medium'), { times: 1 })
    expect((await issuer.redeem(authorized)).status).toBe(500)
    expect((await issuer.redeem(authorized)).json['access_token']).toMatch(handle)
  })
})

it('A-RES-02 an API that wants bound tokens gets none without a binding', async () => {
  const bound: readonly Resource[] = standardResources.map((one) => ({ ...one, binding: 'mtls' }))
  const issuer = await newIssuer({ resources: bound })
  expectRefusal(await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: first }), 'invalid_request')
})

it('A-RES-02 what was granted for an API that is gone gives no token', async () => {
  const issuer = await newIssuer()
  const flow = await issuer.codeFlow({ parameters: { resource: first } })
  await issuer.store.admin.removeResource(first, [])
  issuer.clock.advance(1)
  expectRefusal(await issuer.refresh(flow), 'invalid_target')
})

describe('what is written', () => {
  const opened = async () => {
    const file = await openFile()
    onTestFinished(file.discard)
    const issuer = await createTestIssuer({ store: file.store, resources })
    const { browser } = await issuer.authorize({
      remember: true,
      parameters: { scope: 'openid read', resource: first },
    })
    const client = await issuer.changeClient(issuer.clients.K, { sessionRefreshTokens: true })
    const transactionsOf = async (action: () => Promise<unknown>): Promise<number> => {
      const { transactions } = file.store.statistics()
      await action()
      return file.store.statistics().transactions - transactions
    }
    const plain = { browser, client, parameters: { scope: 'openid read', resource: first } }
    return { file, issuer, plain, transactionsOf }
  }

  it('A-CODE-02, A-RT-14 two transactions for a code flow, one for a refresh, one for a client alone, none to ask', async () => {
    const { issuer, plain, transactionsOf } = await opened()
    const { S, RS1 } = issuer.clients
    for (let round = 0; round < 3; round++) expect(await transactionsOf(() => issuer.codeFlow(plain))).toBe(2)
    const flow = await issuer.codeFlow(plain)
    expect(flow.accessToken).toMatch(handle)
    expect(await transactionsOf(() => issuer.refreshed(flow))).toBe(1)
    expect(await transactionsOf(() => issuer.clientCredentials(S, { scope: 'read', resource: first }))).toBe(1)
    expect(await transactionsOf(() => issuer.introspect(RS1, flow.accessToken))).toBe(0)
    expect(await transactionsOf(() => issuer.revoke(flow.client, flow.accessToken))).toBe(1)
  })

  it('A-GEN-07, AR-01 the file holds the digest and never the handle', async () => {
    const { file, issuer, plain } = await opened()
    const { accessToken } = await issuer.codeFlow(plain)
    const db = new BetterSqlite3(file.path, { readonly: true })
    const digests = db.prepare<[], string>('SELECT digest FROM opaque_access_tokens').pluck().all()
    const rows = JSON.stringify(db.prepare('SELECT * FROM opaque_access_tokens').all())
    db.close()
    expect(digests).toContain(lookupKey(accessToken))
    expect(rows).not.toContain(accessToken)
  })

  it('A-CODE-03 of two redemptions at once one gets a handle, and only its row is there', async () => {
    const { file, issuer, plain } = await opened()
    const authorized = await issuer.authorize(plain)
    const answers = await Promise.all([1, 2, 3, 4].map(() => issuer.redeem(authorized)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const db = new BetterSqlite3(file.path, { readonly: true })
    expect(db.prepare('SELECT count(*) FROM opaque_access_tokens').pluck().get()).toBe(1)
    db.close()
  })
})
