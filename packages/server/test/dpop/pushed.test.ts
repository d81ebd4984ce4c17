import {
  headerOf,
  pkcePair,
  plainRequest,
  thumbprintOf,
  type Answer,
  type Parameters,
  type TestIssuer,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectEvent, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { addressOf } from '../pushed/fixtures.ts'
import { key, otherKey, proven } from './proofs.ts'

const address = 'https://as.test/oauth2/par'
const jkt = thumbprintOf(key)

/** A proof for the endpoint that takes pushed requests. */
const pushProof = (issuer: TestIssuer, by = key, nonce?: string) =>
  proven(issuer, by, { claims: { htu: address }, nonce })

/** Pushes the plain request of client P, and goes on with what came of it. */
async function push(issuer: TestIssuer, changes: Parameters, options: ReturnType<typeof proven>) {
  const { P } = issuer.clients
  const { verifier, challenge } = pkcePair(issuer.random)
  const sent = { ...plainRequest(P, challenge, issuer.random), ...changes }
  const answer = await issuer.push(P, sent, options)
  const authorized = async () => {
    expect(answer.status).toBe(201)
    const browser = issuer.browser()
    const visit = await browser.open(addressOf(P, String(answer.json['request_uri'])))
    return issuer.finish({ client: P, browser, verifier, challenge, sent, visit })
  }
  return { answer, authorized }
}

async function expectOnlyKey(issuer: TestIssuer, { authorized }: Awaited<ReturnType<typeof push>>): Promise<void> {
  const flow = await authorized()
  expectRefusal(await issuer.redeem(flow), 'invalid_request')
  expectRefusal(await issuer.redeem(flow, {}, proven(issuer, otherKey)), 'invalid_grant')
  expectTokens(await issuer.redeem(flow, {}, proven(issuer)))
}

describe('a proof that comes with a pushed request', () => {
  it('B-DPOP-22, DP-11 binds the code to its key, as dpop_jkt would', async () => {
    const issuer = await newIssuer()
    await expectOnlyKey(issuer, await push(issuer, {}, pushProof(issuer)))
    await expectOnlyKey(issuer, await push(issuer, { dpop_jkt: jkt }, pushProof(issuer)))
    await expectOnlyKey(issuer, await push(issuer, { dpop_jkt: '' }, pushProof(issuer)))
  })

  it('B-DPOP-22, B-CX-11 has to be of the key that dpop_jkt names', async () => {
    const issuer = await newIssuer()
    const { answer } = await push(issuer, { dpop_jkt: thumbprintOf(otherKey) }, pushProof(issuer))
    expectRefusal(answer, 'invalid_request')
    expectEvent(issuer, 'authz.request.rejected', { reason: 'dpop_jkt_mismatch' })
  })

  it('B-DPOP-22, B-DPOP-11 has to be made for this endpoint, and for one push', async () => {
    const issuer = await newIssuer()
    const refused = async (options: ReturnType<typeof proven>): Promise<Answer> =>
      (await push(issuer, {}, options)).answer
    expectRefusal(await refused(proven(issuer)), 'invalid_dpop_proof')
    expectEvent(issuer, 'dpop.proof.rejected', { reason: 'htu', clientId: issuer.clients.P.id })
    expectRefusal(await refused({ headers: { dpop: 'garbage' } }), 'invalid_dpop_proof')
    const once = pushProof(issuer)
    expect((await refused(once)).status).toBe(201)
    expectRefusal(await refused(once), 'invalid_dpop_proof')
    expectEvent(issuer, 'dpop.proof.replayed', { severity: 'high' })
  })

  it('B-DPOP-14 is not used up by a request that is refused for another reason', async () => {
    const issuer = await newIssuer()
    const options = pushProof(issuer)
    expectRefusal((await push(issuer, { code_challenge: undefined }, options)).answer, 'invalid_request')
    await expectOnlyKey(issuer, await push(issuer, {}, options))
  })

  it('B-DPOP-23, B-DPOP-25 needs a nonce where they are demanded, the same as at the token endpoint', async () => {
    const issuer = await newIssuer({ policy: { dpopNonces: true } })
    const { answer } = await push(issuer, {}, pushProof(issuer))
    expectRefusal(answer, 'use_dpop_nonce')
    const nonce = headerOf(answer, 'dpop-nonce')
    const again = await push(issuer, {}, pushProof(issuer, key, nonce))
    expect([again.answer.status, headerOf(again.answer, 'dpop-nonce')]).toEqual([201, nonce])
    expectTokens(await issuer.redeem(await again.authorized(), {}, proven(issuer, key, { nonce })))
  })

  it('B-DPOP-33 is not looked at where proofs are switched off', async () => {
    const issuer = await newIssuer({ policy: { dpop: false } })
    const flow = await push(issuer, {}, { headers: { dpop: 'garbage' } })
    expectTokens(await issuer.redeem(await flow.authorized()))
  })
})
