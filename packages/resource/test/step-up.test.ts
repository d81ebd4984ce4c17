import { createVerifier, protect, protectMcp, type AuthenticationNeeded, type BearerReason } from '@sallyport/resource'
import { afterEach, describe, expect, it } from 'vitest'
import { bound, dpopOptions, goodProof, headersFor, uri, verifierWith } from './bound-api.ts'
import { audience, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start } from './issuer.ts'
import { challengesOf } from './prover.ts'

const key = await makeKey('k1')
const reasons: BearerReason[] = []
afterEach(() => {
  reasons.length = 0
})

const pwd = 'urn:example:pwd'
const mfa = 'urn:example:mfa'

const verifier = () =>
  createVerifier({
    issuer,
    audience,
    fetch: issuerDocuments(jwksAnswer([key])).fetcher,
    now: () => start + 0.7,
    onRejected: (reason) => reasons.push(reason),
  })

type Claims = { readonly acr?: unknown; readonly auth_time?: unknown; readonly scope?: string }

async function call(needed: AuthenticationNeeded, claims: Claims): Promise<Response> {
  const guard = protect(verifier(), { scope: ['orders.read'], requireAuthentication: needed })
  const token = await sign(key, { claims })
  const headers = { authorization: `Bearer ${token}` }
  return guard.fetch(() => new Response('done'))(new Request(audience, { headers }))
}

/** The parameters of the one challenge of a refusal for want of a better sign-in. */
async function refused(answer: Response): Promise<Record<string, string>> {
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([401, 'no-store'])
  const [challenge, ...more] = challengesOf(answer)
  expect([more, challenge?.scheme]).toEqual([[], 'Bearer'])
  const { error, error_description: description, ...rest } = challenge?.parameters ?? {}
  expect(error).toBe('insufficient_user_authentication')
  expect(await answer.json()).toEqual({ error, error_description: description })
  expect(reasons).toEqual(['authentication'])
  return rest
}

describe('an operation that needs a better sign-in', () => {
  it('B-STEP-01, B-STEP-05 refuses a token of a weaker one and names what would be enough', async () => {
    const answer = await call({ acr: [mfa, 'urn:example:hw'] }, { acr: pwd, auth_time: start })
    expect(await refused(answer)).toEqual({ realm: audience, acr_values: `${mfa} urn:example:hw` })
  })

  it('B-STEP-01 refuses a token of an old one', async () => {
    const answer = await call({ maxAge: 60 }, { acr: mfa, auth_time: start - 61 })
    expect(await refused(answer)).toEqual({ realm: audience, max_age: '60' })
  })

  it('B-STEP-01 names both where both are asked for, whichever is missing', async () => {
    const needed = { acr: [mfa], maxAge: 60 }
    expect(await refused(await call(needed, { acr: pwd, auth_time: start }))).toMatchObject({
      acr_values: mfa,
      max_age: '60',
    })
    reasons.length = 0
    expect(await refused(await call(needed, { acr: mfa, auth_time: start - 61 }))).toMatchObject({
      acr_values: mfa,
      max_age: '60',
    })
  })

  it('B-STEP-01 tells of missing scopes in the same challenge, and of scopes alone as before', async () => {
    const weak = await call({ acr: [mfa] }, { acr: pwd, scope: 'orders.list' })
    expect(await refused(weak)).toMatchObject({ acr_values: mfa, scope: 'orders.read' })
    const strong = await call({ acr: [mfa] }, { acr: mfa, scope: 'orders.list' })
    expect([strong.status, challengesOf(strong)[0]?.parameters['error']]).toEqual([403, 'insufficient_scope'])
  })

  const enough: [AuthenticationNeeded, Claims][] = [
    [{ acr: [mfa] }, { acr: mfa }],
    [{ acr: ['urn:example:hw', mfa] }, { acr: mfa }],
    [{ maxAge: 60 }, { auth_time: start - 60 }],
    [{ maxAge: 0 }, { auth_time: start }],
    [
      { acr: [mfa], maxAge: 60 },
      { acr: mfa, auth_time: start - 1 },
    ],
  ]
  it.for(enough)('B-STEP-01 %j is met by %j', async ([needed, claims]) => {
    expect((await call(needed, claims)).status).toBe(200)
  })

  const never: [AuthenticationNeeded, Claims][] = [
    [{ acr: [mfa] }, {}],
    [{ acr: [mfa] }, { acr: [mfa] }],
    [{ acr: [mfa] }, { acr: `${mfa} ` }],
    [{ acr: [mfa] }, { acr: `${pwd} ${mfa}` }],
    [{ maxAge: 60 }, {}],
    [{ maxAge: 60 }, { auth_time: String(start) }],
    [{ maxAge: 60 }, { auth_time: null }],
  ]
  it.for(never)('B-STEP-01, B-STEP-05 %j is not met by %j: what a token does not tell did not happen', async (one) => {
    await refused(await call(...one))
  })

  it('B-STEP-01 answers in the scheme of the token', async () => {
    const guard = protect(verifierWith(dpopOptions()), { requireAuthentication: { acr: [mfa] } })
    const headers = headersFor({ token: bound, proof: await goodProof() })
    const answer = await guard.fetch(() => new Response('done'))(new Request(uri.replace('/v1', ''), { headers }))
    expect(challengesOf(answer)).toMatchObject([
      { scheme: 'DPoP', parameters: { error: 'insufficient_user_authentication', acr_values: mfa } },
    ])
  })

  it('B-STEP-01 holds for MCP servers too', async () => {
    const metadata = { url: 'https://api.test/.well-known/oauth-protected-resource/orders' }
    const options = { metadata, scope: ['orders.read'], requireAuthentication: { acr: [mfa] } }
    const ask = protectMcp(verifier(), options).fetch(() => new Response('done'))
    const request = async (acr: string) =>
      new Request(audience, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await sign(key, { claims: { acr } })}`,
          'content-type': 'application/json',
        },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      })
    expect(await refused(await ask(await request(pwd)))).toMatchObject({ acr_values: mfa })
    expect((await ask(await request(mfa))).status).toBe(200)
  })

  const impossible: AuthenticationNeeded[] = [
    {},
    { acr: [] },
    { acr: [''] },
    { acr: ['a b'] },
    { acr: ['"'] },
    { maxAge: -1 },
    { maxAge: 1.5 },
    { maxAge: Number.NaN },
  ]
  it.for(impossible)('B-STEP-01 the rule %j is refused at start', (needed) => {
    expect(() => protect(verifier(), { requireAuthentication: needed })).toThrow(TypeError)
  })
})
