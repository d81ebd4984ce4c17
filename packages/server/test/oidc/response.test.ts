import { de, en } from '@sallyport/accounts'
import { decodeJwt, formsOf, headerOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack, issuerId, newIssuer } from '../fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const plain = { scope: 'openid read' }

describe('form_post', () => {
  const state = `"'><script>alert(1)</script></form>&quot; %0A`

  it.for(['success', 'error'])('B-OIDC-34, XS-03 %s is one escaped form that submits itself', async (outcome) => {
    const issuer = await newRealIssuer()
    const decision = outcome === 'error' ? 'deny' : 'allow'
    const result = await issuer.authorize({ decision, parameters: { response_mode: 'form_post', state } })
    const { answer } = result.visit
    expect([answer.status, answer.location, headerOf(answer, 'cache-control')]).toEqual([200, undefined, 'no-store'])
    const forms = formsOf(answer.text)
    expect(forms.map(({ action, method }) => [action, method])).toEqual([['https://web.test/cb', 'POST']])
    expect(result.response.get('state')).toBe(state)
    expect(result.response.get('iss')).toBe(issuerId)
    expect(result.response.has(outcome === 'error' ? 'error' : 'code')).toBe(true)
    // The one script is ours: what came in stands nowhere as markup.
    expect(answer.text.match(/<script|<\/form>/g)).toEqual(['</form>', '<script'])
    expect(answer.text).not.toContain('enctype')
  })

  it('B-OIDC-34 its policy names a fresh script nonce and the redirect origin', async () => {
    const issuer = await newRealIssuer()
    const nonces = new Set<string>()
    for (let round = 0; round < 3; round++) {
      const { visit } = await issuer.authorize({ parameters: { response_mode: 'form_post' } })
      const policy = headerOf(visit.answer, 'content-security-policy') ?? ''
      const nonce = /script-src 'nonce-([\w-]{22})';/.exec(policy)?.[1] ?? ''
      expect(visit.answer.text).toContain(`<script nonce="${nonce}">`)
      expect(policy).toMatch(/; form-action https:\/\/web\.test$/)
      expect(policy).toMatch(/^default-src 'none';/)
      nonces.add(nonce)
    }
    expect(nonces.size).toBe(3)
  })

  it('B-OIDC-34, B-OIDC-28 its words are in the language of the person, for errors too', async () => {
    const issuer = await newRealIssuer()
    const german = { response_mode: 'form_post', ui_locales: 'de' }
    const pages = []
    for (const more of [{}, { scope: 'unheard' }])
      pages.push((await issuer.authorize({ parameters: { ...german, ...more } })).visit.answer.text)
    const { visit } = await issuer.begin({ parameters: { response_mode: 'form_post', prompt: 'none' } })
    pages.push((await issuer.browser().get(visit.url, { 'accept-language': 'de-AT, en;q=0.5' })).text)
    for (const text of pages) {
      expect(text).toContain('<html lang="de"')
      expect(text).toContain(`<p>${de['formPost.text']}</p>`)
      expect(text).toContain(`<button type="submit">${de['formPost.submit']}</button>`)
      expect(text).toContain('rel="stylesheet"')
    }
  })

  it('B-OIDC-34, XS-03 pages that leave it out get a plain one, escaped and under the same policy', async () => {
    const issuer = await newIssuer()
    const { visit, response } = await issuer.authorize({ parameters: { response_mode: 'form_post', state } })
    expect(formsOf(visit.answer.text).map(({ action }) => action)).toEqual(['https://web.test/cb'])
    expect(response.get('state')).toBe(state)
    expect(visit.answer.text.match(/<script|<\/form>/g)).toEqual(['</form>', '<script'])
    expect(headerOf(visit.answer, 'content-security-policy')).toMatch(/; form-action https:\/\/web\.test$/)
  })

  it('B-OIDC-34 errors of the request itself use the same mode', async () => {
    const issuer = await newRealIssuer()
    for (const more of [{ scope: 'unheard' }, { code_challenge: undefined }, { prompt: 'none' }]) {
      const { visit, response } = await issuer.authorize({ parameters: { response_mode: 'form_post', ...more } })
      expect([visit.answer.status, visit.answer.location, response.has('error')]).toEqual([200, undefined, true])
    }
  })
})

describe('iss', () => {
  it('B-OIDC-35 is the issuer byte for byte in every answer', async () => {
    for (const id of ['https://as.test', 'https://as.test/tenant', 'https://as.test/', 'http://localhost:7636']) {
      const issuer = await newRealIssuer({ issuer: id })
      const { json } = await issuer.get('/.well-known/openid-configuration')
      const outcomes = [
        await issuer.authorize(),
        await issuer.authorize({ decision: 'deny' }),
        await issuer.authorize({ parameters: { prompt: 'none' } }),
        await issuer.authorize({ parameters: { scope: 'unheard' } }),
        await issuer.authorize({ parameters: { response_mode: 'form_post' } }),
      ]
      expect(outcomes.map(({ response }) => response.getAll('iss'))).toEqual(outcomes.map(() => [id]))
      expect(json['issuer']).toBe(id)
    }
  })
})

