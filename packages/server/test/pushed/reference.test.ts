import { describe, expect, it } from 'vitest'
import { eventsOf, expectErrorPage, expectPage, expectTokens, newIssuer } from '../fixtures.ts'
import { addressOf, pushed } from './fixtures.ts'

const prefix = 'urn:ietf:params:oauth:request_uri:'

describe('a reference', () => {
  it('B-PAR-07 needs nothing but client_id beside it, and what else is there is ignored', async () => {
    const issuer = await newIssuer()
    const { K, alice } = { ...issuer.clients, alice: issuer.alice }
    const browser = issuer.browser()
    const reference = await pushed(issuer, K, { state: 'pushed-state', scope: 'openid read', prompt: 'login' })
    const more =
      '&state=other&nonce=other&scope=admin&redirect_uri=https%3A%2F%2Fevil.test%2Fcb&response_type=token' +
      '&prompt=none&code_challenge=x&code_challenge_method=plain&scope=twice&resource=https%3A%2F%2Fnobody.test'
    const visit = await browser.open(addressOf(K, reference, more))
    const ended = await issuer.finish({ client: K, browser, verifier: '', challenge: '', sent: {}, visit })
    expect(ended.visit.leftFor?.startsWith('https://web.test/cb?code=')).toBe(true)
    expect(ended.response.get('state')).toBe('pushed-state')
    const { items } = await issuer.store.admin.listAuthorizations({ subject: alice.subject }, undefined, 10)
    expect(items[0]?.authorization.scope).toEqual(['openid', 'read'])
    const stateless = await pushed(issuer, K, { state: undefined })
    const silent = await browser.open(addressOf(K, stateless, '&state=other'))
    const done = await issuer.finish({ client: K, browser, verifier: '', challenge: '', sent: {}, visit: silent })
    expect([done.code === '', done.response.get('state')]).toEqual([false, null])
  })

  it('B-PAR-07 is taken from the body of a POST as well, also from another site', async () => {
    const issuer = await newIssuer()
    for (const method of ['GET', 'POST'] as const) {
      const flow = await issuer.authorize({ client: issuer.clients.K, pushed: true, method })
      expect(flow.response.get('state')).toBe(flow.sent['state'])
      expectTokens(await issuer.redeem(flow))
    }
  })

  it('B-PAR-05, JR-08 is worth nothing with another client_id, and stays good for its own', async () => {
    const issuer = await newIssuer()
    const { K, E } = issuer.clients
    const reference = await pushed(issuer, K)
    const browser = issuer.browser()
    expectPage({ visit: await browser.open(addressOf(E, reference)) }, 'par_client')
    const bare = `/oauth2/authorize?request_uri=${encodeURIComponent(reference)}`
    expectPage({ visit: await browser.open(bare) }, 'client_id_missing')
    expectPage({ visit: await browser.open(`${bare}&client_id=nobody`) }, 'client_unknown')
    expectPage({ visit: await browser.open(addressOf(K, reference, `&client_id=${E.id}`)) }, 'param_duplicated')
    expectPage({ visit: await browser.open(addressOf(K, reference, `&request_uri=${prefix}x`)) }, 'param_duplicated')
    expectPage({ visit: await browser.open(addressOf(K, reference, '&request=a.b.c')) }, 'jar_nested')
    expect(eventsOf(issuer, 'authz.request.rejected', 'par_client')).toHaveLength(1)
    const visit = await browser.open(addressOf(K, reference))
    const { code } = await issuer.finish({ client: K, browser, verifier: '', challenge: '', sent: {}, visit })
    expect(code).not.toBe('')
  })

  it('B-PAR-06 that expired, was used, was never given or is malformed looks the same', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const browser = issuer.browser()
    const expired = await pushed(issuer, K)
    issuer.clock.advance(60)
    const used = await pushed(issuer, K)
    const visit = await browser.open(addressOf(K, used))
    await issuer.finish({ client: K, browser, verifier: '', challenge: '', sent: {}, visit })
    const answers: string[] = []
    for (const reference of [expired, used, `${prefix}${'A'.repeat(43)}`, `${prefix}x`, `${prefix}${'é'.repeat(43)}`]) {
      const { leftFor } = await browser.open(addressOf(K, reference, '&state=from-the-browser'))
      answers.push(leftFor ?? '')
    }
    expect(new Set(answers).size).toBe(1)
    const [address = '', query] = (answers[0] ?? '').split('?')
    expect(address).toBe('https://web.test/cb')
    const response = new URLSearchParams(query)
    expect(response.get('error')).toBe('invalid_request_uri')
    expect([response.get('iss'), response.get('state')]).toEqual(['https://as.test', null])
    expect(eventsOf(issuer, 'authz.request.rejected', 'par_unknown').length).toBeGreaterThanOrEqual(1)
  })

  it('B-PAR-06 that cannot be used ends at a page where the client has several addresses, or a loopback one', async () => {
    const issuer = await newIssuer()
    const { N, K } = issuer.clients
    const reference = `${prefix}${'A'.repeat(43)}`
    expectPage({ visit: await issuer.browser().open(addressOf(N, reference)) }, 'par_unknown')
    const loopback = await issuer.addClient({
      type: 'native',
      name: 'Loopback',
      redirectUris: ['http://127.0.0.1/cb'],
      scope: 'openid',
    })
    expectPage({ visit: await issuer.browser().open(addressOf(loopback, reference)) }, 'par_unknown')
    const several = await issuer.changeClient(K, { redirectUris: [K.redirectUri, 'https://web.test/cb2'] })
    expectPage({ visit: await issuer.browser().open(addressOf(several, reference)) }, 'par_unknown')
  })

  it('JR-04, B-JAR-10, B-CX-07 of another form is not offered, and nothing is fetched', async () => {
    const issuer = await newIssuer()
    for (const request_uri of ['https://app.test/r', 'http://169.254.169.254/', 'file:///etc/passwd', 'urn:x']) {
      const { error } = await issuer.authorize({ parameters: { request_uri } })
      expect(error).toBe('request_uri_not_supported')
    }
    const { error } = await issuer.authorize({ parameters: { request_uri: 'https://app.test/r', request: 'a.b.c' } })
    expect(error).toBe('invalid_request')
  })

  it('B-PAR-08 is judged by what is true when it is used: client, redirect URI, scope, grant', async () => {
    const issuer = await newIssuer()
    const { K, P, E, post } = issuer.clients
    const [ofK, ofP, ofE, ofPost] = [
      await pushed(issuer, K, { state: 'kept' }),
      await pushed(issuer, P),
      await pushed(issuer, E),
      await pushed(issuer, post),
    ]
    await issuer.changeClient(K, { scope: ['openid'] })
    await issuer.changeClient(P, { redirectUris: ['https://app.test/elsewhere'] })
    await issuer.changeClient(E, { grantTypes: ['refresh_token'] })
    await issuer.store.containment.contain(post.id, issuer.clock.now(), [])
    issuer.clock.advance(1)
    const browser = issuer.browser()
    for (const [client, reference] of [
      [K, ofK],
      [E, ofE],
    ] as const) {
      const { leftFor } = await browser.open(addressOf(client, reference))
      expect(leftFor?.startsWith(`${client.redirectUri}?error=unauthorized_client&`)).toBe(true)
      if (client === K) expect(leftFor).toContain('&state=kept&iss=')
    }
    expectPage({ visit: await browser.open(addressOf(P, ofP)) }, 'redirect_uri_mismatch')
    expectPage({ visit: await browser.open(addressOf(post, ofPost)) }, 'client_disabled')
    const events = eventsOf(issuer, 'authz.request.rejected', 'par_no_longer_allowed')
    expect(events.map(({ detail }) => detail['reason_detail'])).toEqual(['scope', 'client_without_code_grant'])
    const again = await browser.open(addressOf(K, ofK))
    expect(again.leftFor).toContain('error=invalid_request_uri')
  })

  it('B-PAR-08 of a person who is asked while the client is disabled gives no code', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const begun = await issuer.begin({ client: K, pushed: true })
    await issuer.store.containment.contain(K.id, issuer.clock.now(), [])
    issuer.clock.advance(1)
    const { visit } = await issuer.finish(begun)
    expectErrorPage(visit.answer, 'interaction_unknown')
  })
})

