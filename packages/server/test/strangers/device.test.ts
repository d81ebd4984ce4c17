import { pkcePair } from '@sallyport/testing'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { deviceIssuer } from '../device/fixtures.ts'
import { askInMemory } from './ask-in-memory.ts'

/** A television that is built on openid-client, at an issuer whose clock goes on with each of its questions. */
async function television() {
  const issuer = await deviceIssuer({ start: Date.now() / 1000 })
  const { D } = issuer.clients
  const ask = askInMemory(issuer)
  const answers: string[] = []
  const fetch = async (url: string, init: object): Promise<Response> => {
    if (url.endsWith('/oauth2/token')) issuer.clock.advance(5)
    const response = await ask(url, init)
    if (url.endsWith('/oauth2/token')) {
      const { error } = (await response.clone().json()) as { error?: string }
      answers.push(error ?? 'tokens')
    }
    return response
  }
  const options = { [client.customFetch]: fetch }
  const config = await client.discovery(new URL(issuer.issuer), D.id, {}, client.None(), options)
  config[client.customFetch] = fetch
  return { issuer, config, answers }
}

describe('openid-client as a device', () => {
  it('A-DEV-03, A-DEV-09, A-DEV-10, A-DEV-12 waits, is let in, and gets its tokens with its verifier', async () => {
    const { issuer, config, answers } = await television()
    const { verifier, challenge } = pkcePair(issuer.random)
    const device = await client.initiateDeviceAuthorization(config, {
      scope: 'openid offline_access',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    expect(device.interval).toBe(5)
    const waiting = client.pollDeviceAuthorizationGrant(config, device, { code_verifier: verifier })
    await expect.poll(() => answers, { timeout: 15_000 }).toEqual(['authorization_pending'])
    await issuer.answerDevice({ userCode: device.user_code })
    const tokens = await waiting
    expect(answers).toEqual(['authorization_pending', 'tokens'])
    expect(tokens.claims()?.sub).toBe(issuer.alice.subject)
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    const person = await client.fetchUserInfo(config, next.access_token, issuer.alice.subject)
    expect(person.sub).toBe(issuer.alice.subject)
  })

  it('A-DEV-11, A-DEV-12 stops when the person says no', async () => {
    const { issuer, config, answers } = await television()
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' })
    await issuer.answerDevice({ userCode: device.user_code }, { decision: 'deny' })
    const ended = await client.pollDeviceAuthorizationGrant(config, device).catch((error: unknown) => error)
    expect(ended).toBeInstanceOf(client.ResponseBodyError)
    expect((ended as client.ResponseBodyError).error).toBe('access_denied')
    expect(answers).toEqual(['access_denied'])
  })
})
