import { createTestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectErrorPage, expectRefusal, newIssuer } from './fixtures.ts'
import { openFile } from './stores.ts'

const read = { scope: 'read' }

describe('requests of one client', () => {
  it('A-RATE-03 token requests beyond the limit wait for the next minute, and only those of this client', async () => {
    const issuer = await newIssuer({ policy: { tokenRequestsPerMinute: 60 } })
    const { S, E } = issuer.clients
    for (let request = 0; request < 60; request++) expect((await issuer.clientCredentials(S, read)).status).toBe(200)
    const refused = await issuer.clientCredentials(S, read)
    expectRefusal(refused, 'temporarily_unavailable', 429)
    const wait = Number(refused.headers['retry-after'])
    expect(wait).toBeGreaterThanOrEqual(1)
    expect(wait).toBeLessThanOrEqual(60)
    expect((await issuer.clientCredentials(E, read)).status).toBe(200)
    expect(eventsOf(issuer, 'token.request.rejected').at(-1)).toMatchObject({ reason: 'rate_limited', clientId: S.id })
    issuer.clock.advance(wait)
    expect((await issuer.clientCredentials(S, read)).status).toBe(200)
  })

  it('A-RATE-03 parallel requests do not pass the limit either', async () => {
    const issuer = await newIssuer({ policy: { tokenRequestsPerMinute: 60 } })
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => issuer.clientCredentials(issuer.clients.S, read)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(60)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40)
  })

  it('A-RATE-03 whoever speaks for a public client uses up nothing of those elsewhere', async () => {
    const issuer = await newIssuer({ policy: { tokenRequestsPerMinute: 60 } })
    const { P } = issuer.clients
    const waiting = await issuer.authorize({ client: P })
    const spoil = () => issuer.token(P, { grant_type: 'authorization_code' }, { remoteAddress: '203.0.113.9' })
    for (let request = 0; request < 60; request++) expectRefusal(await spoil(), 'invalid_request')
    expectRefusal(await spoil(), 'temporarily_unavailable', 429)
    expect((await issuer.redeem(waiting)).status).toBe(200)
  })

  it('A-RATE-03 introspection is counted for itself', async () => {
    const issuer = await newIssuer({ policy: { introspectionRequestsPerMinute: 60 } })
    for (let request = 0; request < 60; request++) await issuer.introspect(issuer.clients.RS1, 'unknown')
    expectRefusal(await issuer.introspect(issuer.clients.RS1, 'unknown'), 'temporarily_unavailable', 429)
    expect((await issuer.clientCredentials(issuer.clients.S, read)).status).toBe(200)
  })

  it('A-RATE-03 authorization requests are counted by client and network, and end at a page that redirects nowhere', async () => {
    const issuer = await newIssuer({ policy: { authorizationRequestsPerMinute: 10 } })
    const near = issuer.browser({ remoteAddress: '192.0.2.1' })
    for (let request = 0; request < 10; request++) await issuer.begin({ browser: near })
    const { visit } = await issuer.begin({ browser: near })
    expect(visit.leftFor).toBeUndefined()
    expectErrorPage(visit.answer, 'rate_limited', 429)
    expect(Number(visit.answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    const far = await issuer.begin({ browser: issuer.browser({ remoteAddress: '192.0.2.2' }) })
    expect(far.visit.answer.status).toBe(200)
  })
})

describe('several nodes', () => {
  it('A-RATE-03 count together: two nodes on one store let no more through than the limit and one share each', async () => {
    const file = await openFile()
    const policy = { tokenRequestsPerMinute: 100 }
    const one = await createTestIssuer({ store: file.store, policy })
    const two = await one.startNode()
    let passed = 0
    for (let request = 0; request < 100; request++) {
      if ((await one.clientCredentials(one.clients.S, read)).status === 200) passed++
      if ((await one.clientCredentials(one.clients.S, read, { node: two })).status === 200) passed++
    }
    expect(passed).toBeGreaterThanOrEqual(100)
    expect(passed).toBeLessThanOrEqual(105)
    await file.discard()
  })

  it('A-RATE-03 while the store cannot count, a node counts for itself and goes on answering', async () => {
    const issuer = await newIssuer({ policy: { tokenRequestsPerMinute: 60 }, mayFail: true })
    issuer.store.failNext('count', new Error('away'))
    const statuses: number[] = []
    for (let request = 0; request < 70; request++)
      statuses.push((await issuer.clientCredentials(issuer.clients.S, read)).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(60)
    expect(statuses.slice(60)).toEqual(Array.from({ length: 10 }, () => 429))
  })
})

describe('guessing', () => {
  it('A-RATE-05 twenty codes or tokens that nobody issued raise an alert and pause the network for this client', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const scan = (parameters: Record<string, string>) => issuer.token(K, parameters, { remoteAddress: '192.0.2.7' })
    for (let guess = 0; guess < 10; guess++) {
      const handle = issuer.random.handle()
      const verifier = 'v'.repeat(43)
      expectRefusal(
        await scan({ grant_type: 'authorization_code', code: handle, code_verifier: verifier }),
        'invalid_grant',
      )
      expectRefusal(await scan({ grant_type: 'refresh_token', refresh_token: handle }), 'invalid_grant')
    }
    expectRefusal(await scan({ grant_type: 'refresh_token', refresh_token: 'x' }), 'temporarily_unavailable', 429)
    expect(eventsOf(issuer, 'client.auth.locked')).toMatchObject([{ reason: 'grant_guessing', severity: 'high' }])
    await issuer.codeFlow({ client: K })
    issuer.clock.advance(301)
    expectRefusal(await scan({ grant_type: 'refresh_token', refresh_token: 'x' }), 'invalid_grant')
  })
})
