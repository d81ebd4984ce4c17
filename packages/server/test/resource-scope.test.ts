import { parseScope } from '@sallyport/protocol'
import { laterResourceMembers, type Resource } from '@sallyport/server'
import { decodeJwt, type Answer, type TestIssuer } from '@sallyport/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceIssuer } from './device/fixtures.ts'
import { trustingIssuer } from './exchange/assertions.ts'
import { eventsOf, expectBack, expectRefusal, issuerId, newIssuer } from './fixtures.ts'
import { pushed, requestOf } from './pushed/fixtures.ts'

const [first, second] = ['https://rs1.test', 'https://rs2.test'] as const
const unnamed = (scope: string) => ({ scope, resource: undefined })

const told = ({ json }: Answer): readonly unknown[] => {
  const { claims } = decodeJwt(String(json['access_token']))
  return [claims['aud'], claims['scope'], json['scope']]
}

const api = (id: string, ...names: readonly string[]): Resource => ({
  ...{ id, name: id, scopes: names.map((name) => ({ name, description: name })), accessTokenLifetime: undefined },
  ...laterResourceMembers,
})

/** A service that may ask for `scope`, at an issuer with these APIs alone. */
async function service(resources: readonly Resource[], scope: string, allowed?: readonly string[]) {
  const issuer = await newIssuer({ resources })
  const added = await issuer.addClient({ type: 'service', name: 'Worker', scope })
  const client = allowed === undefined ? added : await issuer.changeClient(added, { resources: allowed })
  return { issuer, ask: (parameters: object) => issuer.clientCredentials(client, { scope, ...parameters }) }
}

describe('a scope that belongs to one API', () => {
  it('B-ATJ-03, A-RES-06 names it, for a client that acts for itself', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    expect(told(await issuer.clientCredentials(S, { scope: 'read write' }))).toEqual([
      first,
      'read write',
      'read write',
    ])
    expect(told(await issuer.clientCredentials(S, { scope: 'deliver' }))).toEqual([second, 'deliver', 'deliver'])
    const client = await issuer.changeClient(S, { defaultScope: ['deliver'] })
    expect(told(await issuer.clientCredentials(client))).toEqual([second, 'deliver', 'deliver'])
  })

  it('B-ATJ-03, A-RES-07 is what the person is asked about, and all that the grant is good for', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin({ parameters: unnamed('openid offline_access read') })
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect(consent.answer.text).toContain('First API')
    expect(consent.answer.text).not.toContain('Second API')
    const flow = await issuer.codeFlow({ parameters: unnamed('openid offline_access read') })
    expect(told(flow.answer)).toEqual([first, 'read', 'read'])
    expect(flow.idToken).not.toBe('')
    for (const resource of [second, issuerId]) expectRefusal(await issuer.refresh(flow, { resource }), 'invalid_target')
    expect(told((await issuer.refreshed(flow)).answer)).toEqual([first, 'read', 'read'])
  })

  it('B-ATJ-03, A-RES-07 at the device endpoint and in a pushed request alike', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice({ parameters: unnamed('offline_access deliver') })
    await issuer.answerDevice(begun)
    expect(told(await issuer.poll(begun))).toEqual([second, 'deliver', 'deliver'])
    const flow = await issuer.codeFlow({ pushed: true, parameters: unnamed('read') })
    expect(told(flow.answer)).toEqual([first, 'read', 'read'])
  })

  it('B-ATJ-03, B-JB-03 for an assertion that says nothing of APIs', async () => {
    const { client, issuer, assertion, redeem } = await trustingIssuer()
    expect(told(await redeem(assertion(), { resource: undefined }))).toEqual([first, 'read', 'read'])
    const { store, clock } = issuer
    await store.admin.saveResource(api('https://rs3.test', 'read'), [])
    clock.advance(2)
    expectRefusal(await redeem(assertion(), { resource: undefined }), 'invalid_target')
    await issuer.changeClient(client, { resources: [first] })
    clock.advance(2)
    expect(told(await redeem(assertion(), { resource: undefined }))).toEqual([first, 'read', 'read'])
  })

  it('B-ATJ-03 what the API demands of its tokens holds for the unnamed one too', async () => {
    const bound: Resource = { ...api(first, 'read'), binding: 'dpop' }
    const { ask } = await service([bound], 'read')
    expectRefusal(await ask({}), 'invalid_request')
    const opaque: Resource = { ...api(first, 'read'), format: 'opaque', accessTokenLifetime: 61 }
    const { json } = await (await service([opaque], 'read')).ask({})
    expect([json['expires_in'], String(json['access_token']).split('.').length]).toEqual([61, 1])
  })
})

