import { createExchangePolicy, PolicyError, type ExchangeRule } from '@sallyport/server'
import { createClientKey, decodeJwt, dpopProof, thumbprintOf, tokensOf, type TestClient } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { proven } from '../dpop/proofs.ts'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { signedByUs } from '../signed-by-us.ts'
import { aliceTokens, apis, exchangeGrant, exchangeIssuer, gateway, plainRule, tokenIn, typeOf } from './exchanges.ts'

/** A gateway that people also sign in to. */
const web = {
  type: 'web',
  redirectUris: ['https://gate.test/cb'],
  scope: 'openid offline_access read write deliver',
} as const

describe('an exchange', () => {
  it('B-TX-07, B-TX-08 gives a token for the other API that says for whom and by whom, and writes it down', async () => {
    const { issuer, client, exchange } = await exchangeIssuer()
    const { accessToken } = await aliceTokens(issuer)
    issuer.clock.advance(100)
    const answer = await exchange(accessToken)
    expectTokens(answer)
    expect(answer.json).toMatchObject({
      ...{ issued_token_type: typeOf('access_token'), token_type: 'Bearer', expires_in: 200, scope: 'read' },
    })
    for (const name of ['refresh_token', 'id_token']) expect(answer.json).not.toHaveProperty(name)
    const before = decodeJwt(accessToken).claims
    const { claims } = decodeJwt(tokenIn(answer))
    expect(claims).toMatchObject({
      ...{ sub: issuer.alice.subject, aud: 'https://rs2.test', client_id: client.id, act: { sub: client.id } },
      ...{ exp: before['exp'], auth_time: before['auth_time'], scope: 'read' },
    })
    expectEvent(issuer, 'token.exchanged', {
      subject: issuer.alice.subject,
      detail: {
        ...{ kind: 'access_token', from_client: issuer.clients.K.id, audience: 'https://rs2.test', depth: 1 },
        ...{ mode: 'delegation', actor: client.id },
      },
    })
    const seen = await issuer.introspect(issuer.clients.RS2, tokenIn(answer))
    expect(seen.json).toMatchObject({ active: true, act: { sub: client.id }, sub: issuer.alice.subject })
  })

  it('B-TX-07 for an API that takes handles gives a handle, which says the same when it is looked up', async () => {
    const { issuer, client, exchange } = await exchangeIssuer()
    const rs3 = await issuer.addClient({ ...gateway, resourceServerOf: ['https://rs3.test'] })
    const { accessToken } = await aliceTokens(issuer)
    const answer = await exchange(accessToken, { resource: 'https://rs3.test' })
    expect(tokenIn(answer)).not.toContain('.')
    const seen = await issuer.introspect(rs3, tokenIn(answer))
    expect(seen.json).toMatchObject({ active: true, act: { sub: client.id }, aud: 'https://rs3.test' })
    const jwt = { resource: 'https://rs3.test', requested_token_type: typeOf('jwt') }
    expectRefusal(await exchange(accessToken, jwt), 'invalid_request')
  })

  it('B-TX-03, B-TX-08 ends with what it came from: sign-out, revocation, the person, either client', async () => {
    const { issuer, client, exchange } = await exchangeIssuer()
    const flow = await aliceTokens(issuer)
    const first = tokenIn(await exchange(flow.accessToken))
    expect(await issuer.isAlive(first)).toBe(true)
    await issuer.revoke(flow.client, flow.refreshToken)
    expect(await issuer.isAlive(first)).toBe(false)
    const second = tokenIn(await exchange((await aliceTokens(issuer)).accessToken))
    await issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() })
    expect(await issuer.isAlive(second)).toBe(false)
    await issuer.changeClient(issuer.clients.K, { disabledAt: undefined })
    expect(await issuer.isAlive(second)).toBe(true)
    await issuer.revoke(client, second)
    expect(await issuer.isAlive(second)).toBe(false)
    const third = tokenIn(await exchange((await aliceTokens(issuer)).accessToken))
    await issuer.store.setSubjectActive(issuer.alice.subject, false, issuer.clock.now(), [])
    expect(await issuer.isAlive(third)).toBe(false)
  })

  it('B-TX-02 counts for nothing that the person allowed: not on the consent page, not among the applications', async () => {
    const registration = { ...web, grantTypes: ['authorization_code', 'refresh_token', exchangeGrant] } as const
    const { issuer, client, exchange } = await exchangeIssuer({ registration })
    expectTokens(await exchange((await aliceTokens(issuer)).accessToken))
    const { subject } = issuer.alice
    const given = await issuer.store.admin.listAuthorizations({ subject, given: true }, undefined, 10)
    expect(given.items.map(({ authorization }) => authorization.clientId)).toEqual([issuer.clients.K.id])
    const all = await issuer.store.admin.listAuthorizations({ subject, clientId: client.id }, undefined, 10)
    expect(all.items.map(({ authorization }) => authorization.derived?.actor)).toEqual([{ sub: client.id }])
    // Whoever never asked is asked, without a word of what was "allowed before".
    const begun = await issuer.begin({ client, parameters: { scope: 'openid read', resource: 'https://rs2.test' } })
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect(consent.forms.map(({ id }) => id)).toContain('consent-form')
    expect(/id="earlier">([^<]*)</.exec(consent.answer.text)?.[1] ?? '').toBe('')
  })

  it('B-TX-03 racing with the end of what it rests on leaves nothing alive', async () => {
    const { issuer, exchange } = await exchangeIssuer()
    const { accessToken, client, refreshToken } = await aliceTokens(issuer)
    const eight = () => Promise.all([...Array(8).keys()].map(() => exchange(accessToken)))
    const [before, , after] = await Promise.all([eight(), issuer.revoke(client, refreshToken), eight()])
    const given = [...before, ...after].filter(({ status }) => status === 200)
    for (const answer of given) expect(await issuer.isAlive(tokenIn(answer))).toBe(false)
    expectRefusal(await exchange(accessToken), 'invalid_request')
  })

  it('B-TX-03 takes refresh tokens and ID tokens of the client itself, where the rule lists them', async () => {
    const subjectTokens = ['access_token', 'refresh_token', 'id_token'] as const
    const grantTypes = ['authorization_code', 'refresh_token', exchangeGrant] as const
    const { issuer, client, exchange, expectNo } = await exchangeIssuer({
      subjectTokens,
      registration: { ...web, grantTypes },
    })
    const flow = await issuer.codeFlow({ client })
    const own = { idToken: [flow.idToken, 'id_token'], refreshToken: [flow.refreshToken, 'refresh_token'] } as const
    for (const [token, kind] of Object.values(own)) {
      const answer = await exchange(token, { subject_token_type: typeOf(kind) })
      expectTokens(answer)
      expect(decodeJwt(tokenIn(answer)).claims).toMatchObject({ sub: issuer.alice.subject, aud: 'https://rs2.test' })
    }
    expect((await issuer.refresh(flow)).status).toBe(200)
    issuer.forget()
    const other = await issuer.codeFlow()
    expectNo(await exchange(other.idToken, { subject_token_type: typeOf('id_token') }), 'exchange_subject')
    expectNo(await exchange(other.refreshToken, { subject_token_type: typeOf('refresh_token') }), 'exchange_subject')
    // It was rotated above: whoever presents it now is late, and no thief is told apart from a client here.
    expectNo(await exchange(flow.refreshToken, { subject_token_type: typeOf('refresh_token') }), 'exchange_subject')
    issuer.clock.advance(301)
    expectNo(await exchange(flow.idToken, { subject_token_type: typeOf('id_token') }), 'exchange_subject')
  })
})

