import type { Server } from '@sallyport/server'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { createTestIssuer, type Answer, type TestIssuer, type TestIssuerOptions } from '@sallyport/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { openFile, openStore, storeNames, type OpenedStore } from '../stores.ts'
import { rowCounts } from './row-counts.ts'

const opened: OpenedStore[] = []

afterEach(async () => {
  for (const { discard } of opened.splice(0)) await discard()
})

async function issuerOn(name: (typeof storeNames)[number], options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const own = await openStore(name)
  opened.push(own)
  return createTestIssuer({ ...options, store: own.store, clients: ['K', 'RS1', 'RS2'] })
}

/** Statuses and how often each came. */
function tally(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { status, json } of answers) {
    const key = status === 200 ? '200' : `${status} ${String(json['error'])}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

const quick = { parameters: { scope: 'offline_access read' } } as const

describe.for(storeNames)('on %s', (name) => {
  it('A-CODE-02, CO-02 64 parallel redemptions of one code, ID tokens and all: one set of tokens, and that one dies', async () => {
    const issuer = await issuerOn(name)
    const authorized = await issuer.authorize()
    const answers = await Promise.all(Array.from({ length: 64 }, () => issuer.redeem(authorized)))
    expect(tally(answers)).toEqual({ '200': 1, '400 invalid_grant': 63 })
    const winner = answers.find(({ status }) => status === 200)
    expect(await issuer.isAlive(String(winner?.json['access_token']))).toBe(false)
    const events = issuer.records.events.map(({ event }) => event)
    expect(events.filter((event) => event === 'grant.revoked')).toHaveLength(1)
    expect(events).toContain('token.code.replayed')
  })

  it('CO-02 200 rounds of 50: exactly one success each time', async () => {
    const issuer = await issuerOn(name)
    const { browser } = await issuer.authorize({ ...quick, remember: true })
    for (let round = 0; round < 200; round++) {
      const authorized = await issuer.authorize({ parameters: { scope: 'read' }, browser })
      const answers = await Promise.all(Array.from({ length: 50 }, () => issuer.redeem(authorized)))
      expect(tally(answers)).toEqual({ '200': 1, '400 invalid_grant': 49 })
    }
  })

  it('CO-02 two nodes, one store: 25 requests each, one success', async () => {
    const issuer = await issuerOn(name)
    const nodes: readonly Server[] = [issuer.server, await issuer.startNode()]
    for (let round = 0; round < 30; round++) {
      const authorized = await issuer.authorize(quick)
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => issuer.redeem(authorized, {}, { node: nodes[index % 2] })),
      )
      expect(tally(answers)).toEqual({ '200': 1, '400 invalid_grant': 49 })
    }
  })

  it('PK-12 64 wrong verifiers at once are one comparison, and the right one is too late', async () => {
    const issuer = await issuerOn(name)
    const authorized = await issuer.authorize(quick)
    const wrong = Array.from({ length: 64 }, () => issuer.redeem(authorized, { code_verifier: issuer.random.handle() }))
    expect(tally(await Promise.all(wrong))).toEqual({ '400 invalid_grant': 64 })
    expect((await issuer.redeem(authorized)).json['error']).toBe('invalid_grant')
  })

  it('RT-02, A-RT-05 64 parallel refreshes with G = 0: one success, then the family is dead', async () => {
    const issuer = await issuerOn(name, { policy: { refreshRetryGrace: 0 } })
    const flow = await issuer.codeFlow(quick)
    const answers = await Promise.all(Array.from({ length: 64 }, () => issuer.refresh(flow)))
    expect(tally(answers)).toEqual({ '200': 1, '400 invalid_grant': 63 })
    const winner = answers.find(({ status }) => status === 200)
    const refreshToken = String(winner?.json['refresh_token'])
    expect((await issuer.refresh({ client: flow.client, refreshToken })).json['error']).toBe('invalid_grant')
    expect(await issuer.isAlive(String(winner?.json['access_token']))).toBe(false)
  })

  it('A-RT-05, A-RT-04 64 parallel refreshes on two nodes within the grace: the same answer for all', async () => {
    const issuer = await issuerOn(name)
    const nodes = [issuer.server, await issuer.startNode()]
    const flow = await issuer.codeFlow(quick)
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) => issuer.refresh(flow, {}, { node: nodes[index % 2] })),
    )
    expect(tally(answers)).toEqual({ '200': 64 })
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const refreshToken = String(answers[0]?.json['refresh_token'])
    expect((await issuer.refresh({ client: flow.client, refreshToken })).status).toBe(200)
  })

  it('RT-02 100 rounds of 50 with G = 0', async () => {
    const issuer = await issuerOn(name, { policy: { refreshRetryGrace: 0 } })
    for (let round = 0; round < 100; round++) {
      const flow = await issuer.codeFlow(quick)
      const answers = await Promise.all(Array.from({ length: 50 }, () => issuer.refresh(flow)))
      expect(tally(answers)).toEqual({ '200': 1, '400 invalid_grant': 49 })
    }
  })

  it('A-RT-11 a sign-out between many refreshes leaves nothing alive', async () => {
    const issuer = await issuerOn(name)
    const flow = await issuer.codeFlow(quick)
    const { store, alice, clock } = issuer
    const requests = Array.from({ length: 40 }, (_, index) =>
      index === 20
        ? store.endSubject(alice.subject, 'credential_change', clock.now(), [])
        : issuer.refresh(flow).then(({ json }) => json),
    )
    const tokens = (await Promise.all(requests)).flatMap((json) => (json === undefined ? [] : [json['access_token']]))
    for (const token of tokens) if (typeof token === 'string') expect(await issuer.isAlive(token)).toBe(false)
  })
})

it('CO-02, RT-02 two connections to one file: one success each time, and the same answer within the grace', async () => {
  const file = await openFile()
  opened.push(file)
  const second = await openSqliteStore({ path: file.path })
  const issuer = await createTestIssuer({ store: file.store, clients: ['K', 'RS1'] })
  const nodes = [issuer.server, await issuer.startNode(second)]
  for (let round = 0; round < 20; round++) {
    const authorized = await issuer.authorize(quick)
    const redeemed = Array.from({ length: 50 }, (_, index) => issuer.redeem(authorized, {}, { node: nodes[index % 2] }))
    expect(tally(await Promise.all(redeemed))).toEqual({ '200': 1, '400 invalid_grant': 49 })
    const flow = await issuer.codeFlow(quick)
    const refreshed = Array.from({ length: 50 }, (_, index) => issuer.refresh(flow, {}, { node: nodes[index % 2] }))
    expect(new Set((await Promise.all(refreshed)).map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  }
  await second.close()
})

it('A-CODE-02, A-RT-05 the losers write nothing: rows counted in the file', async () => {
  const file = await openFile()
  opened.push(file)
  const issuer = await createTestIssuer({ store: file.store, clients: ['K', 'RS1'], policy: { refreshRetryGrace: 0 } })
  const authorized = await issuer.authorize(quick)
  await Promise.all(Array.from({ length: 64 }, () => issuer.redeem(authorized)))
  expect(rowCounts(file.path, 'authorizations', 'refresh_tokens')).toEqual({ authorizations: 1, refresh_tokens: 1 })
  const flow = await issuer.codeFlow(quick)
  await Promise.all(Array.from({ length: 64 }, () => issuer.refresh(flow)))
  expect(rowCounts(file.path, 'authorizations', 'refresh_tokens')).toEqual({ authorizations: 2, refresh_tokens: 3 })
})
