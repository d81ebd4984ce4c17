import type { ClientKind } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack, expectEvent, expectPage, newIssuer } from './fixtures.ts'

const kinds: readonly ClientKind[] = ['P', 'K', 'post', 'N']
const methods = ['GET', 'POST'] as const

describe('a request without a challenge', () => {
  it.for(kinds.flatMap((kind) => methods.map((method) => [kind, method] as const)))(
    'A-PKCE-01, PK-01 is refused before anybody signs in: client %s by %s',
    async ([kind, method]) => {
      const issuer = await newIssuer()
      const result = await issuer.authorize({
        client: issuer.clients[kind],
        method,
        parameters: { code_challenge: undefined, code_challenge_method: undefined },
      })
      expectBack(result, 'invalid_request')
      expect(result.response.get('error_description')).toMatch(/^pkce_required:/)
      expect(result.visit.hops).toHaveLength(1)
      expectEvent(issuer, 'authz.request.rejected', { reason: 'pkce_required', clientId: issuer.clients[kind].id })
      expect(issuer.store.calls).not.toContain('issueCode')
      expect(issuer.store.calls).not.toContain('saveInteraction')
    },
  )

  it('A-PKCE-01 is refused for a signed-in browser that consented, and with prompt=none', async () => {
    const issuer = await newIssuer()
    const { browser } = await issuer.authorize({ remember: true })
    const parameters = { code_challenge: undefined, code_challenge_method: undefined }
    expectBack(await issuer.authorize({ browser, parameters }), 'invalid_request')
    expectBack(await issuer.authorize({ browser, parameters: { ...parameters, prompt: 'none' } }), 'invalid_request')
  })

  it('A-PKCE-01 is refused although the request has a nonce, which OAuth 2.1 would accept as a substitute', async () => {
    const issuer = await newIssuer()
    const parameters = { code_challenge: undefined, code_challenge_method: undefined, nonce: 'n'.repeat(43) }
    expectBack(await issuer.authorize({ parameters }), 'invalid_request')
  })

  it('PK-07 an empty challenge is an absent one', async () => {
    const issuer = await newIssuer()
    const result = await issuer.authorize({ parameters: { code_challenge: '' } })
    expectBack(result, 'invalid_request')
    expect(result.response.get('error_description')).toMatch(/^pkce_required:/)
    expectEvent(issuer, 'authz.request.rejected', { reason: 'pkce_required' })
  })
})

describe('the challenge method', () => {
  it('A-PKCE-02, PK-02 plain is refused, also when the challenge is the verifier', async () => {
    const issuer = await newIssuer()
    const value = issuer.random.handle()
    const result = await issuer.authorize({ parameters: { code_challenge: value, code_challenge_method: 'plain' } })
    expectBack(result, 'invalid_request')
    expectEvent(issuer, 'authz.request.rejected', { reason: 'pkce_method' })
  })

  it('A-PKCE-02, PK-03 a missing method is no plain', async () => {
    const issuer = await newIssuer()
    expectBack(await issuer.authorize({ parameters: { code_challenge_method: undefined } }), 'invalid_request')
    expectEvent(issuer, 'authz.request.rejected', { reason: 'pkce_method' })
  })

  it.for(['s256', 'S512', 'S256 ', ' S256', 'S256,plain', 'S256 plain', 'SHA256', 'PLAIN', 'none', '0', ''])(
    'A-PKCE-02, PK-04 %j is refused',
    async (method) => {
      const issuer = await newIssuer()
      expectBack(await issuer.authorize({ parameters: { code_challenge_method: method } }), 'invalid_request')
      expectEvent(issuer, 'authz.request.rejected', { reason: 'pkce_method' })
    },
  )

  it('PK-04 the parameter sent twice is refused, also with the same value', async () => {
    const issuer = await newIssuer()
    for (const second of ['S256', 'plain']) {
      const result = await issuer.authorize({ parameters: { code_challenge_method: ['S256', second] } })
      expectBack(result, 'invalid_request')
    }
    expect(issuer.store.calls).not.toContain('issueCode')
  })

  it('A-PKCE-03 the two descriptions say what is wrong', async () => {
    const issuer = await newIssuer()
    const plain = await issuer.authorize({ parameters: { code_challenge_method: 'plain' } })
    expect(plain.response.get('error_description')).toContain('transform algorithm not supported')
    const missing = await issuer.authorize({ parameters: { code_challenge: undefined } })
    expect(missing.response.get('error_description')).toBe('pkce_required: code challenge required')
  })
})

