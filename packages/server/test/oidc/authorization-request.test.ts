import { decodeJwt, headerOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack } from '../fixtures.ts'
import { expectPageOf, newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

describe('both methods', () => {
  it('B-OIDC-01 GET and POST end alike', async () => {
    const issuer = await newRealIssuer()
    const results = []
    for (const method of ['GET', 'POST'] as const) {
      const { idToken, scope, authorized } = await issuer.codeFlow({ method })
      const { sub, aud } = decodeJwt(idToken).claims
      results.push({ sub, aud, scope, members: [...authorized.response.keys()].toSorted() })
    }
    expect(results[0]).toEqual(results[1])
    expect(results[0]?.members).toEqual(['code', 'iss', 'state'])
  })

  it('B-OIDC-01 a person who is signed in is recognised by either, although the post of another site brings no cookie', async () => {
    const issuer = await newRealIssuer()
    const parameters = { scope: 'openid read' }
    const { browser } = await signedIn(issuer, { parameters })
    for (const method of ['GET', 'POST'] as const) {
      const again = await issuer.begin({ browser, method, parameters: { ...parameters, prompt: 'none' } })
      expect([method, again.visit.answer.parameters.has('code')]).toEqual([method, true])
    }
  })

  it('B-OIDC-01 a post of another site does not disturb what the browser is doing in another tab', async () => {
    const issuer = await newRealIssuer()
    const first = await issuer.begin()
    const second = await issuer.begin({ browser: first.browser, method: 'POST', client: issuer.clients.P })
    expect((await issuer.finish(second)).code).not.toBe('')
    expect((await issuer.finish(first)).code).not.toBe('')
  })

  it.for(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'HEAD'])('B-OIDC-01 %s is answered 405', async (method) => {
    const issuer = await newRealIssuer()
    const answer = await issuer.send({ path: '/oauth2/authorize', method })
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, POST'])
  })
})

describe('scope and unknown parameters', () => {
  it('B-OIDC-02 without openid there is no ID Token and no UserInfo', async () => {
    const issuer = await newRealIssuer()
    const tokens = await issuer.codeFlow({ parameters: { scope: 'profile', resource: undefined } })
    expect(tokens.idToken).toBe('')
    const answer = await issuer.userinfo(tokens.accessToken)
    expect(answer.status).toBe(403)
    expect(headerOf(answer, 'www-authenticate')).toContain('error="insufficient_scope"')
  })

  it('B-OIDC-03 order and unknown parameters mean nothing', async () => {
    const issuer = await newRealIssuer()
    const { sent, browser } = await issuer.begin()
    const reversed = Object.fromEntries(Object.entries(sent).toReversed())
    const scope = String(sent['scope']).split(' ').toReversed().join(' ')
    const { visit } = await issuer.begin({ browser, parameters: { ...reversed, scope, extra: 'foobar', scope2: 'x' } })
    expect(placeOf(visit)).toBe('login')
    const tokens = await issuer.codeFlow({ parameters: { scope: 'read offline_access openid', extra: 'foobar' } })
    expect(tokens.refreshToken).not.toBe('')
  })

  it('B-OIDC-03 an unknown scope value is refused, not dropped', async () => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ parameters: { scope: 'openid unheard' } }), 'invalid_scope')
  })
})

describe('response type and mode', () => {
  const types = ['token', 'id_token', 'id_token token', 'code token', 'code id_token', 'code id_token token', 'none']
  it.for([...types, 'CODE', 'code code'])('B-OIDC-04 response_type %s is refused', async (response_type) => {
    const issuer = await newRealIssuer()
    const result = await issuer.authorize({ parameters: { response_type } })
    expectBack(result, 'unsupported_response_type')
    expect(result.visit.leftFor).not.toMatch(/access_token|id_token=|#/)
  })

  it('B-OIDC-04 a missing response_type is refused', async () => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ parameters: { response_type: undefined } }), 'invalid_request')
  })

  it.for(['fragment', 'foo', 'fragment.jwt', 'form_post.JWT', 'web_message', 'Query'])(
    'B-OIDC-33, A-SPA-05 response_mode %s is refused in the default mode',
    async (response_mode) => {
      const issuer = await newRealIssuer()
      expectBack(await issuer.authorize({ parameters: { response_mode } }), 'invalid_request')
    },
  )

  it('B-OIDC-33 query is the default', async () => {
    const issuer = await newRealIssuer()
    for (const response_mode of ['query', undefined])
      expect((await issuer.authorize({ parameters: { response_mode } })).visit.leftFor).toContain('?code=')
  })
})

describe('redirect URI before everything else', () => {
  const variants = {
    'a missing one': undefined,
    'an added query': 'https://web.test/cb?x=1',
    'a changed query': 'https://web.test/cb?',
    'a trailing slash': 'https://web.test/cb/',
    'another case': 'https://web.test/CB',
    'a fragment': 'https://web.test/cb#f',
  }
  it.for(Object.entries(variants))('B-OIDC-05 %s stays on a page, also with other faults', async ([, redirect_uri]) => {
    const issuer = await newRealIssuer()
    for (const more of [{}, { response_type: 'token', scope: 'unheard', code_challenge: undefined }]) {
      const { visit } = await issuer.begin({ parameters: { redirect_uri, ...more } })
      const reason = redirect_uri === undefined ? 'redirect_uri_missing' : 'redirect_uri_mismatch'
      expectPageOf(visit.answer, reason)
    }
    expect(issuer.store.calls).not.toContain('saveInteraction')
  })
})

describe('errors that go back', () => {
  const causes = {
    invalid_request: { code_challenge: undefined },
    invalid_scope: { scope: 'unheard' },
    unsupported_response_type: { response_type: 'token' },
    invalid_target: { resource: 'https://unknown.test' },
    login_required: { prompt: 'none' },
    registration_not_supported: { registration: '{}' },
    request_uri_not_supported: { request_uri: 'https://evil.test/r' },
  }
  it.for(Object.entries(causes))('B-OIDC-06 %s has exactly the members of an error', async ([error, parameters]) => {
    const issuer = await newRealIssuer()
    const result = await issuer.authorize({ parameters })
    expectBack(result, error)
    const members = [...result.response.keys()].toSorted()
    expect(members).toEqual(['error', 'error_description', 'error_uri', 'iss', 'state'])
    const stateless = await issuer.authorize({ parameters: { ...parameters, state: undefined } })
    expect(stateless.response.has('state')).toBe(false)
    expect(eventsOf(issuer, 'authz.request.rejected')).toHaveLength(2)
  })

  it('B-OIDC-32 the registration parameter is refused', async () => {
    const issuer = await newRealIssuer()
    const registration = JSON.stringify({ client_name: 'x' })
    expectBack(await issuer.authorize({ parameters: { registration } }), 'registration_not_supported')
  })
})
