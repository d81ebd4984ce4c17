import { type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

describe('the code itself', () => {
  it('A-CODE-11, A-GEN-07 has 43 characters and says nothing', async () => {
    const issuer = await newIssuer()
    const { code, client, sent } = await issuer.authorize()
    expect(code).toMatch(/^[\w-]{43}$/)
    const inside = Buffer.from(code, 'base64url').toString('latin1')
    for (const value of [client.id, issuer.alice.subject, String(sent['code_challenge'])])
      expect(inside).not.toContain(value)
  })

  it('A-CODE-11, CO-07 every altered character, and every other spelling, is an unknown code with one and the same answer', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const { code } = authorized
    const flipped = [...code].map(
      (character, index) => code.slice(0, index) + (character === 'A' ? 'B' : 'A') + code.slice(index + 1),
    )
    const swapped = [...code].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('')
    const odd = [
      code.slice(0, -1),
      `${code}A`,
      ` ${code}`,
      `${code} `,
      `${code}=`,
      swapped,
      'x'.repeat(50_000),
      '٣',
      '%',
    ]
    const bodies = new Set<string>()
    for (const [index, other] of [...flipped, ...odd].filter((text) => text !== code).entries()) {
      // From many networks, because one that guesses so much is soon told to wait (A-RATE-05).
      const answer = await issuer.redeem({ ...authorized, code: other }, {}, { remoteAddress: `192.0.2.${index}` })
      expectRefusal(answer, 'invalid_grant')
      bodies.add(answer.text)
    }
    expect(bodies.size).toBe(1)
    expectTokens(await issuer.redeem(authorized))
  })

  it('CO-07 bytes that are no UTF-8 are an invalid request', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const code of [Buffer.from([0x80, 0xff]), Buffer.from('%ff%80'), Buffer.from('%c0%af')]) {
      const body = Buffer.concat([Buffer.from(`grant_type=authorization_code&client_id=${K.id}&code=`), code])
      expectRefusal(await issuer.send({ method: 'POST', path: '/oauth2/token', headers, body }), 'invalid_request')
    }
  })
})

describe('the world between code and token', () => {
  const worlds: readonly (readonly [string, (issuer: TestIssuer) => Promise<unknown>, string, number])[] = [
    [
      'the person was disabled',
      ({ store, alice, clock }) => store.setSubjectActive(alice.subject, false, clock.now(), []),
      'invalid_grant',
      400,
    ],
    [
      'consent was withdrawn',
      ({ store, alice, clients, clock }) => store.withdrawConsent(alice.subject, clients.K.id, clock.now(), []),
      'invalid_grant',
      400,
    ],
    [
      'the password was reset',
      ({ store, alice, clock }) => store.endSubject(alice.subject, 'credential_change', clock.now(), []),
      'invalid_grant',
      400,
    ],
    [
      'the client was disabled',
      (issuer) => issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() }),
      'invalid_client',
      401,
    ],
    [
      'the client lost the grant',
      (issuer) => issuer.changeClient(issuer.clients.K, { grantTypes: ['client_credentials'] }),
      'unauthorized_client',
      400,
    ],
  ]
  it.for(worlds)('CO-10 %s', async ([, change, error, status]) => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize({ remember: true })
    await change(issuer)
    expectRefusal(await issuer.redeem(authorized), error, status)
  })

  it('CO-10 a person disabled while the tokens were being signed gets none', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const release = issuer.store.hold('redeem')
    const answer = issuer.redeem(authorized)
    await new Promise(setImmediate)
    await issuer.store.setSubjectActive(issuer.alice.subject, false, issuer.clock.now(), [])
    release()
    expectRefusal(await answer, 'invalid_grant')
  })

  it('A-CODE-09 signing out kills codes that were not redeemed yet, also those with offline access', async () => {
    const issuer = await newIssuer()
    for (const scope of ['openid', 'openid offline_access']) {
      const { alice, bob } = issuer
      const person = scope === 'openid' ? alice : bob
      const authorized = await issuer.authorize({ person, parameters: { scope, resource: undefined } })
      const visit = await authorized.browser.open('/oauth2/logout')
      await authorized.browser.submit(visit, 'logout-form')
      expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
    }
  })

  it('A-CODE-09 the authorization carries the session it came from', async () => {
    const issuer = await newIssuer()
    await issuer.authorize()
    const { items } = await issuer.store.admin.listAuthorizations({}, undefined, 10)
    const sessions = await issuer.store.admin.listSessions({}, undefined, 10, issuer.clock.now())
    expect(items[0]?.authorization.sessionId).toBe(sessions.items[0]?.id)
  })
})

it('CO-09 nothing on the way to the code leaks through Referer, caches or odd redirects', async () => {
  const issuer = await newIssuer()
  const { visit } = await issuer.authorize()
  const failed = await issuer.authorize({ parameters: { client_id: 'client_unknown' } })
  for (const { request, response } of issuer.records.exchanges) {
    if (request.path.startsWith('/.well-known')) continue
    expect(response.headers['referrer-policy']).toBe('no-referrer')
    expect(response.headers['cache-control']).toBe('no-store')
    expect([200, 303, 400]).toContain(response.status)
  }
  expect(visit.answer.status).toBe(303)
  expect(failed.visit.answer.text).not.toMatch(/(?:src|href)=/)
})
