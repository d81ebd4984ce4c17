import { auth } from '@modelcontextprotocol/sdk/client/auth.js'
import { decodeJwt } from '@sallyport/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { application, provider, type Application, type Provider } from './mcp-client.ts'
import { documentAddress, newWorld, type World, type WorldOptions } from './mcp-world.ts'

const open: { close: () => unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const documents = { metadataDocuments: { accept: 'listed', hosts: ['assistant.example.com'] } } as const
const registration = {
  registration: { mode: 'open', mcp: true, scope: ['openid', 'offline_access', 'notes.read', 'notes.write'] },
} as const

async function world(options: WorldOptions): Promise<World> {
  const made = await newWorld(options)
  open.push(made)
  return made
}

function connected({ notes, somebody }: World, own: Provider) {
  const { person, pages } = somebody()
  const app: Application = application(notes, own, person)
  open.push(app)
  return { app, pages }
}

/** The person as this client knows them: clients that nobody registered get an identifier of their own (pairwise). */
const subjectOf = ({ provider: own }: Application): string =>
  String(decodeJwt(own.remembered.tokens?.access_token ?? '').claims['sub'])

/** Requests of the library to one endpoint. */
const sentTo = ({ sent }: Application, path: string) => sent.filter(({ url }) => url.pathname === path)

describe('the official MCP library', () => {
  it('A-MCP-01, A-MCP-02, A-MCP-04 finds the way from the 401, is known by its document, and calls a tool', async () => {
    const all = await world(documents)
    const { app, pages } = connected(all, provider(documentAddress))
    const answer = JSON.parse(await app.call('list_notes')) as { subject: string; token: string }
    expect(answer).toEqual({ subject: subjectOf(app), token: '' })
    expect(app.provider.remembered.client).toMatchObject({ client_id: documentAddress })
    expect(pages[0]).toContain('assistant.example.com')
    expect(app.sent.slice(0, 3).map(({ url }) => url.pathname)).toEqual([
      '/mcp',
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-authorization-server',
    ])
    expect(sentTo(app, '/oauth2/token').map(({ body }) => body.getAll('resource'))).toEqual([[all.notes.href]])
    const { claims } = decodeJwt(app.provider.remembered.tokens?.access_token ?? '')
    expect(claims).toMatchObject({ aud: all.notes.href, scope: 'notes.read', client_id: documentAddress })
  })

  it('A-MCP-01, A-META-02 finds an issuer with a path, whose document is the same at all three places', async () => {
    const all = await world({ ...documents, path: '/tenant' })
    const { app } = connected(all, provider(documentAddress))
    expect(await app.call('list_notes')).toContain(subjectOf(app))
    expect(app.sent[2]?.url.pathname).toBe('/.well-known/oauth-authorization-server/tenant')
    const places = [
      '/.well-known/oauth-authorization-server/tenant',
      '/.well-known/openid-configuration/tenant',
      '/tenant/.well-known/openid-configuration',
    ]
    const texts = await Promise.all(
      places.map(async (place) => (await fetch(`${new URL(all.issuer.issuer).origin}${place}`)).text()),
    )
    expect(new Set(texts).size).toBe(1)
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ code_challenge_methods_supported: ['S256'] })
  })

  it('A-MCP-06 leads over a page that shows where the answer goes, and warns of other programs there', async () => {
    const all = await world(documents)
    const { app, pages } = connected(all, provider(documentAddress))
    await app.call('list_notes')
    const where = /<div class="where">[^]*?<\/div>/.exec(pages[0] ?? '')?.[0]
    expect(where).toContain('<bdi>127.0.0.1</bdi>')
    expect(pages[0]).toContain('id="warning"')
    expect(pages[0]?.indexOf('assistant.example.com')).toBeLessThan(pages[0]?.indexOf('Desk assistant') ?? 0)
  })

  it('A-MCP-04, A-MCP-02 registers itself where that is open, and names the resource in both requests', async () => {
    const all = await world(registration)
    const { app, pages } = connected(all, provider(documentAddress))
    expect(await app.call('list_notes')).toContain(subjectOf(app))
    const [authorize] = all.issuer.records.exchanges.filter(({ request }) => request.path === '/oauth2/authorize')
    expect(new URLSearchParams(authorize?.request.query).getAll('resource')).toEqual([all.notes.href])
    expect(sentTo(app, '/oauth2/token').map(({ body }) => body.getAll('resource'))).toEqual([[all.notes.href]])
    const { client_id: id } = app.provider.remembered.client ?? { client_id: '' }
    expect((await all.issuer.store.findClient(id))?.channel).toBe('dynamic')
    expect(pages[0]).toContain('id="unverified"')
  })

  it('A-MCP-04 uses a client that an operator registered, and registers nothing', async () => {
    const all = await world({ ...documents, ...registration })
    const scope = 'notes.read notes.write offline_access'
    const registered = await all.issuer.addClient({
      type: 'native',
      name: 'Desk assistant',
      redirectUris: ['http://127.0.0.1/callback'],
      scope,
    })
    const known = { client_id: registered.id, issuer: all.issuer.issuer }
    const { app } = connected(all, provider(documentAddress, known))
    expect(await app.call('list_notes')).toContain(subjectOf(app))
    expect(sentTo(app, '/oauth2/register')).toEqual([])
    expect((await all.issuer.store.admin.listClients(undefined, 10)).items.map(({ id }) => id)).toEqual([registered.id])
  })

  it('A-MCP-04 stops in front of a server that opened no door, before anybody is asked', async () => {
    const { app, pages } = connected(await world({}), provider(documentAddress))
    await expect(app.call('list_notes')).rejects.toThrow('does not support dynamic client registration')
    expect(pages).toEqual([])
  })

  it('A-MCP-02, A-RT-02 renews an expired token by itself, with the resource, and gets a new refresh token', async () => {
    const all = await world(documents)
    const { app } = connected(all, provider(documentAddress))
    await signInFor(all, app, 'notes.read offline_access')
    const before = app.provider.remembered.tokens
    expect(await app.call('list_notes')).toContain(subjectOf(app))
    all.issuer.clock.advance(400)
    expect(await app.call('list_notes')).toContain(subjectOf(app))
    const renewal = sentTo(app, '/oauth2/token').find(({ body }) => body.get('grant_type') === 'refresh_token')
    expect(renewal?.body.getAll('resource')).toEqual([all.notes.href])
    const after = app.provider.remembered.tokens
    expect(after?.refresh_token).toBeTypeOf('string')
    expect(after?.refresh_token).not.toBe(before?.refresh_token)
    expect(decodeJwt(after?.access_token ?? '').claims['aud']).toBe(all.notes.href)
  })

  it('A-MCP-08 asks for all scopes of a tool that needs more, and keeps those it had', async () => {
    const all = await world(documents)
    const { app, pages } = connected(all, provider(documentAddress))
    await app.call('list_notes')
    expect(await app.call('add_note')).toBe('added')
    expect(pages).toHaveLength(2)
    const [fresh, earlier] = pages[1]?.split('<section id="earlier">') ?? []
    expect([fresh?.includes('Write notes for you'), fresh?.includes('Read your notes')]).toEqual([true, false])
    expect(earlier).toContain('Read your notes')
    expect(app.provider.remembered.tokens?.scope?.split(' ').toSorted()).toEqual(['notes.read', 'notes.write'])
    expect(await app.call('list_notes')).toContain(subjectOf(app))
    expect(pages).toHaveLength(2)
  })

  it('A-MCP-08, A-DCR-09 goes up a step also where it registered itself for the first step alone', async () => {
    const all = await world(registration)
    const { app, pages } = connected(all, provider(undefined))
    await app.call('list_notes')
    const [registered] = sentTo(app, '/oauth2/register').map(({ json }) => JSON.parse(json) as { scope?: string })
    expect(registered?.scope).toBe('notes.read')
    expect(app.provider.remembered.client).toMatchObject({ scope: registration.registration.scope.join(' ') })
    expect(await app.call('add_note')).toBe('added')
    expect(pages).toHaveLength(2)
  })

  it('A-MCP-08 stops when the scope of a tool is not to be had, after one question to the server', async () => {
    const all = await world({})
    const scope = 'notes.read'
    const registered = await all.issuer.addClient({
      type: 'native',
      name: 'Desk assistant',
      redirectUris: ['http://127.0.0.1/callback'],
      scope,
    })
    const { app, pages } = connected(all, provider(undefined, { client_id: registered.id }))
    await app.call('list_notes')
    await expect(app.call('add_note')).rejects.toThrow('error=invalid_scope')
    expect(pages).toHaveLength(1)
    expect(await app.call('list_notes')).toContain(subjectOf(app))
  })

  it('A-MCP-08 stops in front of a server that is never satisfied, after three questions at most', async () => {
    const all = await world({ ...documents, addNote: ['notes.write', 'notes.never'] })
    const { app, pages } = connected(all, provider(documentAddress))
    const person = app.provider.redirectToAuthorization.bind(app.provider)
    // The person is asked for what there is; the server wants more than that each time.
    app.provider.redirectToAuthorization = (address) => {
      address.searchParams.set('scope', 'notes.read notes.write')
      return person(address)
    }
    await expect(app.call('add_note')).rejects.toThrow()
    expect(pages.length).toBeLessThanOrEqual(3)
  })

  it('A-MCP-08 tells an application with a refresh token that renewing is not enough, and lets it ask anew', async () => {
    const all = await world(documents)
    const { app } = connected(all, provider(documentAddress))
    await signInFor(all, app, 'notes.read offline_access')
    await expect(app.call('add_note')).rejects.toThrow('403 after trying upscoping')
    await app.provider.invalidateCredentials?.('tokens')
    await signInFor(all, app, 'notes.read notes.write offline_access')
    expect(await app.call('add_note')).toBe('added')
  })

  it('A-MCP-04, A-TOK-06 registers anew when the server does not know it any more', async () => {
    const all = await world(registration)
    const { app } = connected(all, provider(undefined))
    await signInFor(all, app, 'notes.read offline_access')
    const first = app.provider.remembered.client?.client_id ?? ''
    expect(await all.issuer.store.admin.deleteClient(first, all.issuer.clock.now(), [])).toBe(true)
    all.issuer.clock.advance(400)
    expect(await app.call('list_notes')).toContain(subjectOf(app))
    expect(app.provider.remembered.invalidated).toEqual(['all'])
    expect(app.provider.remembered.client?.client_id).not.toBe(first)
  })

  it('A-ISS-01, A-MCP-01 finds the issuer in answers of both kinds', async () => {
    const all = await world(documents)
    const { person, browser } = all.somebody()
    const leadsTo = await authorizationAddress(all, 'notes.read')
    expect((await person(leadsTo)).get('iss')).toBe(all.issuer.issuer)
    leadsTo.searchParams.set('scope', 'notes.read')
    leadsTo.searchParams.set('prompt', 'consent')
    leadsTo.searchParams.set('code_challenge', 'c'.repeat(43))
    const asked = await browser.open(leadsTo.href)
    const { leftFor } = await browser.submit(asked, 'consent-form', { decision: 'deny' })
    const refused = new URL(leftFor ?? '').searchParams
    expect([refused.get('error'), refused.get('iss')]).toEqual(['access_denied', all.issuer.issuer])
  })

  it('A-MCP-01, A-META-05 is told nothing by a null', async () => {
    const all = await world({ ...documents, ...registration })
    const { app } = connected(all, provider(undefined))
    await app.call('list_notes')
    const texts = all.issuer.records.exchanges.flatMap(({ response }) =>
      String(response.headers['content-type']).startsWith('application/json') ? [String(response.body)] : [],
    )
    expect(texts.length).toBeGreaterThanOrEqual(3)
    for (const text of texts) expect(text).not.toMatch(/:\s*null\b/)
    const discovered = JSON.parse(texts.find((text) => text.includes('"issuer"')) ?? '{}') as Record<string, unknown>
    expect(discovered).toMatchObject({
      client_id_metadata_document_supported: true,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    })
    expect(discovered['token_endpoint_auth_methods_supported']).toContain('none')
  })
})

/** Begins an authorization with scopes of the application's own choice, as a settings page would. */
async function authorizationAddress({ notes }: World, scope: string, own = provider(documentAddress)): Promise<URL> {
  await auth(own, { serverUrl: notes, scope })
  if (own.remembered.leadsTo === undefined) throw new Error('the library asks for no decision')
  return own.remembered.leadsTo
}

async function signInFor(all: World, { provider: own }: Application, scope: string): Promise<void> {
  const answer = await all.somebody().person(await authorizationAddress(all, scope, own))
  await auth(own, { serverUrl: all.notes, scope, authorizationCode: answer.get('code') ?? '' })
}
