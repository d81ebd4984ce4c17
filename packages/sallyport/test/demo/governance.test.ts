import { createMemoryStore } from '@sallyport/server/store'
import { createTestIssuer } from '@sallyport/testing'
import { newException, type PkceException } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { governanceRoute } from '../../src/demo/governance.ts'

const wrong = { code_verifier: 'x'.repeat(43) }

describe('the governance page of the demo', () => {
  it('A-GOV-03 shows live coverage, exceptions and incidents', async () => {
    const store = createMemoryStore()
    const issuer = await createTestIssuer({ store, routes: [governanceRoute(store, 'https://as.test')] })
    const look = async (): Promise<string> => (await issuer.get('/governance', { host: 'as.test' })).text
    const before = await look()
    expect(before).toContain('no codes yet')
    expect(before).toContain('No client ever had one')
    expect(before).toContain('No code exchange failed')
    await issuer.codeFlow()
    await issuer.redeem(await issuer.authorize(), wrong)
    await issuer.server.maintain()
    const { K } = issuer.clients
    const said = { owner: '<b>Team</b>', reason: 'r', ticket: 'OPS-7', compensatingControl: 'c', acceptedBy: 'Ms B' }
    const deadline = (issuer.clock.now() + 86_400) as PkceException['deadline']
    const facts = { now: issuer.clock.now(), random: issuer.random }
    await store.exceptions.create(newException({ ...said, clientId: K.id, deadline }, K.record, facts), [])
    const after = await look()
    expect(after).toContain('PKCE covers 100 %')
    expect(after).toContain('Confidential web application')
    expect(after).toContain('suspected interception')
    expect(after).toContain('OPS-7')
    expect(after).toContain('&lt;b&gt;Team')
    expect(after).not.toContain('<b>Team')
  })

  it('A-GOV-03 shows how many requests were pushed, and how many tokens are bound to a key', async () => {
    const store = createMemoryStore()
    const issuer = await createTestIssuer({ store, routes: [governanceRoute(store, 'https://as.test')] })
    await issuer.codeFlow()
    expect((await issuer.redeem(await issuer.authorize({ pushed: true }))).status).toBe(200)
    await issuer.server.maintain()
    const { text } = await issuer.get('/governance', { host: 'as.test' })
    const headings = [...text.matchAll(/<th scope="col">([^<]*)<\/th>/g)].map(([, name = '']) => name)
    const cells = [...text.matchAll(/<td>([^<]*)<\/td>/g)].map(([, value]) => value)
    // The first column is the head of its row.
    const said = new Map(headings.slice(1).map((name, index) => [name, cells[index]]))
    expect(Object.fromEntries<string | undefined>(said)).toMatchObject({
      Requests: '2',
      Pushed: '1',
      'Codes redeemed': '2',
      'Bound tokens': '0 of 2',
    })
  })

  it('CS-08 is shown under the name of the issuer alone', async () => {
    const store = createMemoryStore()
    const issuer = await createTestIssuer({ store, routes: [governanceRoute(store, 'https://as.test')] })
    const answer = await issuer.get('/governance', { host: 'evil.test' })
    expect([answer.status, answer.location]).toEqual([303, 'https://as.test/governance'])
  })
})
