import { challengeOf, lookupKey } from '@sallyport/protocol'
import type { Store } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const vectors: readonly (readonly [string, string, string])[] = [
  ['V1', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'],
  ['V2', '3641a2d12d66101249cdf7a79c000c1f8c05d2aafcf14bf146497bed', '6fdkQaPm51l13DSukcAH3Mdx7_ntecHYd1vi3n0hMZY'],
  ['V3', 'a'.repeat(43), 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA'],
  ['V4', 'a'.repeat(128), 'aDbPE7rEAOkQUHHNavRwhN-srU5eMCyUv-0k4BOvtz4'],
  [
    'V5',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~',
    'RZ77XZltYSfl0BLxuGd8pHGJ4EoMoVDVuSWHgNq3RY8',
  ],
]

describe('the verifier', () => {
  it.for(vectors)('A-PKCE-05, A-PKCE-06 vector %s redeems its code', async ([, code_verifier, code_challenge]) => {
    const issuer = await newIssuer({ acceptPublishedChallenges: true })
    const authorized = await issuer.authorize({ parameters: { code_challenge } })
    expectTokens(await issuer.redeem(authorized, { code_verifier }))
  })

  it('A-PKCE-06 V1 in lower case has the right syntax and the wrong value', async () => {
    const issuer = await newIssuer({ acceptPublishedChallenges: true })
    const [, verifier, code_challenge] = vectors[0] ?? ['', '', '']
    const authorized = await issuer.authorize({ parameters: { code_challenge } })
    expectRefusal(await issuer.redeem(authorized, { code_verifier: verifier.toLowerCase() }), 'invalid_grant')
  })

  const malformed: readonly (readonly [string, string])[] = [
    ['42 characters', 'a'.repeat(42)],
    ['129 characters', 'a'.repeat(129)],
    ['a space', `${'a'.repeat(42)} `],
    ['a plus', `${'a'.repeat(42)}+`],
    ['a slash', `${'a'.repeat(42)}/`],
    ['an equals sign', `${'a'.repeat(42)}=`],
    ['a percent sign', `${'a'.repeat(42)}%`],
    ['an accented letter', `${'a'.repeat(42)}é`],
    ['an emoji', `${'a'.repeat(42)}😀`],
  ]
  it.for(malformed)('A-PKCE-05, B-CX-05, PK-09 %s is malformed and destroys the code', async ([, code_verifier]) => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize({ parameters: { code_challenge: challengeOf(code_verifier) } })
    expectRefusal(await issuer.redeem(authorized, { code_verifier }), 'invalid_request')
    expectEvent(issuer, 'token.pkce.failed', { reason: 'verifier_syntax', class: 'malformed' })
    expectRefusal(await issuer.redeem(authorized, { code_verifier }), 'invalid_grant')
  })

  it.for(['\n', '\u0000', '\u2028'])('PK-09, XS-04 a trailing %j is refused, and the code is gone', async (tail) => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, { code_verifier: authorized.verifier + tail }), 'invalid_request')
    expectEvent(issuer, 'token.pkce.failed', { reason: 'verifier_syntax', class: 'malformed' })
    expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
  })

  it('PK-09, XS-04 a control character anywhere else leaves the code as it was', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, { state: 'a\u0000' }), 'invalid_request')
    expectTokens(await issuer.redeem(authorized))
  })

  it('PK-09 a verifier of ten megabytes never gets past the adapter, and the code is untouched', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const tooLarge = await issuer.send({
      method: 'POST',
      path: '/oauth2/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      fault: 'size',
    })
    expectRefusal(tooLarge, 'invalid_request', 413)
    expectTokens(await issuer.redeem(authorized))
  })

  it.for(['K', 'P', 'post', 'N'] as const)(
    'A-PKCE-07, PK-06 client %s without a verifier gets nothing, and the code is gone',
    async (kind) => {
      const issuer = await newIssuer()
      const authorized = await issuer.authorize({ client: issuer.clients[kind] })
      expectRefusal(await issuer.redeem(authorized, { code_verifier: undefined }), 'invalid_grant')
      expectEvent(issuer, 'token.pkce.failed', { reason: 'pkce_required', class: 'suspected_interception' })
      expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
    },
  )

  it('A-PKCE-07, PK-07 an empty verifier is a missing one', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const answer = await issuer.redeem(authorized, { code_verifier: '' })
    expectRefusal(answer, 'invalid_grant')
    expect(answer.json['error_description']).toMatch(/^pkce_required:/)
    expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
  })

  it('A-PKCE-06, PK-02 the challenge itself is no verifier', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, { code_verifier: authorized.challenge }), 'invalid_grant')
  })
})

describe('failed comparisons', () => {
  it('PK-10, A-CODE-10 verifiers of parallel flows are not interchangeable and the other flow stays whole', async () => {
    const issuer = await newIssuer()
    const a = await issuer.authorize()
    const b = await issuer.authorize()
    expectRefusal(await issuer.redeem(a, { code_verifier: b.verifier }), 'invalid_grant')
    expectEvent(issuer, 'token.pkce.failed', { reason: 'mismatch', severity: 'high', class: 'suspected_interception' })
    expectRefusal(await issuer.redeem(a), 'invalid_grant')
    expectTokens(await issuer.redeem(b))
  })

  it('PK-12 a thousand verifiers against one code, one after the other, are one comparison', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    for (let attempt = 0; attempt < 1000; attempt++) {
      const remoteAddress = `10.0.${attempt >> 3}.${attempt & 7}`
      const answer = await issuer.redeem(authorized, { code_verifier: issuer.random.handle() }, { remoteAddress })
      expect(answer.json['error']).toBe('invalid_grant')
    }
    expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
    expect(eventsOf(issuer, 'token.pkce.failed')).toHaveLength(1)
    expect(eventsOf(issuer, 'token.request.rejected', 'code_unknown').length).toBeGreaterThan(0)
  })
})

