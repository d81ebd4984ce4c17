import { describe, expect, it } from 'vitest'
import { expectBack, expectEvent, expectPage, newIssuer } from './fixtures.ts'

const evil = 'https://evil.test/elsewhere'

describe('errors before client and redirect URI are settled', () => {
  it('RU-06, A-AUTHZ-04 redirect_uri is always needed, with one registered URI and with two', async () => {
    const issuer = await newIssuer()
    for (const client of [issuer.clients.K, issuer.clients.N]) {
      const result = await issuer.authorize({ client, parameters: { redirect_uri: undefined } })
      expectPage(result, 'redirect_uri_missing')
    }
    expectPage(await issuer.authorize({ parameters: { redirect_uri: '' } }), 'redirect_uri_missing')
    const reasons = issuer.records.events.map((event) => event.reason)
    expect(new Set(reasons)).toEqual(new Set(['redirect_uri_missing']))
  })

  it('RU-07, A-AUTHZ-02, A-REDIR-12 nothing travels to an address that was not validated', async () => {
    const issuer = await newIssuer()
    const bad: readonly (readonly [Record<string, string | undefined>, string])[] = [
      [{ client_id: 'client_unknown' }, 'client_unknown'],
      [{ client_id: 'client_unknown', redirect_uri: 'https://web.test/cb' }, 'client_unknown'],
      [{ redirect_uri: evil, scope: 'no-such-scope' }, 'redirect_uri_mismatch'],
      [{ redirect_uri: evil, response_type: 'token' }, 'redirect_uri_mismatch'],
      [{ redirect_uri: evil, response_type: undefined }, 'redirect_uri_mismatch'],
      [{ redirect_uri: evil, prompt: 'none' }, 'redirect_uri_mismatch'],
      [{ redirect_uri: evil, code_challenge: undefined }, 'redirect_uri_mismatch'],
    ]
    for (const [parameters, reason] of bad) {
      const result = await issuer.authorize({ parameters })
      expectPage(result, reason)
      expect(result.visit.answer.text).not.toContain(evil)
    }
  })

  it.for(['query', 'fragment', 'form_post', 'query.jwt', 'form_post.jwt', 'jwt', 'fragment.jwt', 'x'])(
    'RU-09, A-AUTHZ-18 response_mode=%s changes nothing about the redirect URI',
    async (response_mode) => {
      const issuer = await newIssuer()
      expectPage(await issuer.authorize({ parameters: { response_mode, redirect_uri: evil } }), 'redirect_uri_mismatch')
      const onGood = await issuer.authorize({ parameters: { response_mode } })
      if (response_mode === 'query' || response_mode === 'form_post') expect(onGood.code).not.toBe('')
      else if (['jwt', 'query.jwt', 'form_post.jwt'].includes(response_mode))
        expect(onGood.response.get('response')).toMatch(/^eyJ/)
      else expectBack(onGood, 'invalid_request')
    },
  )

  it('RU-08 an approved client gets its errors at once, also with prompt=none', async () => {
    const issuer = await newIssuer()
    expectBack(await issuer.authorize({ parameters: { scope: 'bad' } }), 'invalid_scope')
    expectBack(await issuer.authorize({ parameters: { scope: 'bad', prompt: 'none' } }), 'invalid_scope')
  })
})

describe('the error page in development', () => {
  const parameters = { redirect_uri: 'http://127.0.0.1:3000/call' }

  it('A-REDIR-12 shows the sent and the registered address side by side', async () => {
    const issuer = await newIssuer({ issuer: 'http://localhost:7636', development: true })
    const redirectUris = ['http://127.0.0.1:3000/cb']
    const client = await issuer.addClient({ type: 'web', name: 'Dev', redirectUris, scope: 'openid' })
    const { visit } = await issuer.authorize({ client, parameters })
    expect(visit.answer.text).toContain('<pre id="sent">http://127.0.0.1:3000/call</pre>')
    expect(visit.answer.text).toContain('http://127.0.0.1:3000/cb')
    expect(visit.answer.text).not.toContain('href="http://127.0.0.1:3000/call"')
  })

  it('A-UI-12 a public issuer shows neither, whatever the setting says', async () => {
    const issuer = await newIssuer({ development: true })
    const { visit } = await issuer.authorize({ parameters: { redirect_uri: evil } })
    expect(visit.answer.text).not.toContain('id="sent"')
    expect(visit.answer.text).not.toContain('https://web.test/cb')
  })
})

it('A-REDIR-15 a known web view is turned away where the policy says so', async () => {
  const userAgent = 'Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Version/4.0 Chrome/120 Mobile Safari/537.36'
  const strict = await newIssuer({ policy: { refuseWebViews: true } })
  expectPage(await strict.authorize({ browser: strict.browser({ userAgent }) }), 'web_view')
  expectEvent(strict, 'authz.request.rejected', { reason: 'web_view' })
  expect((await strict.authorize()).code).not.toBe('')
  const tolerant = await newIssuer()
  expect((await tolerant.authorize({ browser: tolerant.browser({ userAgent }) })).code).not.toBe('')
})