describe('the shape of the challenge', () => {
  const good = 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA'
  const bad: readonly (readonly [string, string])[] = [
    ['42 characters', good.slice(0, 42)],
    ['44 characters', `${good}A`],
    ['padding', `${good}=`],
    ['padding in place of the last character', `${good.slice(0, 42)}=`],
    ['a plus', `+${good.slice(1)}`],
    ['a slash', `/${good.slice(1)}`],
    ['a dot', `.${good.slice(1)}`],
    ['a tilde', `~${good.slice(1)}`],
    ['a leading space', ` ${good.slice(1)}`],
    ['a last character with spare bits', `${good.slice(0, 42)}N`],
    ['128 characters', 'a'.repeat(128)],
    ['hex', 'ab'.repeat(32)],
    ['an emoji', `${good.slice(0, 41)}😀`],
    ['a full-width letter', `${good.slice(0, 42)}Ａ`],
  ]
  it.for(bad)('A-PKCE-04, PK-08 %s is refused', async ([, challenge]) => {
    const issuer = await newIssuer()
    expectBack(await issuer.authorize({ parameters: { code_challenge: challenge } }), 'invalid_request')
    expectEvent(issuer, 'authz.request.rejected', { reason: 'pkce_challenge_syntax' })
  })

  it('PK-08 a NUL is refused', async () => {
    const issuer = await newIssuer()
    const result = await issuer.authorize({ parameters: { code_challenge: `${good.slice(0, 42)}\u0000` } })
    expectBack(result, 'invalid_request')
  })

  it('A-PKCE-04 every other last character than the sixteen possible ones is refused', async () => {
    const issuer = await newIssuer()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (const [index, last] of [...alphabet].entries()) {
      const challenge = `${String(index).padStart(42, 'x')}${last}`
      const { error, visit } = await issuer
        .begin({ parameters: { code_challenge: challenge } })
        .then(async (begun) => ({
          error: begun.visit.answer.parameters.get('error'),
          visit: begun.visit,
        }))
      expect([last, error]).toEqual([last, 'AEIMQUYcgkosw048'.includes(last) ? null : 'invalid_request'])
      expect(visit.answer.status).toBe(error === null ? 200 : 303)
    }
  })
})

describe('a challenge serves one code', () => {
  it('A-PKCE-10, PK-11 a second request with the challenge of an issued code is refused', async () => {
    const issuer = await newIssuer()
    const first = await issuer.authorize()
    const parameters = { code_challenge: first.challenge }
    expectBack(await issuer.authorize({ parameters }), 'invalid_request')
    expectEvent(issuer, 'authz.request.rejected', { reason: 'challenge_reused' })
    await issuer.redeem(first)
    expectBack(await issuer.authorize({ parameters }), 'invalid_request')
  })

  it('PK-11 the code of a signed-in browser counts too, and the refusal comes before any page', async () => {
    const issuer = await newIssuer()
    const { browser, challenge } = await issuer.authorize({ remember: true })
    const again = await issuer.authorize({ browser, parameters: { code_challenge: challenge } })
    expectBack(again, 'invalid_request')
    const stranger = await issuer.authorize({ parameters: { code_challenge: challenge } })
    expect(stranger.visit.hops).toHaveLength(1)
  })

  it('A-PKCE-10, PK-11 a destroyed code remembers its challenge as well', async () => {
    const issuer = await newIssuer()
    const first = await issuer.authorize()
    await issuer.redeem(first, { code_verifier: issuer.random.handle() })
    expectBack(await issuer.authorize({ parameters: { code_challenge: first.challenge } }), 'invalid_request')
  })

  it('A-PKCE-10 the memory lasts ten minutes at least, sweeping included', async () => {
    const issuer = await newIssuer()
    const { challenge } = await issuer.authorize()
    issuer.clock.advance(599)
    await issuer.server.maintain()
    expectBack(await issuer.authorize({ parameters: { code_challenge: challenge } }), 'invalid_request')
  })

  it('A-PKCE-10, PK-11 reloading an unfinished request is harmless, and only one of its tabs gets a code', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin()
    const { browser, sent } = begun
    const reloaded = await issuer.begin({ browser, parameters: sent })
    expect(reloaded.visit.answer.status).toBe(200)
    const finished = await issuer.finish({ ...reloaded, verifier: begun.verifier })
    expect(finished.code).not.toBe('')
    expect((await issuer.redeem(finished)).status).toBe(200)
    expectBack(await issuer.finish(begun), 'invalid_request')
  })

  it('A-PKCE-10 the same challenge at another client is none of its business', async () => {
    const issuer = await newIssuer()
    const { challenge } = await issuer.authorize()
    const other = await issuer.authorize({ client: issuer.clients.P, parameters: { code_challenge: challenge } })
    expect(other.code).not.toBe('')
  })

  it.for([
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    '6fdkQaPm51l13DSukcAH3Mdx7_ntecHYd1vi3n0hMZY',
    '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
  ])('A-PKCE-10, PK-11 the published challenge %s is refused outside test mode', async (code_challenge) => {
    const issuer = await newIssuer()
    expectBack(await issuer.authorize({ parameters: { code_challenge } }), 'invalid_request')
    expectEvent(issuer, 'authz.request.rejected', { reason: 'challenge_published' })
  })
})

it('A-AUTHZ-19 a verifier or a secret in the front channel is refused and not logged', async () => {
  const issuer = await newIssuer()
  const secret = issuer.random.handle()
  expectBack(await issuer.authorize({ parameters: { code_verifier: secret } }), 'invalid_request')
  expectBack(await issuer.authorize({ parameters: { client_secret: secret } }), 'invalid_request')
  expect(JSON.stringify(issuer.records.events)).not.toContain(secret)
  expect(issuer.store.calls).not.toContain('saveInteraction')
})

it('PK-01 a request with a bad redirect URI stays a page although the challenge is missing too', async () => {
  const issuer = await newIssuer()
  const parameters = { redirect_uri: 'https://evil.test/cb', code_challenge: undefined }
  expectPage(await issuer.authorize({ parameters }), 'redirect_uri_mismatch')
})