/** A memory store in which the next code is kept without its challenge, as a hand-made row would be. */
function storeWithoutChallenge(): Store {
  const store = createMemoryStore()
  return {
    ...store,
    issueCode: (records, now) =>
      store.issueCode({ ...records, code: { ...records.code, codeChallenge: undefined } }, now),
  }
}

describe('a code without a challenge', () => {
  it('A-PKCE-08, PK-05 is refused with a verifier and without one, and stays as it is', async () => {
    const issuer = await newIssuer({ store: storeWithoutChallenge() })
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized), 'invalid_request')
    expectEvent(issuer, 'token.pkce.failed', { reason: 'verifier_without_challenge' })
    expectRefusal(await issuer.redeem(authorized, { code_verifier: undefined }), 'invalid_grant')
    expectEvent(issuer, 'token.pkce.failed', { reason: 'challenge_absent' })
    const view = await issuer.store.findAuthorizationCode(lookupKey(authorized.code))
    expect(view?.state).toBe('issued')
  })

  it('A-PKCE-08, PK-05 cannot be redeemed at the store either', async () => {
    const issuer = await newIssuer({ store: storeWithoutChallenge() })
    const { code } = await issuer.authorize()
    const redemption = { kind: 'authorization_code', digest: lookupKey(code) } as const
    const records = { refreshToken: undefined, accessToken: undefined, events: [] }
    expect(await issuer.store.redeem(redemption, records, issuer.clock.now())).toBe(false)
  })
})

describe('where PKCE stands', () => {
  it('A-PKCE-09 the challenge is told to nobody', async () => {
    const issuer = await newIssuer()
    for (const response_mode of ['query', 'form_post']) {
      const authorized = await issuer.authorize({ parameters: { response_mode } })
      const answers = [...authorized.visit.hops.slice(-1), await issuer.redeem(authorized)]
      for (const { text, location } of answers) expect(`${text} ${location}`).not.toContain(authorized.challenge)
    }
  })

  it('A-PKCE-17 neither client authentication nor the verifier replaces the other', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, {}, { secret: 'wrong' }), 'invalid_client', 401)
    const bothWrong = await issuer.redeem(authorized, { code_verifier: issuer.random.handle() }, { secret: 'wrong' })
    expectRefusal(bothWrong, 'invalid_client', 401)
    expectTokens(await issuer.redeem(authorized))
    const second = await issuer.authorize()
    expectRefusal(await issuer.redeem(second, { code_verifier: issuer.random.handle() }), 'invalid_grant')
  })

  it('A-PKCE-17 the order of the checks: each fault hides those behind it', async () => {
    const issuer = await newIssuer()
    const { E } = issuer.clients
    const authorized = await issuer.authorize()
    const wrong = { code_verifier: issuer.random.handle() }
    const reasonOf = async (...request: Parameters<typeof issuer.redeem>): Promise<string | undefined> => {
      issuer.forget()
      await issuer.redeem(...request)
      return issuer.records.events.map(({ detail, reason }) => String(detail['reason_id'] ?? reason))[0]
    }
    const redirect_uri = 'https://web.test/other'
    const doubled = { ...wrong, redirect_uri: [redirect_uri, redirect_uri] }
    expect(await reasonOf(authorized, doubled, { secret: 'x' })).toBe('param_duplicated')
    expect(await reasonOf(authorized, { ...wrong, redirect_uri }, { secret: 'x' })).toBe('client_auth_failed')
    expect(await reasonOf(authorized, { ...wrong, redirect_uri }, { as: E })).toBe('code_of_another_client')
    expect(await reasonOf(authorized, { ...wrong, redirect_uri })).toBe('code_redirect_uri')
    issuer.clock.advance(61)
    expect(await reasonOf(authorized)).toBe('code_expired')
    expect(await reasonOf(authorized, wrong)).toBe('pkce_mismatch')
    expect(await reasonOf(authorized)).toBe('code_unknown')
  })

  it('A-PKCE-18 a verifier means nothing to the other grants', async () => {
    const issuer = await newIssuer()
    const code_verifier = issuer.random.handle()
    const tokens = await issuer.codeFlow()
    expectTokens(await issuer.refresh(tokens, { code_verifier }))
    expectTokens(
      await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: 'https://rs1.test', code_verifier }),
    )
  })

  it('A-PKCE-16 pkce_required is a description and a reason, never an error code, and the help page is named', async () => {
    const issuer = await newIssuer()
    const refused = await issuer.authorize({ parameters: { code_challenge: undefined } })
    expect(refused.error).toBe('invalid_request')
    expect(refused.response.get('error_uri')).toBe('https://as.test/docs/errors/pkce-required')
    const answer = await issuer.redeem(await issuer.authorize(), { code_verifier: undefined })
    expect(answer.json).toMatchObject({
      error: 'invalid_grant',
      error_description: 'pkce_required: code verifier required',
      error_uri: 'https://as.test/docs/errors/pkce-required',
    })
    const labels = issuer.records.measures
      .filter(({ name }) => name === 'requests_rejected')
      .map((one) => one.labels['reason'])
    expect(labels).toEqual(['pkce_required', 'verifier_missing'])
  })
})
