import { changeClient, ClientMetadataError, registerClient, type ClientRegistration } from '@sallyport/server'
import type { Seconds } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { expectErrorPage, expectPage, expectRefusal, newIssuer } from './fixtures.ts'

const day = 86_400

const facts = async () => {
  const { clock, random } = await newIssuer()
  return { development: false, now: clock.now(), random, secretLifetime: day }
}

const web = { type: 'web', name: 'App', redirectUris: ['https://a.test/cb'] } as const

function faultsOf(make: () => unknown): readonly string[] {
  try {
    make()
  } catch (error) {
    if (error instanceof ClientMetadataError) return error.faults.map(({ member }) => member)
    throw error
  }
  return []
}

describe('the inventory of clients', () => {
  it('A-GOV-05 keeps owner, purpose and a review date at most 12 months away', async () => {
    const context = await facts()
    const inDays = (days: number): Seconds => (context.now + days * day) as Seconds
    const said = { owner: 'Team A', purpose: 'the shop', reviewBy: inDays(365) }
    const { client } = registerClient({ ...web, ...said }, context)
    expect(client).toMatchObject(said)
    expect(changeClient(client, { reviewBy: inDays(10) }, context)).toMatchObject({ ...said, reviewBy: inDays(10) })
    for (const wrong of [
      { owner: ' ' },
      { purpose: 'x'.repeat(201) },
      { owner: 'a\u0000b' },
      { reviewBy: inDays(366) },
      { reviewBy: Number.NaN as Seconds },
    ]) {
      expect(faultsOf(() => registerClient({ ...web, ...wrong }, context))).toEqual(Object.keys(wrong))
      expect(faultsOf(() => changeClient(client, wrong, context))).toEqual(Object.keys(wrong))
    }
  })

  it('A-GOV-06 takes no member that says whether PKCE is required, for any kind of client', async () => {
    const context = await facts()
    for (const type of ['web', 'spa', 'native'] as const)
      for (const member of ['requirePkce', 'pkce', 'require_pkce', 'codeChallengeMethod', 'allowPlain'])
        for (const value of [false, true, 'optional']) {
          const input = {
            type,
            name: 'App',
            redirectUris: type === 'native' ? ['app.test:/cb'] : ['https://a.test/cb'],
            [member]: value,
          }
          expect(faultsOf(() => registerClient(input as ClientRegistration, context))).toContain(member)
        }
  })

  it('A-GOV-08 names the security level, and takes none below the baseline', async () => {
    const context = await facts()
    const { client } = registerClient(web, context)
    expect(client.securityLevel).toBe('baseline')
    for (const level of ['none', 'low', '', 'BASELINE', 'legacy'])
      expect(faultsOf(() => changeClient(client, { securityLevel: level as 'baseline' }, context))).toEqual([
        'securityLevel',
      ])
  })
})

describe('a client that nobody uses', () => {
  it('A-GOV-05 is disabled after 180 days, and one that is used or asks about tokens is not', async () => {
    const issuer = await newIssuer()
    const { K, E, P, RS1 } = issuer.clients
    await issuer.server.maintain()
    for (let days = 0; days < 180; days += 20) {
      const { accessToken } = await issuer.codeFlow({ client: K })
      await issuer.introspect(RS1, accessToken)
      await issuer.server.maintain()
      issuer.clock.advance(20 * day - 1)
    }
    await issuer.changeClient(P, { purpose: 'somebody cares' })
    issuer.clock.advance(10)
    await issuer.server.maintain()
    const disabled = async (id: string): Promise<boolean> =>
      (await issuer.store.findClient(id))?.disabledAt !== undefined
    expect([await disabled(K.id), await disabled(RS1.id), await disabled(P.id), await disabled(E.id)]).toEqual([
      false,
      false,
      false,
      true,
    ])
    const events = issuer.records.events.filter(({ reason }) => reason === 'client_unused')
    expect(events.find(({ clientId }) => clientId === E.id)).toMatchObject({
      event: 'client.updated',
      detail: { unused_days: 180 },
    })
    issuer.clock.advance(2)
    expectPage(await issuer.begin({ client: E }), 'client_disabled')
    expectRefusal(await issuer.clientCredentials(E, { scope: 'read' }), 'invalid_client', 401)
  })

  it('A-GOV-05 is not disabled before anybody counted for 180 days, and once enabled it has another 180', async () => {
    const issuer = await newIssuer()
    issuer.clock.advance(400 * day)
    await issuer.server.maintain()
    const { K } = issuer.clients
    expect((await issuer.store.findClient(K.id))?.disabledAt).toBeUndefined()
    issuer.clock.advance(180 * day)
    await issuer.server.maintain()
    const disabled = await issuer.store.findClient(K.id)
    expect(disabled?.disabledAt).toBeDefined()
    await issuer.changeClient(K, { disabledAt: undefined })
    issuer.clock.advance(179 * day)
    await issuer.server.maintain()
    expect((await issuer.store.findClient(K.id))?.disabledAt).toBeUndefined()
  })
})

describe('containing a client', () => {
  it('A-GOV-05 stops codes, tokens and refresh at once, keeps the evidence, and is not undone by enabling', async () => {
    const issuer = await newIssuer()
    const { K, E } = issuer.clients
    const tokens = await issuer.codeFlow({ client: K })
    const other = await issuer.codeFlow({ client: E })
    const waiting = await issuer.authorize({ client: K })
    const begun = await issuer.begin({ client: K })
    const left = await issuer.begin({ client: K, pushed: true })
    expect(await issuer.store.containment.contain(K.id, issuer.clock.now(), [])).toMatchObject({
      authorizations: 2,
      codes: 1,
      pushed: 1,
      pages: 2,
    })
    expect(await issuer.store.containment.contain('client_of_nobody', issuer.clock.now(), [])).toBeUndefined()
    expect((await issuer.finish(begun)).code).toBe('')
    issuer.clock.advance(1)
    expectRefusal(await issuer.redeem(waiting), 'invalid_client', 401)
    expect(await issuer.isAlive(tokens.accessToken)).toBe(false)
    expect(await issuer.isAlive(other.accessToken)).toBe(true)
    expect(await issuer.store.findClient(K.id)).toMatchObject({ id: K.id, name: K.record.name })
    const listed = await issuer.store.admin.listAuthorizations({ clientId: K.id }, undefined, 10)
    expect(listed.items.map(({ revokedReason }) => revokedReason)).toEqual(['administrator', 'administrator'])
    await issuer.changeClient(K, { disabledAt: undefined })
    expectErrorPage((await issuer.finish(left)).visit.answer, 'interaction_unknown')
    expect(await issuer.isAlive(tokens.accessToken)).toBe(false)
    expectRefusal(await issuer.refresh(tokens), 'invalid_grant')
    expectRefusal(await issuer.redeem(waiting), 'invalid_grant')
  })

  it('A-GOV-05 an edit begun before cannot undo it', async () => {
    const issuer = await newIssuer()
    const before = await issuer.store.findClient(issuer.clients.K.id)
    if (before === undefined) throw new Error('no client')
    await issuer.store.containment.contain(before.id, issuer.clock.now(), [])
    expect(await issuer.store.admin.updateClient({ ...before, version: before.version + 1 }, [])).toBe(false)
    expect((await issuer.store.findClient(before.id))?.disabledAt).toBe(issuer.clock.now())
  })
})