describe('refusal and giving up', () => {
  it('B-OIDC-42 no on any page ends with access_denied, and nothing can be redeemed', async () => {
    const issuer = await newRealIssuer()
    const login = await issuer.begin()
    const cancelled = await login.browser.submit(login.visit, 'login-cancel-form', { decision: 'cancel' })
    expect(cancelled.leftFor).toContain('error=access_denied')
    expectBack(await issuer.authorize({ decision: 'deny' }), 'access_denied')
    const { browser } = await signedIn(issuer, { parameters: plain })
    const choice = await issuer.begin({ browser, parameters: { prompt: 'select_account' } })
    const gone = await browser.submit(choice.visit, 'account-form', { decision: 'cancel' })
    expect(gone.leftFor).toContain('error=access_denied')
  })

  it('B-OIDC-42 a browser that is closed leaves nothing behind but a row that expires', async () => {
    const issuer = await newRealIssuer()
    const { visit, browser } = await issuer.begin()
    issuer.clock.advance(601)
    expect(placeOf(await browser.open(visit.url))).toBe('error')
    await issuer.server.maintain()
    expect(issuer.store.calls).not.toContain('issueCode')
  })
})

describe('access while away', () => {
  it('B-OIDC-37 counts when the page was shown, and else is not listed either', async () => {
    const issuer = await newRealIssuer()
    const first = await issuer.codeFlow({ remember: true })
    const { browser } = first.authorized
    issuer.clock.advance(1)
    const silent = await issuer.codeFlow({ browser })
    issuer.clock.advance(1)
    const asked = await issuer.codeFlow({ browser, parameters: { prompt: 'consent' } })
    expect([first, silent, asked].map(({ refreshToken }) => refreshToken !== '')).toEqual([true, false, true])
    const granted = (await issuer.store.admin.listAuthorizations({}, undefined, 10)).items
    expect(granted.map(({ authorization }) => authorization.scope.includes('offline_access'))).toEqual([
      true,
      false,
      true,
    ])
  })

  it('B-OIDC-37 an own application of the operator has it by a stored decision', async () => {
    const issuer = await newRealIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { firstParty: true })
    const tokens = await issuer.codeFlow({ client })
    expect(tokens.refreshToken).not.toBe('')
    expect(tokens.authorized.visit.hops.map(({ text }) => text).join()).not.toContain('consent-form')
  })

  it('B-OIDC-38 a client without the grant gets no refresh token and no error', async () => {
    const issuer = await newRealIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { grantTypes: ['authorization_code'] })
    const tokens = await issuer.codeFlow({ client })
    expect(tokens.refreshToken).toBe('')
    expect(tokens.idToken).not.toBe('')
  })

  it('B-OIDC-38 the page names it in words', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const { visit } = await issuer.begin({ browser, parameters: { scope: 'openid offline_access', prompt: 'consent' } })
    expect(placeOf(visit)).toBe('consent')
    expect(visit.answer.text).toContain(en['scope.offline.title'])
    expect(visit.answer.text).not.toContain('>offline_access<')
  })
})

describe('the token response', () => {
  it('B-OIDC-40 has the members of OpenID Connect and may not be kept', async () => {
    const issuer = await newRealIssuer()
    const { answer } = await issuer.codeFlow()
    expect(Object.keys(answer.json).toSorted()).toEqual(
      ['access_token', 'expires_in', 'id_token', 'refresh_token', 'scope', 'token_type'].toSorted(),
    )
    expect(answer.json).toMatchObject({ token_type: 'Bearer', expires_in: 300 })
    expect([answer.headers['cache-control'], answer.headers['pragma']]).toEqual(['no-store', 'no-cache'])
    expect(answer.headers['content-type']).toBe('application/json')
  })

  it('B-OIDC-41 a refreshed ID Token keeps who and when, and has no nonce', async () => {
    const issuer = await newRealIssuer()
    const tokens = await issuer.codeFlow({ parameters: { max_age: '1000' } })
    issuer.clock.advance(2)
    const before = decodeJwt(tokens.idToken).claims
    const after = decodeJwt((await issuer.refreshed(tokens)).idToken).claims
    for (const name of ['iss', 'sub', 'aud', 'azp', 'auth_time'])
      expect([name, after[name]]).toEqual([name, before[name]])
    expect(after['iat']).toBe(Number(before['iat']) + 2)
    expect(before).toHaveProperty('nonce')
    expect(after).not.toHaveProperty('nonce')
  })

  it.for([1, 30])(
    'B-OIDC-39 a code works once: again after %d s its tokens are dead, and only with proof',
    async (wait) => {
      const issuer = await newRealIssuer()
      const flow = await issuer.codeFlow()
      issuer.clock.advance(wait)
      expect((await issuer.redeem(flow.authorized, {}, { as: issuer.clients.E })).json['error']).toBe('invalid_grant')
      const wrong = await issuer.redeem(flow.authorized, { code_verifier: issuer.random.handle() })
      expect([wrong.json['error'], await issuer.isAlive(flow.accessToken)]).toEqual(['invalid_grant', true])
      expect((await issuer.redeem(flow.authorized)).json['error']).toBe('invalid_grant')
      expect(await issuer.isAlive(flow.accessToken)).toBe(false)
    },
  )
})
