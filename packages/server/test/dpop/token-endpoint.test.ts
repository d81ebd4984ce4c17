import { StoreUnavailable } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import {
  createClientKey,
  decodeJwt,
  failingStore,
  headerOf,
  standardResources,
  thumbprintOf,
  type Answer,
  type TestIssuer,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectEvent, expectRefusal, expectTokens, eventsOf, newIssuer } from '../fixtures.ts'
import { key, otherKey, proven, serviceToken } from './proofs.ts'

const bound = (answer: Answer): unknown => decodeJwt(String(answer.json['access_token'])).claims['cnf']

describe('a token request with a proof', () => {
  const grants: Record<string, (issuer: TestIssuer) => Promise<Answer>> = {
    authorization_code: async (issuer) => issuer.redeem(await issuer.authorize(), {}, proven(issuer)),
    refresh_token: async (issuer) => issuer.refresh(await issuer.codeFlow(), {}, proven(issuer)),
    client_credentials: (issuer) => serviceToken(issuer),
    device_code: async (issuer) => {
      const begun = await issuer.beginDevice()
      await issuer.answerDevice(begun)
      return issuer.poll(begun, {}, proven(issuer))
    },
  }

  it.for(Object.entries(grants))('B-DPOP-16, B-DPOP-17 binds the token of %s to the key', async ([, ask]) => {
    const issuer = await newIssuer({ policy: { deviceGrant: true } })
    const answer = await ask(issuer)
    expectTokens(answer)
    expect(answer.json['token_type']).toBe('DPoP')
    expect(bound(answer)).toEqual({ jkt: thumbprintOf(key) })
  })

  it.for(Object.entries(grants))('B-DPOP-18 %s needs it where the client is registered so', async ([name, ask]) => {
    const issuer = await newIssuer({ policy: { deviceGrant: true } })
    const { clients } = issuer
    const kind = name === 'client_credentials' ? 'S' : name === 'device_code' ? 'D' : 'K'
    // A token from before the client was told, so that the refresh has something to refuse.
    const before = name === 'refresh_token' ? await issuer.codeFlow() : undefined
    await issuer.changeClient(clients[kind], { dpopBoundAccessTokens: true })
    if (before === undefined) expectTokens(await ask(issuer))
    const bare: Record<string, () => Promise<Answer>> = {
      authorization_code: async () => issuer.redeem(await issuer.authorize()),
      refresh_token: () => issuer.refresh(before ?? { client: clients.K, refreshToken: '' }),
      client_credentials: () => serviceToken(issuer, {}),
      device_code: async () => issuer.poll(await issuer.beginDevice()),
    }
    expectRefusal((await bare[name]?.()) as Answer, 'invalid_request')
    expect(eventsOf(issuer, 'token.request.rejected', 'proof_missing')).toHaveLength(1)
    if (before !== undefined) expectTokens(await issuer.refresh(before, {}, proven(issuer)))
  })

  it('B-DPOP-16 gives a bearer token without a proof', async () => {
    const issuer = await newIssuer()
    const answer = await serviceToken(issuer, {})
    expect(answer.json['token_type']).toBe('Bearer')
    expect(bound(answer)).toBeUndefined()
  })

  it('B-DPOP-33 is a plain request where proofs are switched off, even with garbage in the header', async () => {
    const issuer = await newIssuer({ policy: { dpop: false } })
    for (const options of [proven(issuer), { headers: { dpop: 'garbage' } }]) {
      const answer = await serviceToken(issuer, options)
      expect(answer.json['token_type']).toBe('Bearer')
      expect(bound(answer)).toBeUndefined()
    }
    const metadata = await issuer.get('/.well-known/openid-configuration')
    expect(metadata.json).not.toHaveProperty('dpop_signing_alg_values_supported')
    await issuer.changeClient(issuer.clients.S, { dpopBoundAccessTokens: true })
    expectRefusal(await serviceToken(issuer), 'invalid_request')
  })

  it('B-DPOP-32 introspection tells the key of JWTs and of handles', async () => {
    const opaque = standardResources.map((one) => ({ ...one, format: 'opaque' as const }))
    for (const resources of [standardResources, opaque]) {
      const issuer = await newIssuer({ resources })
      const answer = await serviceToken(issuer)
      const { json } = await issuer.introspect(issuer.clients.RS1, String(answer.json['access_token']))
      expect(json).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: thumbprintOf(key) } })
      const plain = await serviceToken(issuer, {})
      const other = await issuer.introspect(issuer.clients.RS1, String(plain.json['access_token']))
      expect(other.json['token_type']).toBe('Bearer')
      expect(other.json).not.toHaveProperty('cnf')
    }
  })

  it('A-RES-02 an API that wants bound tokens never gets a bearer token', async () => {
    const issuer = await newIssuer({
      resources: standardResources.map((one) => ({ ...one, binding: 'dpop' as const })),
    })
    expectRefusal(await serviceToken(issuer, {}), 'invalid_request')
    expectTokens(await serviceToken(issuer))
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized), 'invalid_request')
    const first = await issuer.redeem(authorized, {}, proven(issuer))
    expectTokens(first)
    const { client } = authorized
    const refreshToken = String(first.json['refresh_token'])
    expectRefusal(await issuer.refresh({ client, refreshToken }), 'invalid_request')
    expectTokens(await issuer.refresh({ client, refreshToken }, {}, proven(issuer)))
  })
})

