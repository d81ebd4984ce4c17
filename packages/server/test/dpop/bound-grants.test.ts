import {
  createClientKey,
  decodeJwt,
  thumbprintOf,
  type Answer,
  type ClientKey,
  type TestIssuer,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack, expectEvent, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { boundTokens, key, otherKey, proven } from './proofs.ts'

const jkt = thumbprintOf(key)

const boundTo = (answer: Answer): unknown =>
  (decodeJwt(String(answer.json['access_token'])).claims['cnf'] as { jkt?: string } | undefined)?.jkt

const refreshTokenOf = (answer: Answer): string => String(answer.json['refresh_token'])

/** Tokens of client P that are bound to a key. */
const flow = async (issuer: TestIssuer, by: ClientKey = key) => {
  const tokens = await boundTokens(issuer, issuer.clients.P, by)
  return { client: tokens.client, refreshToken: tokens.refreshToken }
}

describe('a code that names a key', () => {
  it.for(['GET', 'POST', 'pushed'] as const)(
    'A-CODE-08, CO-08, B-DPOP-21, B-CX-11, B-CX-12, DP-11 by %s is good for that key, and wrong attempts do not spend it',
    async (way) => {
      const issuer = await newIssuer()
      const authorized = await issuer.authorize({
        client: issuer.clients.P,
        parameters: { dpop_jkt: jkt },
        ...(way === 'pushed' ? { pushed: true } : { method: way }),
      })
      expectRefusal(await issuer.redeem(authorized), 'invalid_request')
      expect(eventsOf(issuer, 'token.request.rejected', 'proof_missing')).toHaveLength(1)
      const bad = proven(issuer, key, { header: { jwk: otherKey.jwk } })
      expectRefusal(await issuer.redeem(authorized, {}, bad), 'invalid_dpop_proof')
      expectRefusal(await issuer.redeem(authorized, {}, proven(issuer, otherKey)), 'invalid_grant')
      expectEvent(issuer, 'dpop.proof.rejected', { reason: 'jkt_mismatch', class: 'suspected_interception' })
      // Another key is found out before the verifier is looked at: it cannot burn the holder's code either.
      const wrong = { code_verifier: 'w'.repeat(43) }
      expectRefusal(await issuer.redeem(authorized, wrong, proven(issuer, otherKey)), 'invalid_grant')
      const answer = await issuer.redeem(authorized, {}, proven(issuer))
      expectTokens(answer)
      expect(boundTo(answer)).toBe(jkt)
    },
  )

  it('A-CODE-08, CO-05 replayed by its own client and key ends what was issued, by another key nothing', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize({ parameters: { dpop_jkt: jkt } })
    const tokens = await issuer.redeem(authorized, {}, proven(issuer))
    expectTokens(tokens)
    const alive = async (): Promise<unknown> =>
      (await issuer.introspect(issuer.clients.RS1, String(tokens.json['access_token']))).json['active']
    expectRefusal(await issuer.redeem(authorized, {}, proven(issuer, otherKey)), 'invalid_grant')
    expect(await alive()).toBe(true)
    expectRefusal(await issuer.redeem(authorized, {}, proven(issuer)), 'invalid_grant')
    expect(await alive()).toBe(false)
  })

  it.for(['', 'short', `${jkt}=`, `${jkt.slice(1)}+`, `${jkt}A`])(
    'B-DPOP-21 a dpop_jkt of the form %j is refused, unless it is empty and so no parameter at all',
    async (value) => {
      const issuer = await newIssuer()
      const authorized = await issuer.authorize({ parameters: { dpop_jkt: value } })
      if (value === '') expectTokens(await issuer.redeem(authorized))
      else expectBack(authorized, 'invalid_request')
      const pushed = await issuer.push(issuer.clients.K, { ...authorized.sent, dpop_jkt: value })
      if (value === '') expect(pushed.status).toBe(201)
      else expectRefusal(pushed, 'invalid_request')
    },
  )

  it('B-DPOP-21 twice is no request, and where proofs are switched off it means nothing', async () => {
    const issuer = await newIssuer()
    const twice = await issuer.authorize({ parameters: { dpop_jkt: [jkt, thumbprintOf(otherKey)] } })
    expectBack(twice, 'invalid_request')
    const without = await newIssuer({ policy: { dpop: false } })
    expectTokens(await without.redeem(await without.authorize({ parameters: { dpop_jkt: jkt } })))
  })

  it('CO-08, B-DPOP-21 only one of many parallel requests with the right key wins, and none with another', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize({ parameters: { dpop_jkt: jkt } })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        issuer.redeem(authorized, {}, proven(issuer, index % 2 === 0 ? key : otherKey)),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.findIndex(({ status }) => status === 200) % 2).toBe(0)
  })
})

