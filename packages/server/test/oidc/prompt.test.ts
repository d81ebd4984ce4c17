import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack } from '../fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const plain = { scope: 'openid read' }

describe('values of prompt', () => {
  it.for([
    'none login',
    'login none',
    'None',
    'LOGIN',
    'foo',
    'create',
    'login foo',
    'login  consent',
    'login,consent',
  ])('B-OIDC-09 %j is refused', async (prompt) => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ parameters: { prompt } }), 'invalid_request')
  })

  it('B-OIDC-09 the advertised values are those that work, alone and together', async () => {
    const issuer = await newRealIssuer()
    const { json } = await issuer.get('/.well-known/openid-configuration')
    expect(json['prompt_values_supported']).toEqual(['none', 'login', 'consent', 'select_account'])
    for (const prompt of ['login', 'consent', 'select_account', 'login consent select_account'])
      expect((await issuer.authorize({ parameters: { prompt } })).code).not.toBe('')
  })
})

describe('prompt=none', () => {
  it('B-OIDC-10 nobody signed in: login_required, at once', async () => {
    const issuer = await newRealIssuer()
    const result = await issuer.authorize({ parameters: { prompt: 'none' } })
    expectBack(result, 'login_required')
    expect(result.visit.hops).toHaveLength(1)
  })

  const needs: [string, Record<string, string>, string][] = [
    ['no agreement', { scope: 'openid read write' }, 'consent_required'],
    ['an agreement without the resource', { ...plain, resource: 'https://as.test' }, 'consent_required'],
    ['an agreement without the claim', { ...plain, claims: '{"userinfo":{"email":null}}' }, 'consent_required'],
    ['a sign-in that is too old', { ...plain, max_age: '0' }, 'login_required'],
    ['somebody else', { ...plain, claims: '{"id_token":{"sub":{"value":"user_x"}}}' }, 'login_required'],
    ['another way of signing in', { ...plain, claims: acr('urn:mfa') }, 'unmet_authentication_requirements'],
  ]
  it.for(needs)('B-OIDC-10 %s needed: no page is shown', async ([, parameters, error]) => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    issuer.clock.advance(10)
    const result = await issuer.authorize({ browser, parameters: { ...parameters, prompt: 'none' } })
    expectBack(result, error)
    expect(result.visit.hops).toHaveLength(1)
  })

  it('B-OIDC-11, B-OIDC-16 succeeds silently with the same person and the same auth_time', async () => {
    const issuer = await newRealIssuer()
    const parameters = { ...plain, max_age: '1000' }
    const first = await issuer.codeFlow({ remember: true, parameters })
    issuer.clock.advance(120)
    const second = await issuer.codeFlow({
      browser: first.authorized.browser,
      parameters: { ...parameters, prompt: 'none' },
    })
    expect(second.authorized.visit.hops).toHaveLength(1)
    const [before, after] = [decodeJwt(first.idToken).claims, decodeJwt(second.idToken).claims]
    expect([after['sub'], after['auth_time']]).toEqual([before['sub'], before['auth_time']])
    expect(Number(after['iat'])).toBe(Number(before['iat']) + 120)
  })
})

describe('prompt=login', () => {
  it('B-OIDC-12 asks for the password again, and auth_time is later', async () => {
    const issuer = await newRealIssuer()
    const parameters = { ...plain, max_age: '1000' }
    const first = await issuer.codeFlow({ remember: true, parameters })
    issuer.clock.advance(30)
    const { browser } = first.authorized
    const begun = await issuer.begin({ browser, parameters: { ...parameters, prompt: 'login' } })
    expect(placeOf(begun.visit)).toBe('login')
    const answer = await issuer.redeem(await issuer.finish(begun))
    const auth = [first.idToken, String(answer.json['id_token'])].map((token) => decodeJwt(token).claims['auth_time'])
    expect(Number(auth[1])).toBe(Number(auth[0]) + 30)
  })

  it('B-OIDC-12 neither a reload nor an earlier interaction gets around it', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const earlier = await issuer.begin({ browser, parameters: { ...plain, prompt: 'consent' } })
    const begun = await issuer.begin({ browser, parameters: { ...plain, prompt: 'login' } })
    const id = new URL(begun.visit.url).searchParams.get('interaction') ?? ''
    for (const path of ['/oauth2/resume', '/consent', '/login'])
      expect(placeOf(await browser.open(`${path}?interaction=${id}`))).toBe('login')
    // The form of the other interaction belongs to that one alone.
    const fields = { ...earlier.visit.forms[0]?.fields, interaction: id, decision: 'allow' }
    expect((await browser.post('/consent', fields)).status).toBe(403)
    expect(placeOf(await browser.open(`/oauth2/resume?interaction=${id}`))).toBe('login')
  })

  it('B-OIDC-12 a sign-in in another tab does not count for this request', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const begun = await issuer.begin({ browser, parameters: { ...plain, prompt: 'login' } })
    await issuer.authorize({ browser, parameters: { ...plain, prompt: 'login' } })
    expect(placeOf(await browser.open(begun.visit.url.replace('/login', '/oauth2/resume')))).toBe('login')
  })
})

describe('prompt=consent and prompt=select_account', () => {
  it('B-OIDC-13 asks although the agreement is stored, and no ends the flow', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const begun = await issuer.begin({ browser, parameters: { ...plain, prompt: 'consent' } })
    expect(placeOf(begun.visit)).toBe('consent')
    expectBack(await issuer.finish(begun, { decision: 'deny' }), 'access_denied')
  })

  it('B-OIDC-14 lets the person keep the account, take another, or none', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const ask = () => issuer.begin({ browser, parameters: { ...plain, prompt: 'select_account' } })
    const kept = await issuer.finish(await ask())
    expect(await subjectOf(await issuer.redeem(kept))).toBe(issuer.alice.subject)
    const asked = await ask()
    const visit = await browser.submit(asked.visit, 'account-form', { decision: 'other' })
    const other = await issuer.finish({ ...asked, visit }, { person: issuer.bob })
    expect(await subjectOf(await issuer.redeem(other))).toBe(issuer.bob.subject)
    const last = await ask()
    const gone = await browser.submit(last.visit, 'account-form', { decision: 'cancel' })
    expect(gone.leftFor).toContain('error=access_denied')
  })
})

const subjectOf = async ({ json }: { json: Readonly<Record<string, unknown>> }): Promise<unknown> =>
  decodeJwt(String(json['id_token'])).claims['sub']

function acr(value: string): string {
  return JSON.stringify({ id_token: { acr: { essential: true, value } } })
}