describe('who may exchange', () => {
  it('B-TX-02, TX-09 nobody without rules, without the grant, without a rule of its own, or without a secret', async () => {
    const bare = await newIssuer({ resources: apis })
    const idle = await bare.addClient(gateway)
    expectRefusal(await bare.token(idle, { grant_type: exchangeGrant }), 'unsupported_grant_type')
    expect((await bare.get('/.well-known/openid-configuration')).text).not.toContain(exchangeGrant)
    const { issuer, exchange, expectNo } = await exchangeIssuer()
    expect((await issuer.get('/.well-known/openid-configuration')).text).toContain(exchangeGrant)
    const { accessToken } = await aliceTokens(issuer)
    expectRefusal(await exchange(accessToken, {}, { as: issuer.clients.RS1 }), 'unauthorized_client')
    expectNo(
      await exchange(accessToken, {}, { as: await issuer.addClient(gateway) }),
      'exchange_not_allowed',
      'unauthorized_client',
    )
    const open = await issuer.changeClient(issuer.clients.N, { grantTypes: ['authorization_code', exchangeGrant] })
    expectNo(await exchange(accessToken, {}, { as: open }), 'client_auth_missing', 'invalid_client', 401)
    for (const name of ['requested_subject', 'requested_issuer', 'subject_issuer'])
      expectNo(await exchange(accessToken, { [name]: 'bob' }), 'exchange_not_allowed', 'unauthorized_client')
  })

  it('B-TX-02 only from the clients and with the kinds of token that the rule lists', async () => {
    const { issuer, exchange, expectNo } = await exchangeIssuer({ from: ['client_other'] })
    const { accessToken } = await aliceTokens(issuer)
    expectNo(await exchange(accessToken), 'exchange_not_allowed', 'unauthorized_client')
    const kinds = await exchangeIssuer({ subjectTokens: ['id_token'] })
    const flow = await aliceTokens(kinds.issuer)
    kinds.expectNo(await kinds.exchange(flow.accessToken), 'exchange_not_allowed', 'unauthorized_client')
  })

  it('B-TX-01 both parts of the subject token, and of the actor token both or none; nothing twice', async () => {
    const { issuer, client, exchange, expectNo } = await exchangeIssuer()
    const { accessToken } = await aliceTokens(issuer)
    expectNo(await exchange(accessToken, { subject_token: undefined }), 'exchange_parameters')
    expectNo(await exchange(accessToken, { subject_token: '' }), 'exchange_parameters')
    expectNo(await exchange(accessToken, { subject_token_type: undefined }), 'exchange_parameters')
    expectNo(await exchange('x'.repeat(16_385)), 'exchange_parameters')
    expectNo(await exchange(accessToken, { actor_token_type: typeOf('access_token') }), 'exchange_parameters')
    expectNo(await exchange(accessToken, { actor_token: accessToken }), 'exchange_parameters')
    const authorization = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`
    for (const name of ['subject_token', 'audience', 'requested_token_type', 'actor_token_type']) {
      const body = `grant_type=${encodeURIComponent(exchangeGrant)}&${name}=a&${name}=a`
      const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await issuer.send({ method: 'POST', path: '/oauth2/token', headers, body: Buffer.from(body) })
      expectRefusal(answer, 'invalid_request')
    }
  })
})

describe('which subject tokens count', () => {
  it('B-TX-03, B-CX-15, TX-10 none that expired, ended, lies about its type or came into the wrong hands', async () => {
    const { issuer, exchange, expectNo } = await exchangeIssuer()
    const { accessToken, idToken, refreshToken } = await aliceTokens(issuer)
    expectNo(await exchange('unknown'), 'exchange_subject')
    expectNo(await exchange(`${accessToken}x`), 'exchange_subject')
    for (const [token, kind] of [
      [idToken, 'access_token'],
      [idToken, 'jwt'],
      [refreshToken, 'access_token'],
      [refreshToken, 'jwt'],
      [accessToken, 'id_token'],
      [accessToken, 'refresh_token'],
    ] as const)
      expectNo(await exchange(token, { subject_token_type: typeOf(kind) }), 'exchange_subject')
    expectTokens(await exchange(accessToken, { subject_token_type: typeOf('jwt') }))
    for (const kind of ['saml2', 'saml1', 'x'])
      expectNo(await exchange(accessToken, { subject_token_type: typeOf(kind) }), 'exchange_token_type')
    // A token for another API, that the gateway has no business with.
    const elsewhere = await aliceTokens(issuer, { resource: 'https://rs2.test', scope: 'openid offline_access read' })
    expectNo(await exchange(elsewhere.accessToken), 'exchange_subject')
    const machine = await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: 'https://rs1.test' })
    expectNo(await exchange(tokenIn(machine)), 'exchange_subject')
    await issuer.revoke(issuer.clients.K, accessToken)
    expectNo(await exchange(accessToken), 'exchange_subject')
    const late = (await aliceTokens(issuer)).accessToken
    issuer.clock.advance(300)
    expectNo(await exchange(late), 'exchange_subject')
  })

  it('B-TX-12, TX-10 a bound one only with a proof, from its own client by the same key', async () => {
    const key = createClientKey()
    const grantTypes = ['authorization_code', 'refresh_token', exchangeGrant] as const
    const { issuer, client, exchange, expectNo } = await exchangeIssuer({
      registration: { ...web, grantTypes, resourceServerOf: [] },
    })
    const authorized = await issuer.authorize({ client })
    const { accessToken } = tokensOf(client, await issuer.redeem(authorized, {}, proven(issuer, key)))
    expectNo(await exchange(accessToken), 'proof_missing')
    expectNo(await exchange(accessToken, {}, proven(issuer, createClientKey())), 'exchange_binding')
    const answer = await exchange(accessToken, {}, proven(issuer, key))
    expect(answer.json['token_type']).toBe('DPoP')
    expect(decodeJwt(tokenIn(answer)).claims['cnf']).toEqual(decodeJwt(accessToken).claims['cnf'])
  })

  it('B-TX-12 a bound one in the hands of its API becomes one that is bound to the key of that API', async () => {
    const { issuer, exchange, expectNo } = await exchangeIssuer()
    const { K, E } = issuer.clients
    const authorized = await issuer.authorize({ client: K })
    const { accessToken } = tokensOf(K, await issuer.redeem(authorized, {}, proven(issuer, createClientKey())))
    expectNo(await exchange(accessToken), 'proof_missing')
    const own = createClientKey()
    const { claims } = decodeJwt(tokenIn(await exchange(accessToken, {}, proven(issuer, own))))
    expect(claims['cnf']).not.toEqual(decodeJwt(accessToken).claims['cnf'])
    expect(claims['cnf']).toEqual({ jkt: thumbprintOf(own) })
    // A third client that found it somewhere has no way to use it, whatever it proves.
    const thief = await issuer.changeClient(E, { grantTypes: ['authorization_code', exchangeGrant] })
    expectRefusal(await exchange(accessToken, {}, { as: thief, ...proven(issuer, own) }), 'unauthorized_client')
    const uri = `${issuer.issuer}/oauth2/token`
    const replayed = { headers: { dpop: dpopProof(own, { uri, now: issuer.clock.now() }) } }
    expectTokens(await exchange(accessToken, {}, replayed))
    expectRefusal(await exchange(accessToken, {}, replayed), 'invalid_dpop_proof')
  })
})

describe('for what', () => {
  it('B-TX-04 one API that the rule lists, by resource or audience', async () => {
    const { issuer, exchange, expectNo } = await exchangeIssuer()
    const { accessToken } = await aliceTokens(issuer)
    const at = (parameters: Record<string, unknown>) =>
      exchange(accessToken, { resource: undefined, ...(parameters as Record<string, string>) })
    expectTokens(await at({ audience: 'https://rs2.test' }))
    expectTokens(await at({ audience: 'https://rs2.test', resource: 'https://rs2.test/' }))
    for (const audience of ['https://unknown.test', 'rs2', 'https://rs1.test', issuer.issuer])
      expectNo(await at({ audience }), 'exchange_target', 'invalid_target')
    expectNo(await at({ resource: 'https://rs2.test#x' }), 'resource_syntax', 'invalid_target')
    expectNo(await at({ resource: 'rs2' }), 'resource_syntax', 'invalid_target')
    expectNo(
      await at({ audience: 'https://rs3.test', resource: 'https://rs2.test' }),
      'exchange_target',
      'invalid_target',
    )
    expectNo(await at({}), 'exchange_target', 'invalid_target')
    const one = await exchangeIssuer({ targets: ['https://rs2.test'] })
    const flow = await aliceTokens(one.issuer)
    expectTokens(await one.exchange(flow.accessToken, { resource: undefined }))
    const gone = await exchangeIssuer({ targets: ['https://gone.test'] })
    const left = await aliceTokens(gone.issuer)
    gone.expectNo(await gone.exchange(left.accessToken, { resource: undefined }), 'resource_unknown', 'invalid_target')
  })

  it('B-TX-05, TX-10 never more scope than subject token, rule and client have; asking for more is refused', async () => {
    const { issuer, exchange, expectNo } = await exchangeIssuer()
    const { accessToken } = await aliceTokens(issuer)
    const asking = (scope: string) => exchange(accessToken, { scope })
    for (const scope of ['deliver', 'read deliver', 'write', 'read openid', 'read unknown'])
      expectNo(await asking(scope), 'scope', 'invalid_scope')
    expectNo(await asking('read  deliver'), 'scope_syntax', 'invalid_scope')
    expect((await asking('read')).json['scope']).toBe('read')
    const narrow = await exchangeIssuer({ scope: ['deliver'] })
    const flow = await aliceTokens(narrow.issuer)
    narrow.expectNo(await narrow.exchange(flow.accessToken), 'scope', 'invalid_scope')
    const poor = await exchangeIssuer({ registration: { scope: 'deliver' } })
    const rest = await aliceTokens(poor.issuer)
    poor.expectNo(await poor.exchange(rest.accessToken), 'scope', 'invalid_scope')
  })

  it('B-TX-06 access tokens and JWTs, and nothing else', async () => {
    const { issuer, exchange, expectNo } = await exchangeIssuer()
    const { accessToken } = await aliceTokens(issuer)
    const wanting = (requested_token_type: string) => exchange(accessToken, { requested_token_type })
    expect((await wanting(typeOf('access_token'))).json['issued_token_type']).toBe(typeOf('access_token'))
    expect((await wanting(typeOf('jwt'))).json['issued_token_type']).toBe(typeOf('jwt'))
    for (const kind of ['saml2', 'saml1', 'refresh_token', 'id_token', 'id-jag', 'unknown'])
      expectNo(await wanting(typeOf(kind)), 'exchange_token_type')
    expectNo(await wanting('access_token'), 'exchange_token_type')
  })
})

describe('who acts', () => {
  const hops = ['client_a', 'client_b', 'client_c', 'client_d', 'client_e']
  const chain = { clients: ['client_gateway', ...hops], targets: ['https://rs1.test'], scope: ['read', 'write'] }

  it('B-TX-08, TX-10 each hop is named with those before it inside, and the fifth is refused', async () => {
    const { issuer, exchange, expectNo } = await exchangeIssuer(chain)
    let { accessToken } = await aliceTokens(issuer)
    let expected: object | undefined
    const clients: TestClient[] = []
    for (const id of hops) clients.push(await issuer.addClient(gateway, id))
    for (const client of clients.slice(0, 4)) {
      const answer = await exchange(accessToken, { resource: 'https://rs1.test' }, { as: client })
      accessToken = tokenIn(answer)
      expected = expected === undefined ? { sub: client.id } : { sub: client.id, act: expected }
      expect(decodeJwt(accessToken).claims['act']).toEqual(expected)
    }
    expect(await issuer.isAlive(accessToken)).toBe(true)
    const fifth = await exchange(accessToken, { resource: 'https://rs1.test' }, { as: clients[4] as TestClient })
    expectNo(fifth, 'exchange_depth')
    // A client in the middle that is stopped ends what it passed on.
    await issuer.changeClient(clients[1] as TestClient, { disabledAt: issuer.clock.now() })
    expect(await issuer.isAlive(accessToken)).toBe(false)
  })

  it('B-TX-09 what an inner actor could do is history: the outermost one has its own rights alone', async () => {
    const strong: ExchangeRule = { clients: ['client_strong'], targets: ['https://rs1.test'], scope: ['read', 'write'] }
    const weak: ExchangeRule = { clients: ['client_gateway'], targets: ['https://rs1.test'], scope: ['read'] }
    const options = { exchange: { rules: [strong, weak] } }
    const { issuer, exchange, expectNo } = await exchangeIssuer({ options })
    const privileged = await issuer.addClient(gateway, 'client_strong')
    const { accessToken } = await aliceTokens(issuer)
    const at = { resource: 'https://rs1.test' }
    const first = tokenIn(await exchange(accessToken, at, { as: privileged }))
    expect(decodeJwt(first).claims['scope']).toBe('read write')
    expectNo(await exchange(first, { ...at, scope: 'write' }), 'scope', 'invalid_scope')
    expectNo(await exchange(first), 'exchange_target', 'invalid_target')
    const { claims } = decodeJwt(tokenIn(await exchange(first, at)))
    expect(claims).toMatchObject({ scope: 'read', act: { sub: 'client_gateway', act: { sub: 'client_strong' } } })
  })

  it('B-TX-08, B-TX-03 an actor token of the client names somebody else, where the rule takes them, and ends it too', async () => {
    const registration = {
      ...web,
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials', exchangeGrant],
    } as const
    const { issuer, client, exchange, expectNo } = await exchangeIssuer({ actorTokens: true, registration })
    const { accessToken } = await aliceTokens(issuer)
    const bob = await issuer.codeFlow({ client, person: issuer.bob })
    const acting = (actor_token: string, kind = 'access_token') =>
      exchange(accessToken, { actor_token, actor_token_type: typeOf(kind) })
    const answer = await acting(bob.accessToken)
    expect(decodeJwt(tokenIn(answer)).claims).toMatchObject({
      ...{ sub: issuer.alice.subject, act: { sub: issuer.bob.subject } },
    })
    expectTokens(await acting(bob.idToken, 'id_token'))
    const own = tokenIn(await issuer.clientCredentials(client, { scope: 'read', resource: 'https://rs1.test' }))
    expect(decodeJwt(tokenIn(await acting(own))).claims['act']).toEqual({ sub: client.id })
    issuer.forget()
    expectNo(await acting(accessToken), 'exchange_actor')
    expectNo(await acting('x'), 'exchange_actor')
    expectNo(await acting(tokenIn(answer)), 'exchange_actor')
    expectNo(await acting(bob.refreshToken, 'refresh_token'), 'exchange_token_type')
    await issuer.store.setSubjectActive(issuer.bob.subject, false, issuer.clock.now(), [])
    expect(await issuer.isAlive(tokenIn(answer))).toBe(false)
    const strict = await exchangeIssuer()
    const flow = await aliceTokens(strict.issuer)
    const pair = { actor_token: flow.accessToken, actor_token_type: typeOf('access_token') }
    strict.expectNo(await strict.exchange(flow.accessToken, pair), 'exchange_not_allowed', 'unauthorized_client')
  })

  it('B-TX-10 a token that names who may act is good for that one, in every member', async () => {
    // The same seed gives the same clients, so that the first issuer tells the id that the rule of the second one needs.
    const seed = 'may act'
    const { K } = (await exchangeIssuer({ options: { seed } })).issuer.clients
    const build = (actor: string) => exchangeIssuer({ options: { seed, exchange: { mayAct: { [K.id]: actor } } } })
    const good = await build('client_gateway')
    const flow = await aliceTokens(good.issuer)
    for (const token of [flow.accessToken, flow.idToken])
      expect(decodeJwt(token).claims['may_act']).toEqual({ sub: 'client_gateway' })
    expectTokens(await good.exchange(flow.accessToken))
    const { claims } = decodeJwt(flow.accessToken)
    const named = async (may_act: unknown) =>
      good.exchange(await signedByUs(good.issuer, { claims: { ...claims, may_act } }))
    const { issuer: iss } = good.issuer
    const sub = 'client_gateway'
    expectTokens(await named({ sub, iss }))
    expectTokens(await named({ sub, client_id: sub }))
    const others = [{ sub, iss: 'https://other.test' }, { sub, email: 'a@example.test' }, { iss }, {}, sub, null, [sub]]
    for (const other of others) good.expectNo(await named(other), 'exchange_may_act')
    const bad = await build('client_other')
    const rest = await aliceTokens(bad.issuer)
    bad.expectNo(await bad.exchange(rest.accessToken), 'exchange_may_act')
  })

  it('B-TX-11, TX-10 impersonation needs its own word in a rule, is written down, and never hides a delegation', async () => {
    const off = await exchangeIssuer()
    const flow = await aliceTokens(off.issuer)
    expect(decodeJwt(tokenIn(await off.exchange(flow.accessToken))).claims).toHaveProperty('act')

    const options = { exchange: { neverImpersonated: [] as string[] }, seed: 'impersonation' }
    const learnt = await exchangeIssuer({ options })
    const rules = [
      { ...plainRule, impersonation: true },
      { ...plainRule, clients: ['client_open'], targets: ['https://rs1.test'] },
    ]
    const exchange = { rules, neverImpersonated: [learnt.issuer.bob.subject] }
    const on = await exchangeIssuer({ options: { ...options, exchange } })
    const { issuer } = on
    const alice = await aliceTokens(issuer)
    const plain = tokenIn(await on.exchange(alice.accessToken))
    expect(decodeJwt(plain).claims).not.toHaveProperty('act')
    expectEvent(issuer, 'token.exchanged', {
      ...{ severity: 'medium', subject: issuer.alice.subject, clientId: 'client_gateway' },
      detail: {
        ...{ kind: 'access_token', from_client: issuer.clients.K.id, audience: 'https://rs2.test', depth: 0 },
        mode: 'impersonation',
      },
    })
    const [audited] = eventsOf(issuer, 'token.exchanged')
    expect((await issuer.store.admin.listEvents({}, undefined, 200)).items.map(({ id }) => id)).toContain(audited?.id)
    issuer.forget()
    const bob = await issuer.codeFlow({ person: issuer.bob })
    on.expectNo(await on.exchange(bob.accessToken), 'exchange_not_allowed', 'unauthorized_client')
    const open = await issuer.addClient(gateway, 'client_open')
    const delegated = tokenIn(await on.exchange(alice.accessToken, { resource: 'https://rs1.test' }, { as: open }))
    on.expectNo(await on.exchange(delegated), 'exchange_not_allowed', 'unauthorized_client')
  })

  it('TX-11 a pairwise identifier in an exchanged token is the one that its client knows everywhere', async () => {
    const registration = {
      ...web,
      grantTypes: ['authorization_code', 'refresh_token', exchangeGrant],
      subjectType: 'pairwise',
    } as const
    const { issuer, client, exchange } = await exchangeIssuer({ registration })
    const { idToken } = await issuer.codeFlow({ client })
    const { claims } = decodeJwt(tokenIn(await exchange((await aliceTokens(issuer)).accessToken)))
    expect(claims['sub']).toBe(decodeJwt(idToken).claims['sub'])
    expect(claims['sub']).not.toBe(issuer.alice.subject)
  })
})

describe('what an operator may write about exchanges', () => {
  const broken: readonly (readonly [string, Partial<ExchangeRule>])[] = [
    ['no clients', { clients: [] }],
    ['no targets', { targets: [] }],
    ['a target that is no identifier', { targets: ['rs2'] }],
    ['no scope', { scope: [] }],
    ['scope of sign-in', { scope: ['openid'] }],
    ['an empty from', { from: [] }],
    ['another kind of token', { subjectTokens: ['saml2' as 'id_token'] }],
  ]
  it.for(broken)('B-TX-02 a rule with %s does not start', ([, change]) => {
    expect(() => createExchangePolicy({ rules: [{ ...plainRule, ...change }] })).toThrow(PolicyError)
    expect(createExchangePolicy({ rules: [plainRule] }).rulesOf('client_gateway')).toHaveLength(1)
  })

  it('B-TX-02 two rules that fit the same exchange do not start', () => {
    expect(() => createExchangePolicy({ rules: [plainRule, { ...plainRule, scope: ['read'] }] })).toThrow(PolicyError)
    const apart = { ...plainRule, from: ['client_x'] }
    expect(() => createExchangePolicy({ rules: [plainRule, apart] })).toThrow(PolicyError)
    createExchangePolicy({ rules: [apart, { ...plainRule, from: ['client_y'] }] })
  })
})