describe('a refresh token of a public client', () => {
  it('A-RT-06, RT-15, B-DPOP-19, DP-11 needs the key it was issued to, and failures do not spend it', async () => {
    const issuer = await newIssuer()
    const tokens = await flow(issuer)
    expectRefusal(await issuer.refresh(tokens), 'invalid_request')
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer, otherKey)), 'invalid_grant')
    expectEvent(issuer, 'dpop.proof.rejected', { reason: 'jkt_mismatch', clientId: tokens.client.id })
    const bad = proven(issuer, key, { claims: { htm: 'GET' } })
    expectRefusal(await issuer.refresh(tokens, {}, bad), 'invalid_dpop_proof')
    const next = await issuer.refresh(tokens, {}, proven(issuer))
    expectTokens(next)
    expect([next.json['token_type'], boundTo(next)]).toEqual(['DPoP', jkt])
    const { client } = tokens
    const successor = { client, refreshToken: refreshTokenOf(next) }
    expectRefusal(await issuer.refresh(successor, {}, proven(issuer, otherKey)), 'invalid_grant')
    expectTokens(await issuer.refresh(successor, {}, proven(issuer)))
  })

  it('A-RT-06, B-DPOP-19 of a device is bound the same way', async () => {
    const issuer = await newIssuer({ policy: { deviceGrant: true } })
    const begun = await issuer.beginDevice()
    await issuer.answerDevice(begun)
    const answer = await issuer.poll(begun, {}, proven(issuer))
    const tokens = { client: issuer.clients.D, refreshToken: refreshTokenOf(answer) }
    expectRefusal(await issuer.refresh(tokens), 'invalid_request')
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer, otherKey)), 'invalid_grant')
    expectTokens(await issuer.refresh(tokens, {}, proven(issuer)))
  })

  it('B-DPOP-19 that was issued without a proof is bound by the first one that comes with it', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow({ client: issuer.clients.P })
    const second = await issuer.refresh(first, {}, proven(issuer))
    expectTokens(second)
    const tokens = { client: first.client, refreshToken: refreshTokenOf(second) }
    expectRefusal(await issuer.refresh(tokens), 'invalid_request')
    expectTokens(await issuer.refresh(tokens, {}, proven(issuer)))
  })

  it('A-RT-04, A-RT-06 a lost answer is given again to the same key; another key gets nothing, and the family lives', async () => {
    const issuer = await newIssuer()
    const tokens = await flow(issuer)
    const answer = await issuer.refresh(tokens, {}, proven(issuer))
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer, otherKey)), 'invalid_grant')
    expectRefusal(await issuer.refresh(tokens), 'invalid_request')
    expect((await issuer.refresh(tokens, {}, proven(issuer))).text).toBe(answer.text)
    issuer.clock.advance(6)
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer, otherKey)), 'invalid_grant')
    expect(eventsOf(issuer, 'token.refresh.reuse_detected')).toHaveLength(0)
    // The right key after the grace is reuse: now the family ends.
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer)), 'invalid_grant')
    expect(eventsOf(issuer, 'token.refresh.reuse_detected')).toHaveLength(1)
    const successor = { client: tokens.client, refreshToken: refreshTokenOf(answer) }
    expectRefusal(await issuer.refresh(successor, {}, proven(issuer)), 'invalid_grant')
  })
})

describe('a refresh token of a confidential client', () => {
  it('B-DPOP-20 is bound to its authentication: a new key gets new tokens, and old ones keep their binding', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const first = await boundTokens(issuer, K)
    const next = await issuer.refresh(first, {}, proven(issuer, otherKey))
    expectTokens(next)
    expect([boundTo(next), decodeJwt(first.accessToken).claims['cnf']]).toEqual([thumbprintOf(otherKey), { jkt }])
    const third = await issuer.refresh({ client: K, refreshToken: refreshTokenOf(next) })
    expect([third.json['token_type'], boundTo(third)]).toEqual(['Bearer', undefined])
  })

  it('A-RT-04 a lost answer stays with the key of its first use, and the family lives', async () => {
    const issuer = await newIssuer()
    const first = await boundTokens(issuer, issuer.clients.K)
    const answer = await issuer.refresh(first, {}, proven(issuer))
    for (const options of [proven(issuer, otherKey), {}])
      expectRefusal(await issuer.refresh(first, {}, options), 'invalid_grant')
    expect((await issuer.refresh(first, {}, proven(issuer))).text).toBe(answer.text)
    expect(eventsOf(issuer, 'token.refresh.reuse_detected')).toHaveLength(0)
  })

  it('B-DPOP-18, B-DPOP-20 of a client that has all tokens bound still takes any key, but never none', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { dpopBoundAccessTokens: true })
    const tokens = await boundTokens(issuer, client)
    expectRefusal(await issuer.refresh(tokens), 'invalid_request')
    expectTokens(await issuer.refresh(tokens, {}, proven(issuer, createClientKey())))
  })
})