describe('a scope that belongs to nobody in particular', () => {
  it('A-RES-06 stays with the server where no API claims any of it', async () => {
    const { ask } = await service([], 'read jobs')
    expect(told(await ask({}))).toEqual([issuerId, 'read jobs', 'read jobs'])
    const beside = await service([api(first, 'read')], 'jobs')
    expect(told(await beside.ask({}))).toEqual([issuerId, 'jobs', 'jobs'])
  })

  const spread: readonly [string, readonly Resource[], string, (readonly string[])?][] = [
    ['two APIs share it out', [api(first, 'read'), api(second, 'deliver')], 'read deliver'],
    ['a part of it is the server’s own', [api(first, 'read')], 'read jobs'],
    ['two APIs have the same word', [api(first, 'read'), api(second, 'read')], 'read'],
    ['its API is not for this client', [api(first, 'read'), api(second, 'deliver')], 'read', [second]],
  ]
  it.for(spread)('B-ATJ-03 is refused where %s, and a client that names an API is not', async (row) => {
    const [, resources, scope, allowed] = row
    const { issuer, ask } = await service(resources, scope, allowed)
    const refused = await ask({})
    expectRefusal(refused, 'invalid_target')
    expect(String(refused.json['error_uri'])).toMatch(/\/resource$/)
    expect(eventsOf(issuer, 'token.request.rejected', 'resource_needed')).toHaveLength(1)
    if (allowed === undefined) expect(told(await ask({ resource: first }))).toEqual([first, 'read', 'read'])
    else expectRefusal(await ask({ resource: first }), 'invalid_target')
  })

  it('B-ATJ-03 the list of APIs of a client says which of two is meant', async () => {
    const { ask } = await service([api(first, 'read'), api(second, 'read')], 'read', [second])
    expect(told(await ask({}))).toEqual([second, 'read', 'read'])
  })

  it('B-ATJ-03 is refused before anybody is asked, at every entry', async () => {
    const issuer = await deviceIssuer()
    issuer.store.forgetCalls()
    for (const method of ['GET', 'POST'] as const) {
      const back = await issuer.authorize({ method, parameters: unnamed('openid read deliver') })
      expectBack(back, 'invalid_target')
      expect(back.visit.hops).toHaveLength(1)
    }
    expectRefusal(await issuer.askDevice({ parameters: unnamed('read deliver') }), 'invalid_target')
    const { K } = issuer.clients
    const { resource: _, ...request } = requestOf(issuer, K, { scope: 'openid read deliver' })
    expectRefusal(await issuer.push(K, request), 'invalid_target')
    expect(issuer.store.calls).not.toContain('saveInteraction')
  })
})

describe('a scope of another API than the one that was named', () => {
  it('B-ATJ-03, A-RES-04 is refused before anybody is asked', async () => {
    const issuer = await deviceIssuer()
    for (const resource of [second, issuerId, `${issuerId}/oauth2/userinfo`]) {
      const back = await issuer.authorize({ parameters: { scope: 'read', resource } })
      expectBack(back, 'invalid_target')
      expectRefusal(await issuer.askDevice({ parameters: { scope: 'read', resource } }), 'invalid_target')
      expectRefusal(await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource }), 'invalid_target')
    }
    const reference = await pushed(issuer, issuer.clients.K, { scope: 'read', resource: first })
    expect(reference).toMatch(/^urn:/)
  })
})

