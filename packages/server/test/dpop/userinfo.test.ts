import { StoreUnavailable } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import {
  createClientKey,
  decodeJwt,
  dpopProof,
  failingStore,
  headerOf,
  thumbprintOf,
  type Answer,
  type ClientKey,
  type ProofChanges,
  type TestIssuer,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectTokens, newIssuer } from '../fixtures.ts'
import { boundTokens, key, otherKey, proven } from './proofs.ts'

const path = '/oauth2/userinfo'
const uri = `https://as.test${path}`
const algorithms = 'algs="ES256 PS256 EdDSA Ed25519"'

type Call = {
  readonly scheme?: string
  readonly method?: string
  readonly by?: ClientKey
  /** `undefined` leaves the proof out. */
  readonly dpop?: string | undefined
  readonly changes?: ProofChanges
  readonly nonce?: string
}

const proofFor = (
  issuer: TestIssuer,
  accessToken: string,
  { by = key, method = 'GET', changes, nonce }: Call,
): string => dpopProof(by, { method, uri, now: issuer.clock.now(), accessToken, nonce }, changes)

/** A call with a fresh proof, unless it brings its own or none. */
function call(issuer: TestIssuer, accessToken: string, options: Call = {}): Promise<Answer> {
  const dpop = 'dpop' in options ? options.dpop : proofFor(issuer, accessToken, options)
  const authorization = `${options.scheme ?? 'DPoP'} ${accessToken}`
  const headers = { authorization, ...(dpop === undefined ? {} : { dpop }) }
  return issuer.send({ method: options.method ?? 'GET', path, headers })
}

const challengeOf = (answer: Answer): string => headerOf(answer, 'www-authenticate') ?? ''

/** RS:401 with one challenge of the scheme DPoP. */
function expectChallenge(answer: Answer, error: string): void {
  expect({ status: answer.status, error: answer.json['error'] }).toEqual({ status: 401, error })
  expect(challengeOf(answer)).toMatch(new RegExp(`^DPoP realm="https://as.test", error="${error}"`))
  expect(challengeOf(answer)).toContain(algorithms)
  expect(challengeOf(answer)).not.toContain('Bearer')
  expect(answer.headers['cache-control']).toBe('no-store')
}

