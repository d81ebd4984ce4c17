import { createPolicy, ClientMetadataError, registerClient, changeClient, PolicyError } from '@sallyport/server'
import { decodeJwt, standardResources, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { documentIssuer, goodDocument } from './documents.ts'
import { eventsOf, expectPage, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'
import { expectPageOf, newRealIssuer, placeOf, signedIn } from './real-pages.ts'
import { openIssuer, plain, register } from './registration/registrations.ts'

const described = { type: 'agent', name: 'Mail sorter', owner: 'Team Post', purpose: 'Sorts incoming mail' } as const
const redirectUri = 'https://agent.test/cb'
const forPeople = {
  ...described,
  grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  redirectUris: [redirectUri],
  scope: 'openid offline_access read write',
  machineScope: 'read',
} as const

const api = 'https://rs1.test'

function faultsOf(make: () => unknown): readonly string[] {
  try {
    make()
  } catch (error) {
    if (error instanceof ClientMetadataError) return error.faults.map(({ member }) => member)
    throw error
  }
  return []
}

const lifeOf = (token: unknown): number => {
  const { exp, iat } = decodeJwt(String(token)).claims
  return Number(exp) - Number(iat)
}

describe('an agent as a client', () => {
  it('A-GOV-05 has an owner and a purpose, proves who it is, and asks people always', async () => {
    const { clock, random } = await newIssuer()
    const context = { development: false, now: clock.now(), random, secretLifetime: 86_400 }
    const make = (change: object) => () => registerClient({ ...described, ...change }, context)
    expect(faultsOf(make({ owner: undefined, purpose: undefined }))).toEqual(['owner', 'purpose'])
    expect(faultsOf(make({ owner: ' ' }))).toEqual(['owner'])
    expect(faultsOf(make({ firstParty: true }))).toEqual(['firstParty'])
    expect(faultsOf(make({ authenticationMethod: 'none' }))).toEqual(['authenticationMethod'])
    const { client, secret } = registerClient(described, context)
    expect(client).toMatchObject({ type: 'agent', grantTypes: ['client_credentials'], firstParty: false })
    expect(secret).toBeTypeOf('string')
    for (const change of [{ owner: undefined }, { purpose: undefined }, { firstParty: true }])
      expect(faultsOf(() => changeClient(client, change, context))).toEqual(Object.keys(change))
  })

  it('A-GOV-05, DC-09 is made by administrators alone', async () => {
    const issuer = await openIssuer()
    for (const change of [{ application_type: 'agent' }, { grant_types: ['client_credentials'] }])
      expectRefusal(await register(issuer, { ...plain, ...change }), 'invalid_client_metadata')
    const { json } = await register(issuer, { ...plain, type: 'agent', owner: 'Me', purpose: 'Mine' })
    expect((await issuer.store.findClient(String(json['client_id'])))?.type).toBe('web')
  })

  it('A-CC-05, A-TOK-15 gets tokens that live two minutes, whatever is wished, and five at the very most', async () => {
    const longest = { accessTokenLifetime: 3600 }
    const agent = { ...forPeople, ...longest }
    const usual = await newIssuer({ policy: longest })
    const client = await usual.addClient(agent)
    const own = await usual.token(client, { grant_type: 'client_credentials', scope: 'read', resource: api })
    expect(lifeOf(own.json['access_token'])).toBe(120)
    expect(lifeOf((await usual.codeFlow({ client })).accessToken)).toBe(120)
    expect(lifeOf((await usual.codeFlow({ client: usual.clients.K })).accessToken)).toBe(3600)
    const wide = await newIssuer({ policy: { ...longest, agentAccessTokenLifetime: 300 } })
    expect(lifeOf((await wide.codeFlow({ client: await wide.addClient(agent) })).accessToken)).toBe(300)
    const narrow = await newIssuer({ policy: { accessTokenLifetime: 60, agentAccessTokenLifetime: 300 } })
    expect(lifeOf((await narrow.codeFlow({ client: await narrow.addClient(agent) })).accessToken)).toBe(60)
    for (const beyond of [
      { agentAccessTokenLifetime: 301 },
      { agentRefreshTokenIdle: 86_401 },
      { agentRefreshTokenAbsolute: 604_801 },
    ])
      expect(() => createPolicy(beyond)).toThrow(PolicyError)
  })

  it('A-RT-11, A-CC-05 acts for a person eight hours at most, and rests after one without use', async () => {
    const issuer = await newIssuer()
    const client = await issuer.addClient(forPeople)
    const renew = (token: unknown) =>
      issuer.token(client, { grant_type: 'refresh_token', refresh_token: String(token), resource: api })
    let { refreshToken } = await issuer.codeFlow({ client })
    for (let half = 0; half < 15; half++) {
      issuer.clock.advance(1800)
      const answer = await renew(refreshToken)
      expectTokens(answer)
      refreshToken = String(answer.json['refresh_token'])
    }
    issuer.clock.advance(1800)
    expectRefusal(await renew(refreshToken), 'invalid_grant')
    const idle = await issuer.codeFlow({ client })
    issuer.clock.advance(3601)
    expectRefusal(await renew(idle.refreshToken), 'invalid_grant')
  })

  it('A-UI-09 is called an agent on the consent page, with purpose and owner, and is asked about each time', async () => {
    const issuer = await newRealIssuer()
    const client = await issuer.addClient({ ...forPeople, purpose: 'Sorts <b>mail</b>' })
    const parameters = { scope: 'openid' }
    const { browser } = await signedIn(issuer, { client, parameters })
    const { visit } = await issuer.begin({ client, browser, parameters })
    expect(placeOf(visit)).toBe('consent')
    const { text } = visit.answer
    expect(text).toMatch(/id="agent"[^]*is an agent[^]*Sorts &lt;b&gt;mail&lt;\/b&gt;[^]*Team Post/)
    expect(text).not.toContain('name="remember"')
    const plainPage = await issuer.begin({ client: issuer.clients.P, browser, parameters })
    expect(plainPage.visit.answer.text).not.toContain('id="agent"')
    expect(eventsOf(issuer, 'consent.granted')).toMatchObject([{ detail: { agent: true, remembered: false } }])
    expect((await browser.get('/account/apps')).text).toContain('An agent that acts by itself')
  })
})

/** An agent with a token for itself, tokens for a person, and a code that waits. */
async function busyAgent(issuer: TestIssuer) {
  const client = await issuer.addClient(forPeople)
  const own = await issuer.token(client, { grant_type: 'client_credentials', scope: 'read', resource: api })
  const { accessToken, refreshToken } = await issuer.codeFlow({ client })
  const waiting = await issuer.authorize({ client })
  const machine = String(own.json['access_token'])
  return { client, machine, accessToken, refreshToken, waiting }
}

const stop = (issuer: TestIssuer, id: string) => issuer.store.containment.contain(id, issuer.clock.now(), [])

describe('the kill switch', () => {
  it('A-GOV-05, A-INT-04 ends tokens of both kinds, codes and renewals at once', async () => {
    const issuer = await newIssuer()
    const { client, machine, accessToken, refreshToken, waiting } = await busyAgent(issuer)
    for (const token of [machine, accessToken]) expect(await issuer.isAlive(token)).toBe(true)
    expect(await stop(issuer, client.id)).toMatchObject({ codes: 1 })
    for (const token of [machine, accessToken]) expect(await issuer.isAlive(token)).toBe(false)
    const asks = [
      { grant_type: 'client_credentials', scope: 'read', resource: api },
      { grant_type: 'refresh_token', refresh_token: String(refreshToken) },
      { grant_type: 'authorization_code', code: waiting.code, code_verifier: waiting.verifier },
    ]
    // In this very second, while the record of the client is still believed elsewhere.
    const [own, ...granted] = asks
    expectRefusal(await issuer.token(client, own!), 'invalid_client', 401)
    for (const ask of granted) expectRefusal(await issuer.token(client, ask), 'invalid_grant')
    issuer.clock.advance(2)
    for (const ask of asks) expectRefusal(await issuer.token(client, ask), 'invalid_client', 401)
    expectPage(await issuer.authorize({ client }), 'client_disabled')
  })

  it('A-GOV-05, A-INT-04 ends opaque tokens of both kinds as well', async () => {
    const resources = standardResources.map((one) => (one.id === api ? { ...one, format: 'opaque' as const } : one))
    const issuer = await newIssuer({ resources })
    const { client, machine, accessToken } = await busyAgent(issuer)
    const active = async (): Promise<unknown[]> => {
      const answers = await Promise.all([machine, accessToken].map((one) => issuer.introspect(issuer.clients.RS1, one)))
      return answers.map(({ json }) => json['active'])
    }
    expect([machine, accessToken].join()).not.toContain('.')
    expect(await active()).toEqual([true, true])
    await stop(issuer, client.id)
    expect(await active()).toEqual([false, false])
  })

  it('A-GOV-05 lets no redemption through that is under way when it is thrown', async () => {
    const issuer = await newIssuer()
    const { client, refreshToken } = await busyAgent(issuer)
    const renew = { grant_type: 'refresh_token', refresh_token: String(refreshToken), resource: api }
    const [answer] = await Promise.all([issuer.token(client, renew), stop(issuer, client.id)])
    issuer.clock.advance(2)
    // Whoever won the race: nothing of it is alive afterwards.
    const token = answer.status === 200 ? String(answer.json['access_token']) : undefined
    if (token !== undefined) expect(await issuer.isAlive(token)).toBe(false)
    expect([200, 400, 401]).toContain(answer.status)
    expectRefusal(await issuer.token(client, renew), 'invalid_client', 401)
  })

  it('A-GOV-05, RT-12 gives nothing back that a person had allowed when the agent goes on', async () => {
    const issuer = await newIssuer()
    const { client, accessToken, refreshToken, waiting } = await busyAgent(issuer)
    await stop(issuer, client.id)
    const resumed = await issuer.changeClient(client, { disabledAt: undefined })
    expect(await issuer.isAlive(accessToken)).toBe(false)
    const renew = { grant_type: 'refresh_token', refresh_token: String(refreshToken), resource: api }
    expectRefusal(await issuer.token(resumed, renew), 'invalid_grant')
    expectRefusal(await issuer.redeem(waiting), 'invalid_grant')
    expectTokens(await issuer.token(resumed, { grant_type: 'client_credentials', scope: 'read', resource: api }))
  })
})

describe('clients of MCP servers', () => {
  const own = ['com.example.app:/cb', 'https://app.test/cb', 'http://127.0.0.1/cb', 'http://localhost/cb']

  it('A-MCP-05 return to https or to this machine, never to a scheme of their own', async () => {
    const { clock, random } = await newIssuer()
    const context = { development: false, now: clock.now(), random, secretLifetime: 86_400 }
    const make = (mcp: boolean, redirectUris: readonly string[]) => () =>
      registerClient({ type: 'native', name: 'Desk', mcp, redirectUris }, context)
    expect(faultsOf(make(false, own))).toEqual([])
    expect(faultsOf(make(true, own))).toEqual(['redirectUris'])
    expect(faultsOf(make(true, own.slice(1)))).toEqual([])
    const { client } = make(false, own)()
    expect(faultsOf(() => changeClient(client, { mcp: true }, context))).toEqual(['redirectUris'])
    expect(changeClient(client, { mcp: true, redirectUris: own.slice(1) }, context).mcp).toBe(true)
  })

  it('A-MCP-05 that describe themselves in a document are refused with a private-use scheme', async () => {
    const { issuer, host, client, ask } = await documentIssuer()
    host.body = JSON.stringify({ ...goodDocument, redirect_uris: [own[0]] })
    expectPage(await ask({ redirect_uri: own[0] }), 'document_invalid')
    host.body = JSON.stringify({ ...goodDocument, redirect_uris: [own[2]] })
    expectTokens(await issuer.redeem(await ask({ redirect_uri: 'http://127.0.0.1:5000/cb' })))
    expectPage(await ask({ redirect_uri: own[0] }), 'redirect_uri_mismatch')
    expect((await issuer.store.findClient(client.id))?.mcp).toBe(true)
  })

  it('A-MCP-05 that register themselves are refused with one where the operator says that they are such', async () => {
    const native = { client_name: 'Desk', application_type: 'native', token_endpoint_auth_method: 'none' }
    const marked = await openIssuer({ mcp: true })
    expectRefusal(await register(marked, { ...native, redirect_uris: [own[0]] }), 'invalid_redirect_uri')
    const made = await register(marked, { ...native, redirect_uris: [own[2]] })
    expect((await marked.store.findClient(String(made.json['client_id'])))?.mcp).toBe(true)
    expect((await register(await openIssuer(), { ...native, redirect_uris: [own[0]] })).status).toBe(201)
  })

  it('A-MCP-08, A-DCR-09, A-DCR-13 that register themselves may ask for more later, and never for more than is open', async () => {
    const native = { client_name: 'Desk', application_type: 'native', redirect_uris: [own[2]] }
    const scope = ['openid', 'read', 'write']
    const marked = await openIssuer({ mcp: true, scope })
    expect((await register(marked, { ...native, scope: 'read' })).json['scope']).toBe('openid read write')
    expectRefusal(await register(marked, { ...native, scope: 'read deliver' }), 'invalid_client_metadata')
    const plainDoor = await openIssuer({ scope })
    expect((await register(plainDoor, { ...native, scope: 'read' })).json['scope']).toBe('read')
  })

  it('A-MCP-07 are asked about one by one: consent for one is none for the next', async () => {
    const issuer = await newRealIssuer()
    const shared = { scope: 'openid read' }
    const { browser } = await signedIn(issuer, { parameters: shared })
    const other = await issuer.addClient({
      ...forPeople,
      type: 'web',
      name: 'Proxy',
      redirectUris: ['https://p.test/cb'],
    })
    const crafted = await issuer.begin({ browser, client: other, parameters: shared })
    expect(placeOf(crafted.visit)).toBe('consent')
    expectPageOf(
      (await issuer.authorize({ browser, client: other, parameters: { redirect_uri: 'https://web.test/cb' } })).visit
        .answer,
      'redirect_uri_mismatch',
    )
    const stolen = new URL(crafted.visit.url)
    const victim = issuer.browser()
    expect((await victim.get(stolen.pathname + stolen.search)).status).toBe(403)
  })
})
