import type { BegunAuthorization, TestClient, TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack } from '../fixtures.ts'
import { expectPageOf, newRealIssuer, signedIn } from '../real-pages.ts'
import { asTestClient, openIssuer, plain, redirectUri, register } from './registrations.ts'

const asked = { scope: 'openid', resource: undefined }

/** The consent page for somebody who is signed in already. */
async function pageOf(issuer: TestIssuer, client: TestClient): Promise<BegunAuthorization> {
  const { browser } = await signedIn(issuer, { parameters: asked })
  return issuer.begin({ client, browser, parameters: { ...asked, prompt: 'consent' } })
}

describe('an error of a self-registered client', () => {
  it('A-AUTHZ-13 before anybody signed in is a page with a link to go on by hand', async () => {
    const issuer = await newRealIssuer({ registration: { mode: 'open' } })
    const client = await asTestClient(issuer, await register(issuer))
    for (const mode of ['query', 'form_post']) {
      const parameters = { ...asked, scope: 'bad', response_mode: mode }
      const { visit, sent } = await issuer.authorize({ client, parameters })
      expectPageOf(visit.answer, 'scope')
      const link = new URL(/href="(https:\/\/tool[^"]*)"/.exec(visit.answer.text)?.[1]?.replaceAll('&amp;', '&') ?? '')
      expect(`${link.origin}${link.pathname}`).toBe(redirectUri)
      expect(Object.fromEntries(link.searchParams)).toMatchObject({
        error: 'invalid_scope',
        iss: 'https://as.test',
        state: sent['state'],
      })
    }
    const silent = await issuer.authorize({ client, parameters: { ...asked, scope: 'bad', prompt: 'none' } })
    expectBack(silent, 'invalid_scope')
    const nobody = await issuer.authorize({ client, parameters: { ...asked, prompt: 'none' } })
    expectBack(nobody, 'login_required')
  })

  it('A-AUTHZ-13 goes back by itself once somebody is signed in, or an administrator vouches for the client', async () => {
    const issuer = await openIssuer()
    const client = await asTestClient(issuer, await register(issuer))
    expectBack(await issuer.authorize({ client, decision: 'deny', parameters: asked }), 'access_denied')
    expectBack(await issuer.authorize({ client: issuer.clients.K, parameters: { scope: 'bad' } }), 'invalid_scope')
    const trusted = await issuer.changeClient(client, { firstParty: true })
    expectBack(await issuer.authorize({ client: trusted, parameters: { ...asked, scope: 'bad' } }), 'invalid_scope')
  })
})

describe('the consent page', () => {
  const registration = { mode: 'open', scope: ['openid', 'read'] } as const

  it('A-UI-10, B-REG-11, B-REG-07, DC-14 says that the client is not verified, and where it lives', async () => {
    const issuer = await newRealIssuer({ registration })
    const document = {
      ...plain,
      client_name: 'A <b>tool</b>',
      client_uri: 'https://www.other.example/',
      policy_uri: 'https://tool.example/policy',
      tos_uri: 'https://tool.example/terms',
    }
    const client = await asTestClient(issuer, await register(issuer, document))
    const { visit } = await pageOf(issuer, client)
    const { text } = visit.answer
    expect(text).toContain('id="unverified"')
    expect(text).toContain('Not verified')
    expect(text).toContain('another address')
    expect(text).toContain(client.id)
    for (const shown of ['tool.example', 'www.other.example', 'href="https://tool.example/policy"', '/terms"'])
      expect(text).toContain(shown)
    expect(text).not.toContain('<b>tool</b>')
    const own = await pageOf(issuer, issuer.clients.K)
    expect(own.visit.answer.text).not.toContain('unverified')
  })

  it('A-UI-10 is not remembered for a self-registered client that wants more than to know who somebody is', async () => {
    const issuer = await openIssuer({ scope: ['openid', 'read'] })
    const client = await asTestClient(issuer, await register(issuer))
    const wide = { scope: 'openid read' }
    const first = await issuer.authorize({ client, remember: true, parameters: wide })
    expect(first.code).not.toBe('')
    const again = await issuer.authorize({ client, browser: first.browser, parameters: { ...wide, prompt: 'none' } })
    expect(again.error).toBe('consent_required')
    const narrow = await issuer.authorize({ client, browser: first.browser, remember: true, parameters: asked })
    expect(narrow.code).not.toBe('')
    const silent = await issuer.authorize({ client, browser: first.browser, parameters: { ...asked, prompt: 'none' } })
    expect(silent.code).not.toBe('')
  })
})
