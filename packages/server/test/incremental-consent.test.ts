import { describe, expect, it } from 'vitest'
import { eventsOf } from './fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from './real-pages.ts'

const first = 'https://rs1.test'
const second = 'https://rs2.test'

/** What the consent page lists as new, and what as allowed before. */
function partsOf(text: string): { readonly fresh: string; readonly earlier: string } {
  const [fresh = '', earlier = ''] = text.split('<section id="earlier">')
  return { fresh, earlier: earlier.split('</section>')[0] ?? '' }
}

describe('asking for more than before', () => {
  it('A-MCP-08 shows as new what is new, and below it what was allowed before', async () => {
    const issuer = await newRealIssuer()
    const client = issuer.clients.N
    const { browser } = await signedIn(issuer, { client, remember: false, parameters: { scope: 'openid read' } })
    const { visit } = await issuer.begin({ browser, client, parameters: { scope: 'openid read write' } })
    const { fresh, earlier } = partsOf(visit.answer.text)
    expect(fresh).toContain('Change your documents')
    expect(fresh).not.toContain('Read your documents')
    expect(earlier).toContain('Read your documents')
    expect(earlier).not.toContain('Change your documents')
  })

  it('A-MCP-08 shows what was allowed before also where only new scopes are asked for', async () => {
    const issuer = await newRealIssuer()
    const client = issuer.clients.N
    const { browser } = await signedIn(issuer, { client, remember: false, parameters: { scope: 'openid read' } })
    const { visit } = await issuer.begin({ browser, client, parameters: { scope: 'write' } })
    const { fresh, earlier } = partsOf(visit.answer.text)
    expect(fresh).toContain('Change your documents')
    expect(fresh).not.toContain('Read your documents')
    expect(earlier).toContain('Read your documents')
    expect(earlier).not.toContain('Change your documents')
  })

  it('A-MCP-08, A-LOG-05 gives what was asked and allowed, and writes down what of it was there before', async () => {
    const issuer = await newRealIssuer()
    const client = issuer.clients.N
    const { browser } = await signedIn(issuer, { client, parameters: { scope: 'openid read' } })
    const scope = 'openid read write'
    const tokens = await issuer.codeFlow({ browser, client, parameters: { scope } })
    expect(String(tokens.answer.json['scope']).split(' ')).toEqual(['read', 'write'])
    expect(eventsOf(issuer, 'consent.granted').map(({ detail }) => detail?.['earlier_scope'])).toEqual([
      undefined,
      'openid read',
    ])
    expect(eventsOf(issuer, 'consent.granted')[1]).toMatchObject({
      detail: { requested_scope: scope, scope },
      requestId: expect.stringMatching(/^[\w-]{16}$/) as string,
    })
  })

  it('A-MCP-08 puts nothing into a token that its own request did not ask for', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read' } })
    const tokens = await issuer.codeFlow({ browser, remember: true, parameters: { scope: 'openid write' } })
    expect(tokens.answer.json['scope']).toBe('write')
  })

  it('A-MCP-08, CS-06 remembers the union, so that neither is asked about again', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read' } })
    await issuer.authorize({ browser, remember: true, parameters: { scope: 'openid write' } })
    for (const scope of ['openid read', 'openid write', 'openid write read'])
      expect((await issuer.authorize({ browser, parameters: { scope, prompt: 'none' } })).code).not.toBe('')
  })

  it('CS-06 carries no word of one API over to another', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read', resource: first } })
    const more = { scope: 'openid read deliver', resource: second }
    const { visit } = await issuer.begin({ browser, parameters: more })
    expect(partsOf(visit.answer.text).fresh).toContain('Read your documents')
    await issuer.authorize({ browser, remember: true, parameters: { scope: 'openid deliver', resource: second } })
    const { error } = await issuer.authorize({ browser, parameters: { ...more, prompt: 'none' } })
    expect(error).toBe('consent_required')
  })

  it('CS-06 counts nothing of another person or client, and nothing that was taken back', async () => {
    const issuer = await newRealIssuer()
    const client = issuer.clients.N
    const parameters = { scope: 'openid read write' }
    const { browser } = await signedIn(issuer, { client, parameters: { scope: 'openid read' } })
    const other = await issuer.begin({ browser, client: issuer.clients.K, parameters })
    expect(other.visit.answer.text).not.toContain('id="earlier"')
    const bob = await issuer.begin({ browser, client, parameters: { ...parameters, prompt: 'login' } })
    const { username, password } = issuer.bob
    const asked = await browser.submit(bob.visit, 'login-form', { username, password })
    expect([placeOf(asked), asked.answer.text.includes('id="earlier"')]).toEqual(['consent', false])
    await issuer.store.withdrawConsent(issuer.alice.subject, client.id, issuer.clock.now(), [])
    const again = await issuer.begin({ client, parameters })
    const alice = await again.browser.submit(again.visit, 'login-form', {
      username: issuer.alice.username,
      password: issuer.alice.password,
    })
    expect([placeOf(alice), alice.answer.text.includes('id="earlier"')]).toEqual(['consent', false])
  })

  it('CS-06 counts nothing that ended by itself', async () => {
    const issuer = await newRealIssuer()
    const client = issuer.clients.P
    await signedIn(issuer, { client, remember: false, parameters: { scope: 'openid read' } })
    issuer.clock.advance(9 * 60 * 60)
    const begun = await issuer.begin({ client, parameters: { scope: 'openid read write' } })
    const { username, password } = issuer.alice
    const asked = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect([placeOf(asked), asked.answer.text.includes('id="earlier"')]).toEqual(['consent', false])
  })
})