describe('a grant that names no API, of which one claims the scope later', () => {
  /** Alice allowed `read`, or `openid` too, at a server without APIs. */
  const grown = async (scope: string) => {
    const issuer = await newIssuer({ resources: [] })
    const flow = await issuer.codeFlow({ parameters: unnamed(scope) })
    expect(told(flow.answer)[0]).toBe(issuerId)
    await issuer.store.admin.saveResource(api(first, 'read'), [])
    issuer.clock.advance(2)
    return { issuer, flow }
  }

  it('A-RT-08, A-RES-04 keeps what is still the server’s own, and says so', async () => {
    const { issuer, flow } = await grown('openid offline_access read')
    const next = await issuer.refreshed(flow)
    expect(told(next.answer)).toEqual([issuerId, 'openid offline_access', 'openid offline_access'])
  })

  it('A-RT-08, A-RES-04 is refused where nothing is left, and spends no token', async () => {
    const { issuer, flow } = await grown('offline_access read')
    expectRefusal(await issuer.refresh(flow, { scope: 'read' }), 'invalid_target')
    expectRefusal(await issuer.refresh(flow, { scope: 'read', resource: first }), 'invalid_target')
    expect(told((await issuer.refreshed(flow)).answer)).toEqual([issuerId, 'offline_access', 'offline_access'])
  })

  it('B-ATJ-03 a code for it is refused as well', async () => {
    const issuer = await newIssuer({ resources: [] })
    const authorized = await issuer.authorize({ parameters: unnamed('read') })
    await issuer.store.admin.saveResource(api(first, 'read'), [])
    issuer.clock.advance(2)
    expectRefusal(await issuer.redeem(authorized), 'invalid_target')
  })
})

/** What each audience may see in a token. */
const meaning: Readonly<Record<string, readonly string[]>> = {
  [first]: ['read', 'write'],
  [second]: ['deliver', 'write'],
  [issuerId]: ['jobs', 'audit'],
}

describe('any request', () => {
  const words = ['read', 'write', 'deliver', 'jobs', 'audit'] as const
  const scopes = fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 })
  const named = fc.constantFrom(undefined, first, second, issuerId)
  const allowed = fc.option(fc.subarray([first, second]), { nil: undefined })

  const outcome = async (issuer: TestIssuer, answer: Answer, resource: string | undefined) => {
    if (answer.status !== 200) return expectRefusal(answer, 'invalid_target')
    const [aud, scope, said] = told(answer)
    const own = meaning[String(aud)]
    expect(own).toBeDefined()
    for (const value of parseScope(String(scope)) ?? []) expect(own).toContain(value)
    expect(said).toBe(scope)
    if (resource !== undefined) expect(aud).toBe(resource)
  }

  it('B-ATJ-03, A-RES-04, A-MCP-02 gives a token with scopes of its audience alone, or none', async () => {
    const resources = [api(first, ...(meaning[first] ?? [])), api(second, ...(meaning[second] ?? []))]
    const issuer = await newIssuer({ resources })
    const client = await issuer.addClient({ type: 'service', name: 'Worker', scope: words.join(' ') })
    await fc.assert(
      fc.asyncProperty(scopes, named, allowed, async (asked, resource, ceiling) => {
        const limited = await issuer.changeClient(client, { resources: ceiling })
        issuer.clock.advance(2)
        const answer = await issuer.clientCredentials(limited, { scope: asked.join(' '), resource })
        await outcome(issuer, answer, resource)
        // Where nothing is named nothing is left out: all that was asked for, or a refusal.
        if (resource === undefined && answer.status === 200)
          expect(parseScope(String(answer.json['scope']))).toEqual(asked)
      }),
      { numRuns: 150 },
    )
  })
})
