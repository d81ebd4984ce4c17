import { judge, newException, ExceptionRefused, type ExceptionRequest, type PkceException } from '@sallyport/server'
import type { TestClient, TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const day = 86_400
const dated = { policy: { pkceExceptions: 'dated' } } as const
const bare = { code_challenge: undefined, code_challenge_method: undefined }
const noVerifier = { code_verifier: undefined }

const request = (issuer: TestIssuer, client: TestClient, more: Partial<ExceptionRequest> = {}): ExceptionRequest => ({
  clientId: client.id,
  owner: 'Team A',
  reason: 'its library learns PKCE with the next release',
  ticket: 'OPS-1',
  compensatingControl: 'reachable from the office network only',
  acceptedBy: 'Ms B',
  deadline: (issuer.clock.now() + 90 * day) as ExceptionRequest['deadline'],
  ...more,
})

async function excepted(issuer: TestIssuer, client: TestClient, seconds = 90 * day): Promise<PkceException> {
  const deadline = (issuer.clock.now() + seconds) as ExceptionRequest['deadline']
  const facts = { now: issuer.clock.now(), random: issuer.random }
  const made = newException(request(issuer, client, { deadline }), client.record, facts)
  expect(await issuer.store.exceptions.create(made, [])).toBe('created')
  return made
}

function faultsOf(make: () => unknown): readonly string[] {
  try {
    make()
  } catch (error) {
    if (error instanceof ExceptionRefused) return error.faults.map(({ member }) => member)
    throw error
  }
  return []
}

describe('a dated exception from PKCE', () => {
  it('A-GOV-01, PK-05 lets one confidential client redeem a code without a verifier, loudly', async () => {
    const issuer = await newIssuer(dated)
    const { K, E } = issuer.clients
    const { id } = await excepted(issuer, K)
    const authorized = await issuer.authorize({ client: K, parameters: bare })
    expectTokens(await issuer.redeem(authorized, noVerifier))
    const used = issuer.records.events.filter(({ event }) => event === 'pkce.exception.used')
    expect(used).toMatchObject([{ clientId: K.id, severity: 'medium', detail: { exception: id } }])
    expect(await issuer.store.exceptions.find(id)).toMatchObject({ uses: 1, lastUsedAt: issuer.clock.now() })
    expectBack(await issuer.authorize({ client: E, parameters: bare }), 'invalid_request')
    await issuer.server.maintain()
    const { items } = await issuer.store.usage.list({ clientId: K.id }, undefined, 10)
    expect(items[0]?.counts).toMatchObject({
      codes_issued: 1,
      codes_issued_under_exception: 1,
      codes_redeemed: 1,
      codes_redeemed_under_exception: 1,
    })
    expect(items[0]?.counts).not.toHaveProperty('with_s256')
  })

  it('A-GOV-01 is worth nothing while the policy forbids exceptions', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    await excepted(issuer, K)
    const refused = await issuer.authorize({ client: K, parameters: bare })
    expectBack(refused, 'invalid_request')
    expect(refused.response.get('error_description')).toMatch(/^pkce_required:/)
  })

  it('A-GOV-01 without a record is worth nothing either', async () => {
    const issuer = await newIssuer(dated)
    expectBack(await issuer.authorize({ parameters: bare }), 'invalid_request')
  })

  it('A-GOV-01, B-CX-18 demands an OpenID request with nonce', async () => {
    const issuer = await newIssuer(dated)
    await excepted(issuer, issuer.clients.K)
    for (const lacking of [{ nonce: undefined }, { scope: 'read' }]) {
      const refused = await issuer.authorize({ parameters: { ...bare, ...lacking } })
      expectBack(refused, 'invalid_request')
      expect(refused.response.get('error_description')).toMatch(/^pkce_required: .*nonce/)
    }
    expectBack(await issuer.authorize({ parameters: { code_challenge: undefined } }), 'invalid_request')
  })

  it('A-GOV-01 enforces a challenge that is sent', async () => {
    const issuer = await newIssuer(dated)
    const { id } = await excepted(issuer, issuer.clients.K)
    expectBack(await issuer.authorize({ parameters: { code_challenge_method: 'plain' } }), 'invalid_request')
    const authorized = await issuer.authorize({})
    expectRefusal(await issuer.redeem(authorized, noVerifier), 'invalid_grant')
    expect(await issuer.store.exceptions.find(id)).toMatchObject({ uses: 0 })
    const another = await issuer.authorize({ parameters: bare })
    expectRefusal(await issuer.redeem(another), 'invalid_request')
    expectTokens(await issuer.redeem(another, noVerifier))
  })

  it('A-GOV-01 needs client authentication at the token endpoint, and its code is used once', async () => {
    const issuer = await newIssuer(dated)
    await excepted(issuer, issuer.clients.K)
    const authorized = await issuer.authorize({ parameters: bare })
    expectRefusal(await issuer.redeem(authorized, noVerifier, { secret: 'x'.repeat(43) }), 'invalid_client', 401)
    expectRefusal(await issuer.redeem(authorized, noVerifier, { as: issuer.clients.E }), 'invalid_grant')
    const answers = await Promise.all([1, 2, 3].map(() => issuer.redeem(authorized, noVerifier)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('A-GOV-02 is dead on the second of its deadline on every node, also for a code that waits', async () => {
    const issuer = await newIssuer(dated)
    await excepted(issuer, issuer.clients.K, 100)
    const node = await issuer.startNode()
    const inTime = await issuer.authorize({ parameters: bare })
    issuer.clock.advance(50)
    expectTokens(await issuer.redeem(inTime, noVerifier, { node }))
    const waiting = await issuer.authorize({ parameters: bare })
    issuer.clock.advance(50)
    expectRefusal(await issuer.redeem(waiting, noVerifier, { node }), 'invalid_grant')
    expectRefusal(await issuer.redeem(waiting, noVerifier), 'invalid_grant')
    // Its client proved who it is and came too late: nobody is suspected of anything (A-LOG-01).
    const late = issuer.records.events.filter(({ reason }) => reason === 'challenge_absent')
    expect(late.map((event) => [event.class, judge(event).verdict])).toEqual([
      ['expired', 'expired'],
      ['expired', 'expired'],
    ])
    expectBack(await issuer.authorize({ parameters: bare }), 'invalid_request')
  })

  it('A-GOV-02 ends a request that waits for a person when it ends', async () => {
    const issuer = await newIssuer(dated)
    const { id } = await excepted(issuer, issuer.clients.K)
    const begun = await issuer.begin({ parameters: bare })
    expect(await issuer.store.exceptions.revoke(id, issuer.clock.now(), [])).toBe(true)
    expectBack(await issuer.finish(begun), 'invalid_request')
    expect(issuer.records.events.filter(({ event }) => event === 'pkce.exception.used')).toEqual([])
  })
})

describe('the record of an exception', () => {
  it('A-GOV-02 is refused while a member is missing', async () => {
    const issuer = await newIssuer(dated)
    const { K } = issuer.clients
    const facts = { now: issuer.clock.now(), random: issuer.random }
    for (const member of ['owner', 'reason', 'ticket', 'compensatingControl', 'acceptedBy'] as const) {
      for (const text of ['', '  ', 'a\nb', 'x'.repeat(501)])
        expect(faultsOf(() => newException(request(issuer, K, { [member]: text }), K.record, facts))).toEqual([member])
    }
  })

  it('A-GOV-02 is refused with 91 days, a past deadline, or its owner as acceptor', async () => {
    const issuer = await newIssuer(dated)
    const { K } = issuer.clients
    const now = issuer.clock.now()
    const made = (more: Partial<ExceptionRequest>) => () =>
      newException(request(issuer, K, more), K.record, { now, random: issuer.random })
    for (const days of [91, 0, -1, Number.NaN])
      expect(faultsOf(made({ deadline: (now + days * day) as PkceException['deadline'] }))).toEqual(['deadline'])
    expect(faultsOf(made({ acceptedBy: ' team a ' }))).toEqual(['acceptedBy'])
    for (const acceptedBy of ['Team\u200b A', '\u202eTeam A', 'Te\u00adam A'])
      expect(faultsOf(made({ acceptedBy }))).toEqual(['acceptedBy'])
    expect(faultsOf(made({}))).toEqual([])
  })

  it('A-GOV-01 is refused for public clients and for clients without codes', async () => {
    const issuer = await newIssuer(dated)
    const { P, N, S } = issuer.clients
    const facts = { now: issuer.clock.now(), random: issuer.random }
    for (const client of [P, N, S])
      expect(faultsOf(() => newException(request(issuer, client), client.record, facts))).toEqual(['clientId'])
  })
})