describe('a bound token at UserInfo', () => {
  it('B-DPOP-27, B-UI-10 is good with a proof, by GET and POST and in any spelling of the scheme', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await boundTokens(issuer)
    for (const scheme of ['DPoP', 'dpop', 'DPOP'])
      for (const method of ['GET', 'POST'])
        expect((await call(issuer, accessToken, { scheme, method })).json['sub']).toBe(
          decodeJwt(accessToken).claims['sub'],
        )
  })

  it('B-DPOP-27, B-UI-10 is refused without one, and both schemes are named where there was no token', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await boundTokens(issuer)
    expectChallenge(await call(issuer, accessToken, { dpop: undefined }), 'invalid_dpop_proof')
    const bare = challengeOf(await issuer.send({ path }))
    expect(bare).toMatch(
      /^Bearer realm="https:\/\/as.test", resource_metadata="[^"]+", DPoP realm="https:\/\/as.test", algs=/,
    )
    expect(bare).not.toContain('error')
  })

  it('B-DPOP-30, B-UI-10, DP-12 is never a bearer token, with a proof or without', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await boundTokens(issuer)
    for (const dpop of [undefined, proofFor(issuer, accessToken, {})]) {
      const answer = await call(issuer, accessToken, { scheme: 'Bearer', dpop })
      expect([answer.status, answer.json['error'], answer.json['sub']]).toEqual([401, 'invalid_token', undefined])
      expect(challengeOf(answer)).toMatch(/^Bearer .*error="invalid_token".*, DPoP .*error="invalid_token"/)
    }
    expect(eventsOf(issuer, 'jwt.rejected', 'cnf')).toHaveLength(2)
  })

  it('B-DPOP-31, DP-12 a bearer token is not taken under the scheme of bound ones', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid' } })
    for (const dpop of [undefined, proofFor(issuer, accessToken, {})])
      expect((await call(issuer, accessToken, { dpop })).json['error']).toBe('invalid_token')
    expect((await call(issuer, accessToken, { scheme: 'Bearer' })).status).toBe(200)
  })

  it('B-DPOP-29, DP-11, B-WR-02 a fresh key for each proof fails at the first call', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await boundTokens(issuer)
    expectChallenge(await call(issuer, accessToken, { by: createClientKey() }), 'invalid_token')
    expectEvent(issuer, 'dpop.proof.rejected', { reason: 'jkt_mismatch' })
    expect((await call(issuer, accessToken)).status).toBe(200)
  })

  it('B-DPOP-28, DP-05 the sample that puts the JWK thumbprint in ath, and every other hash, is refused', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await boundTokens(issuer)
    const right = String(decodeJwt(proofFor(issuer, accessToken, {})).claims['ath'])
    const other = await boundTokens(issuer)
    const wrong = String(decodeJwt(proofFor(issuer, other.accessToken, {})).claims['ath'])
    for (const ath of [thumbprintOf(key), `${right}=`, right.slice(0, 22), wrong, '', 7, undefined])
      expectChallenge(await call(issuer, accessToken, { changes: { claims: { ath } } }), 'invalid_dpop_proof')
    expect(eventsOf(issuer, 'dpop.proof.rejected', 'ath')).toHaveLength(7)
  })

  it.for<[string, ProofChanges]>([
    ['htm', { claims: { htm: 'POST' } }],
    ['htu', { claims: { htu: 'https://as.test/oauth2/token' } }],
    ['iat', { claims: { iat: 1 } }],
    ['typ', { header: { typ: 'at+jwt' } }],
    ['alg', { header: { alg: 'HS256' } }],
    ['signature', { header: { jwk: otherKey.jwk } }],
    ['jti', { claims: { jti: '' } }],
  ])(
    'B-UI-10, DP-03 to DP-14 a proof with a wrong %s is refused, and a good one follows',
    async ([reason, changes]) => {
      const issuer = await newIssuer()
      const { accessToken } = await boundTokens(issuer)
      expectChallenge(await call(issuer, accessToken, { changes }), 'invalid_dpop_proof')
      expectEvent(issuer, 'dpop.proof.rejected', { reason })
      expect((await call(issuer, accessToken)).status).toBe(200)
    },
  )

  it('B-DPOP-13, DP-01 a proof counts once', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await boundTokens(issuer)
    const dpop = proofFor(issuer, accessToken, {})
    expect((await call(issuer, accessToken, { dpop })).status).toBe(200)
    expectChallenge(await call(issuer, accessToken, { dpop }), 'invalid_dpop_proof')
    expectEvent(issuer, 'dpop.proof.replayed', { severity: 'high' })
  })

  it('B-DPOP-14 there are no claims while the memory of proofs is away', async () => {
    const store = failingStore(createMemoryStore())
    const issuer = await newIssuer({ store, mayFail: true })
    const { accessToken } = await boundTokens(issuer)
    store.failNext('rememberOnce', new StoreUnavailable('unreachable'))
    const answer = await call(issuer, accessToken)
    expect([answer.status, answer.json['error']]).toEqual([503, 'temporarily_unavailable'])
    store.heal()
    expect((await call(issuer, accessToken)).status).toBe(200)
  })

  it('B-DPOP-30 stays bound when proofs are switched off: it is good for nothing then', async () => {
    const store = createMemoryStore()
    const issuer = await newIssuer({ store })
    const { accessToken } = await boundTokens(issuer)
    const later = await newIssuer({ store, policy: { dpop: false }, clients: [] })
    for (const scheme of ['Bearer', 'DPoP']) {
      const answer = await call(later, accessToken, { scheme })
      expect([answer.status, challengeOf(answer)]).toEqual([401, expect.stringMatching(/^Bearer /)])
      expect(challengeOf(answer)).not.toContain('DPoP')
    }
  })
})

describe('nonces of UserInfo', () => {
  it('B-DPOP-23, B-DPOP-24 are demanded as a 401, differ from those of the token endpoint, and come with each answer', async () => {
    const issuer = await newIssuer({ policy: { dpopNonces: true } })
    const { P } = issuer.clients
    const flow = await issuer.authorize({ client: P, parameters: { resource: undefined, scope: 'openid' } })
    const there = headerOf(await issuer.redeem(flow, {}, proven(issuer)), 'dpop-nonce')
    const tokens = await issuer.redeem(flow, {}, proven(issuer, key, { nonce: there }))
    expectTokens(tokens)
    const accessToken = String(tokens.json['access_token'])
    const refused = await call(issuer, accessToken, { nonce: String(there) })
    expectChallenge(refused, 'use_dpop_nonce')
    const nonce = String(headerOf(refused, 'dpop-nonce'))
    expect(nonce).not.toBe(there)
    const answer = await call(issuer, accessToken, { nonce })
    expect([answer.status, headerOf(answer, 'dpop-nonce')]).toEqual([200, nonce])
    expect(answer.headers['cache-control']).toBe('no-store')
    // A nonce of UserInfo counts nowhere else.
    const elsewhere = await issuer.authorize({ client: P })
    const back = await issuer.redeem(elsewhere, {}, proven(issuer, key, { nonce }))
    expect(back.json['error']).toBe('use_dpop_nonce')
  })
})