describe('the use of a reference', () => {
  it('B-CX-13, JR-09 is its answer, not the first look: a reload before works in the same browser', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const browser = issuer.browser()
    const reference = await pushed(issuer, K)
    for (let load = 0; load < 3; load++)
      expect((await browser.open(addressOf(K, reference))).forms.map(({ id }) => id)).toContain('login-form')
    const visit = await browser.open(addressOf(K, reference))
    const { code } = await issuer.finish({ client: K, browser, verifier: '', challenge: '', sent: {}, visit })
    expect(code).not.toBe('')
    expect((await browser.open(addressOf(K, reference))).leftFor).toContain('error=invalid_request_uri')
  })

  it('JR-09 belongs to the browser that came first', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const [first, second] = [issuer.browser(), issuer.browser()]
    const reference = await pushed(issuer, K)
    const visit = await first.open(addressOf(K, reference))
    expect((await second.open(addressOf(K, reference))).leftFor).toContain('error=invalid_request_uri')
    expect(eventsOf(issuer, 'authz.request.rejected', 'par_browser')).toHaveLength(1)
    const { code } = await issuer.finish({ client: K, browser: first, verifier: '', challenge: '', sent: {}, visit })
    expect(code).not.toBe('')
  })

  it('B-CX-13 two tabs of one browser get one answer, whichever it is', async () => {
    for (const decision of ['allow', 'deny'] as const) {
      const issuer = await newIssuer()
      const { K } = issuer.clients
      const browser = issuer.browser()
      const reference = await pushed(issuer, K)
      const begun = { client: K, browser, verifier: '', challenge: '', sent: {} }
      const [one, other] = [await browser.open(addressOf(K, reference)), await browser.open(addressOf(K, reference))]
      const first = await issuer.finish({ ...begun, visit: one }, { decision })
      expect(first.error).toBe(decision === 'allow' ? undefined : 'access_denied')
      const second = await issuer.finish({ ...begun, visit: other })
      expect([second.code, second.error]).toEqual(['', 'invalid_request_uri'])
      expect(second.visit.leftFor?.startsWith(K.redirectUri)).toBe(true)
    }
  })

  it('B-CX-13 an error without a page uses it up too', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const reference = await pushed(issuer, K, { prompt: 'none' })
    const browser = issuer.browser()
    expect((await browser.open(addressOf(K, reference))).leftFor).toContain('error=login_required')
    expect((await browser.open(addressOf(K, reference))).leftFor).toContain('error=invalid_request_uri')
  })

  it('JR-09 many requests at once, on two nodes, give one code', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const browser = issuer.browser()
    await issuer.authorize({ client: K, browser, remember: true })
    const node = await issuer.startNode()
    const reference = await pushed(issuer, K, { scope: 'openid read' })
    const query = addressOf(K, reference).split('?')[1] ?? ''
    const cookie = browser.jar.header(true) ?? ''
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, index) =>
        issuer.send({ path: '/oauth2/authorize', query, headers: { cookie } }, index % 2 === 0 ? undefined : node),
      ),
    )
    const codes = answers.filter(({ parameters }) => parameters.has('code'))
    expect(codes).toHaveLength(1)
    const errors = answers.filter(({ parameters }) => parameters.get('error') === 'invalid_request_uri')
    expect(errors).toHaveLength(31)
  })

  it('JR-10 may take its time: the life of the reference counts at arrival only', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const begun = await issuer.begin({ client: K, pushed: true })
    issuer.clock.advance(180)
    await issuer.store.sweep(issuer.clock.now(), 1000)
    const flow = await issuer.finish(begun)
    expectTokens(await issuer.redeem(flow))
  })

  it('B-CX-13 a fault of the server decides nothing, and the reference still works', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const { K } = issuer.clients
    const browser = issuer.browser()
    await issuer.authorize({ client: K, browser, remember: true })
    const reference = await pushed(issuer, K, { scope: 'openid read' })
    issuer.store.failNext('issueCode', new Error('the disk is on fire'), { times: 1 })
    expect((await browser.open(addressOf(K, reference))).leftFor).toContain('error=server_error')
    expect((await browser.open(addressOf(K, reference))).leftFor).toContain('code=')
  })

  it('A-GOV-03 is counted with the requests of its client', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    await issuer.authorize({ client: K, pushed: true })
    await issuer.authorize({ client: K })
    await issuer.server.maintain()
    const { items } = await issuer.store.usage.list({ clientId: K.id }, undefined, 10)
    expect(items[0]?.counts).toMatchObject({ authorization_requests: 2, pushed_requests: 1 })
  })
})