describe('a proof that does not count', () => {
  const bad: Record<string, readonly [reason: string, (issuer: TestIssuer) => string]> = {
    'of another method': ['htm', (issuer) => proven(issuer, key, { claims: { htm: 'GET' } }).headers.dpop],
    'of another address': [
      'htu',
      (issuer) => proven(issuer, key, { claims: { htu: 'https://other.test/' } }).headers.dpop,
    ],
    'that is an hour old': ['iat', (issuer) => proven(issuer, key, { claims: { iat: 1 } }).headers.dpop],
    'of another type': ['typ', (issuer) => proven(issuer, key, { header: { typ: 'JWT' } }).headers.dpop],
    'with alg none': ['alg', (issuer) => proven(issuer, key, { header: { alg: 'none' } }).headers.dpop],
    'with a private key': [
      'jwk',
      (issuer) => proven(issuer, key, { header: { jwk: key.privateKey.export({ format: 'jwk' }) } }).headers.dpop,
    ],
    'signed by another key': [
      'signature',
      (issuer) => proven(issuer, key, { header: { jwk: otherKey.jwk } }).headers.dpop,
    ],
    'without a jti': ['jti', (issuer) => proven(issuer, key, { claims: { jti: undefined } }).headers.dpop],
    'that is two': ['syntax', (issuer) => `${proven(issuer).headers.dpop}, ${proven(issuer).headers.dpop}`],
    'that is empty': ['syntax', () => ''],
  }

  it.for(Object.entries(bad))(
    'B-DPOP-01, DP-03 to DP-14 one %s is refused and spends nothing',
    async ([, [reason, make]]) => {
      const issuer = await newIssuer()
      const authorized = await issuer.authorize()
      expectRefusal(await issuer.redeem(authorized, {}, { headers: { dpop: make(issuer) } }), 'invalid_dpop_proof')
      expectEvent(issuer, 'dpop.proof.rejected', { reason, clientId: authorized.client.id })
      const counted = issuer.records.measures.filter(({ name }) => name === 'requests_rejected')
      expect(counted.map(({ labels }) => labels['reason'])).toEqual([`proof_${reason}`])
      expectTokens(await issuer.redeem(authorized, {}, proven(issuer)))
    },
  )

  it('B-DPOP-34 leaves nothing of itself in events, not even a private key that was sent', async () => {
    const issuer = await newIssuer()
    const jwk = key.privateKey.export({ format: 'jwk' })
    const options = proven(issuer, key, { header: { jwk }, claims: { jti: 'the id of this proof' } })
    expectRefusal(await serviceToken(issuer, options), 'invalid_dpop_proof')
    const again = proven(issuer, key, { claims: { jti: 'the id of another proof' } })
    expectTokens(await serviceToken(issuer, again))
    expectRefusal(await serviceToken(issuer, again), 'invalid_dpop_proof')
    const log = JSON.stringify(issuer.records.events)
    for (const secret of [String(jwk['d']), 'the id of', options.headers.dpop, again.headers.dpop, String(jwk['x'])])
      expect(log).not.toContain(secret)
    expect(log).toContain(thumbprintOf(key))
  })

  it('B-DPOP-11, DP-04 a forged Host header does not make a foreign address valid', async () => {
    const issuer = await newIssuer()
    const foreign = proven(issuer, key, { claims: { htu: 'https://evil.test/oauth2/token' } }).headers
    for (const headers of [
      { ...foreign, host: 'evil.test' },
      { ...foreign, host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https' },
    ])
      expectRefusal(await serviceToken(issuer, { headers }), 'invalid_dpop_proof')
  })
})

describe('a proof that was used', () => {
  it('B-DPOP-13, DP-01 is refused at its second use, with another grant too', async () => {
    const issuer = await newIssuer()
    const options = proven(issuer)
    expectTokens(await serviceToken(issuer, options))
    expectRefusal(await serviceToken(issuer, options), 'invalid_dpop_proof')
    expectEvent(issuer, 'dpop.proof.replayed', { severity: 'high', clientId: issuer.clients.S.id })
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, {}, options), 'invalid_dpop_proof')
    expectTokens(await issuer.redeem(authorized, {}, proven(issuer)))
  })

  it('B-DPOP-13, DP-02 wins once, whatever the number of nodes that get it at the same instant', async () => {
    const issuer = await newIssuer()
    const options = proven(issuer)
    const second = await issuer.startNode()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        serviceToken(issuer, index % 2 === 0 ? options : ({ ...options, node: second } as typeof options)),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('B-DPOP-13, DP-15 takes nothing from a client that happens to use the same jti', async () => {
    const issuer = await newIssuer()
    const claims = { jti: 'the same' }
    expectTokens(await serviceToken(issuer, proven(issuer, key, { claims })))
    expectTokens(await serviceToken(issuer, proven(issuer, otherKey, { claims })))
  })

  it('B-DPOP-13 is still known at the last instant at which it would count', async () => {
    const issuer = await newIssuer()
    const iat = Math.floor(issuer.clock.now()) + 30
    const options = proven(issuer, key, { claims: { iat } })
    expectTokens(await serviceToken(issuer, options))
    issuer.clock.advance(90)
    await issuer.server.maintain()
    expectRefusal(await serviceToken(issuer, options), 'invalid_dpop_proof')
    expect(eventsOf(issuer, 'dpop.proof.replayed')).toHaveLength(1)
  })

  it('B-DPOP-14 is written down only when everything else about it was right', async () => {
    const issuer = await newIssuer()
    const claims = { jti: 'burnt by nobody' }
    const broken = proven(issuer, key, { claims, header: { jwk: otherKey.jwk } })
    expectRefusal(await serviceToken(issuer, broken), 'invalid_dpop_proof')
    expectTokens(await serviceToken(issuer, proven(issuer, key, { claims })))
  })

  it('B-DPOP-14 counts for nothing while the memory of proofs is away, and no token is given', async () => {
    const store = failingStore(createMemoryStore())
    const issuer = await newIssuer({ store, mayFail: true })
    store.failNext('rememberOnce', new StoreUnavailable('unreachable'))
    const answer = await serviceToken(issuer)
    expect([answer.status, answer.json['error']]).toEqual([503, 'temporarily_unavailable'])
    expect(headerOf(answer, 'retry-after')).toBeDefined()
    store.heal()
    expectTokens(await serviceToken(issuer))
  })

  it('B-DPOP-13 costs one trip to the store, and none where there is no proof', async () => {
    const store = failingStore(createMemoryStore())
    const issuer = await newIssuer({ store })
    await serviceToken(issuer)
    store.forgetCalls()
    expectTokens(await serviceToken(issuer, {}))
    const bare = [...store.calls]
    store.forgetCalls()
    expectTokens(await serviceToken(issuer))
    expect(bare).not.toContain('rememberOnce')
    expect(store.calls.filter((verb) => verb === 'rememberOnce')).toHaveLength(1)
    expect(store.calls.length).toBe(bare.length + 1)
  })
})

describe('nonces', () => {
  it('B-DPOP-23, DP-10 are demanded where the policy says so, and a client that repeats its request with one gets on', async () => {
    const issuer = await newIssuer({ policy: { dpopNonces: true } })
    const authorized = await issuer.authorize()
    const refused = await issuer.redeem(authorized, {}, proven(issuer))
    expectRefusal(refused, 'use_dpop_nonce')
    const nonce = headerOf(refused, 'dpop-nonce')
    expect(nonce).toMatch(/^[\x21\x23-\x5B\x5D-\x7E]+$/)
    expectRefusal(
      await issuer.redeem(authorized, {}, proven(issuer, key, { nonce: 'of somebody else' })),
      'use_dpop_nonce',
    )
    const answer = await issuer.redeem(authorized, {}, proven(issuer, key, { nonce }))
    expectTokens(answer)
    expect(headerOf(answer, 'dpop-nonce')).toBe(nonce)
    expect(eventsOf(issuer, 'dpop.proof.rejected')).toEqual([])
  })

  it('B-DPOP-23, B-DPOP-25 change every minute, count for one more, and the answer brings the next', async () => {
    const issuer = await newIssuer({ policy: { dpopNonces: true } })
    const nonce = headerOf(await serviceToken(issuer), 'dpop-nonce')
    issuer.clock.advance(60)
    const late = await serviceToken(issuer, proven(issuer, key, { nonce }))
    expectTokens(late)
    expect(headerOf(late, 'dpop-nonce')).not.toBe(nonce)
    expect(late.headers['cache-control']).toBe('no-store')
    issuer.clock.advance(60)
    expectRefusal(await serviceToken(issuer, proven(issuer, key, { nonce })), 'use_dpop_nonce')
  })

  it('B-DPOP-24, DP-10 of one node count at another, and those of UserInfo do not count here', async () => {
    const issuer = await newIssuer({ policy: { dpopNonces: true } })
    const node = await issuer.startNode()
    const nonce = headerOf(await serviceToken(issuer), 'dpop-nonce')
    const there = { ...proven(issuer, key, { nonce }), node }
    expectTokens(await serviceToken(issuer, there))
    expectRefusal(await serviceToken(issuer, proven(issuer)), 'use_dpop_nonce')
  })

  it('B-DPOP-23 spend nothing: neither the mark of the proof nor the refresh token', async () => {
    const issuer = await newIssuer({ policy: { dpopNonces: true } })
    const nonce = headerOf(await serviceToken(issuer), 'dpop-nonce')
    const tokens = await issuer.codeFlow()
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer)), 'use_dpop_nonce')
    expectTokens(await issuer.refresh(tokens, {}, proven(issuer, key, { nonce })))
  })
})

it('B-DPOP-04 every published algorithm gets a token', async () => {
  const issuer = await newIssuer()
  for (const alg of ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const) {
    const one = createClientKey(alg)
    const answer = await serviceToken(issuer, proven(issuer, one))
    expect(bound(answer)).toEqual({ jkt: thumbprintOf(one) })
  }
})
