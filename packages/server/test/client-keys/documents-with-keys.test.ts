import { createClientKey, withKey, type ClientKey, type TestClient, type TestIssuerOptions } from '@sallyport/testing'
import { systemRandom } from '@sallyport/protocol'
import { changeClient } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { documentIssuer, documentRedirect, documentUrl, goodDocument } from '../documents.ts'
import { eventsOf, expectPage, expectRefusal, expectTokens } from '../fixtures.ts'
import { askWith, assertionOf, expectRefusedFor } from './key-client.ts'

const keyed = { ...goodDocument, token_endpoint_auth_method: 'private_key_jwt' }
const bodyWith = (...keys: readonly ClientKey[]): string =>
  JSON.stringify({ ...keyed, jwks: { keys: keys.map(({ jwk }) => jwk) } })

/** A document with a key, and its client with the means to sign. */
async function keyedDocument(more: object = {}, options: TestIssuerOptions = {}) {
  const found = await documentIssuer(options)
  const key = createClientKey()
  found.host.body = JSON.stringify({ ...keyed, jwks: { keys: [key.jwk] }, ...more })
  const as = (other: ClientKey): TestClient =>
    withKey({ ...found.client, method: 'private_key_jwt' }, other, found.issuer)
  const client = as(key)
  const flow = () => found.issuer.authorize({ client, parameters: { scope: 'openid offline_access' } })
  return { ...found, key, client, as, flow }
}

describe('a document with a key', () => {
  it('A-CIMD-07 its client proves itself at the token, introspection and revocation endpoints', async () => {
    const { issuer, client, flow } = await keyedDocument()
    const answer = await issuer.redeem(await flow())
    expectTokens(answer)
    const [accessToken, refreshToken] = [String(answer.json['access_token']), String(answer.json['refresh_token'])]
    expect((await issuer.introspect(client, accessToken)).json['active']).toBe(true)
    expectTokens(await issuer.refresh({ client, refreshToken }))
    expect((await issuer.revoke(client, accessToken)).status).toBe(200)
    expect(await issuer.store.findClient(documentUrl)).toMatchObject({
      type: 'web',
      authenticationMethod: 'private_key_jwt',
      secrets: [],
    })
  })

  it("A-CIMD-07 without an assertion, or with somebody else's, it gets nothing anywhere", async () => {
    const { issuer, client, as, flow } = await keyedDocument()
    const authorized = await flow()
    const nameAlone = { ...client, method: 'none' } as const
    expectRefusal(await issuer.redeem(authorized, {}, { as: nameAlone }), 'invalid_client', 401)
    expectRefusal(await issuer.redeem(authorized, {}, { as: as(createClientKey()) }), 'invalid_client', 401)
    for (const path of ['/oauth2/introspect', '/oauth2/revoke'])
      expectRefusal(await issuer.post(path, { client_id: documentUrl, token: 'x' }), 'invalid_client', 401)
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CIMD-07 its keys may be at an address of their own', async () => {
    const jwksUri = 'https://app.example.com/jwks.json'
    const { issuer, host, key, flow } = await keyedDocument({ jwks: undefined, jwks_uri: jwksUri })
    const authorized = await flow()
    host.body = JSON.stringify({ keys: [key.jwk] })
    expectTokens(await issuer.redeem(authorized))
    expect(host.requests).toEqual(['GET /client.json HTTP/1.1', 'GET /jwks.json HTTP/1.1'])
  })

  const bad: readonly (readonly [string, object])[] = [
    ['without keys', { jwks: undefined }],
    ['with keys in two places', { jwks_uri: 'https://app.example.com/jwks.json' }],
    ['with keys at an http address', { jwks: undefined, jwks_uri: 'http://app.example.com/jwks.json' }],
    ['with an algorithm of a secret', { token_endpoint_auth_signing_alg: 'HS256' }],
    ['with no key for its algorithm', { token_endpoint_auth_signing_alg: 'PS256' }],
    ['with an address of this machine to return to', { redirect_uris: ['http://127.0.0.1/callback'] }],
    ['with another method', { token_endpoint_auth_method: 'tls_client_auth' }],
    ['with a private key', { jwks: { keys: [createClientKey().privateKey.export({ format: 'jwk' })] } }],
  ]
  it.for(bad)('A-CIMD-05, A-CIMD-07, B-JWK-08 %s it is refused', async ([, more]) => {
    const { flow, issuer } = await keyedDocument(more)
    expectPage(await flow(), 'document_invalid')
    expect(await issuer.store.findClient(documentUrl)).toBeUndefined()
  })

  it('A-CIMD-07 a key that was taken out stops working, although nobody signs in', async () => {
    const { issuer, host, key, client, as, flow } = await keyedDocument()
    const answer = await issuer.redeem(await flow())
    const next = createClientKey('Ed25519', 'next')
    host.body = bodyWith(key, next)
    issuer.clock.advance(61)
    const refreshed = await issuer.refresh({ client: as(next), refreshToken: String(answer.json['refresh_token']) })
    expectTokens(refreshed)
    host.body = bodyWith(next)
    issuer.clock.advance(61)
    const refreshToken = String(refreshed.json['refresh_token'])
    expectRefusal(await issuer.refresh({ client, refreshToken }), 'invalid_client', 401)
    expectTokens(await issuer.refresh({ client: as(next), refreshToken }))
  })

  it('A-CIMD-03 where the document cannot be had for long, its key does not count', async () => {
    const { issuer, host, key, client } = await keyedDocument()
    const { flow } = { flow: () => issuer.authorize({ client, parameters: { scope: 'openid' } }) }
    await flow()
    host.status = '503 Service Unavailable'
    issuer.clock.advance(600)
    const path = '/oauth2/introspect'
    const ask = () => askWith(issuer, assertionOf(issuer, { client, key }), { token: 'x' }, { path })
    expect((await ask()).status).toBe(200)
    issuer.clock.advance(61)
    issuer.forget()
    expectRefusedFor(issuer, await ask(), 'assertion_keys', documentUrl)
    host.status = '200 OK'
    expect((await ask()).status).toBe(200)
  })
})

describe('a document whose proof changes', () => {
  it('A-CIMD-11 people are asked again, and grants go on while one key stays', async () => {
    const { issuer, host, key, client, flow } = await keyedDocument()
    const tokens = await issuer.redeem(await flow())
    const browser = issuer.browser()
    const parameters = { scope: 'openid' }
    await issuer.authorize({ client, browser, remember: true, parameters })
    const silent = async () =>
      (await issuer.authorize({ client, browser, parameters: { ...parameters, prompt: 'none' } })).response.get('error')
    expect(await silent()).toBeNull()
    host.body = bodyWith(key, createClientKey('ES256', 'another'))
    issuer.clock.advance(61)
    expect(await silent()).toBe('consent_required')
    expectTokens(await issuer.refresh({ client, refreshToken: String(tokens.json['refresh_token']) }))
    expect(eventsOf(issuer, 'grant.revoked')).toEqual([])
  })

  const others = [
    ['all other keys', (next: ClientKey) => bodyWith(next)],
    ['its keys at another place', () => JSON.stringify({ ...keyed, jwks_uri: 'https://app.example.com/jwks' })],
    ['no key any more', () => JSON.stringify(goodDocument)],
  ] as const
  it.for(others)('A-CIMD-11 with %s everything issued to it ends', async ([, change]) => {
    const { issuer, host, key, client, as, flow } = await keyedDocument()
    const first = await issuer.redeem(await flow())
    const second = await issuer.redeem(await flow())
    const next = createClientKey('ES256', 'next')
    host.body = change(next)
    issuer.clock.advance(61)
    await flow()
    expect(eventsOf(issuer, 'grant.revoked', 'client_key_changed')).toHaveLength(2)
    const known = await issuer.store.findClient(documentUrl)
    const now = known?.authenticationMethod === 'none' ? ({ ...client, method: 'none' } as const) : as(next)
    if (known?.jwksUri !== undefined) host.body = JSON.stringify({ keys: [next.jwk] })
    for (const { json } of [first, second]) {
      const answer = await issuer.refresh({ client: now, refreshToken: String(json['refresh_token']) })
      expectRefusal(answer, 'invalid_grant')
    }
    expect(key.kid).not.toBe(next.kid)
  })

  it('A-CIMD-10, A-CIMD-11 what an operator said of its proofs stands until it proves itself another way', async () => {
    const { issuer, host, key, client, flow } = await keyedDocument()
    await flow()
    const before = await issuer.store.findClient(documentUrl)
    if (before === undefined) throw new Error('no client')
    const context = { development: false, now: issuer.clock.now(), random: systemRandom(), secretLifetime: 0 }
    const said = { assertionAudience: 'interop', introspectOwnTokens: false, owner: 'Team A' } as const
    expect(await issuer.store.admin.updateClient(changeClient(before, said, context), [])).toBe(true)
    host.body = bodyWith(key, createClientKey('ES256', 'another'))
    issuer.clock.advance(61)
    await flow()
    expect(await issuer.store.findClient(documentUrl)).toMatchObject(said)
    host.body = JSON.stringify(goodDocument)
    issuer.clock.advance(61)
    await issuer.authorize({ client, parameters: { scope: 'openid' } })
    expect(await issuer.store.findClient(documentUrl)).toMatchObject({
      ...{ authenticationMethod: 'none', assertionAudience: 'issuer', introspectOwnTokens: false, owner: 'Team A' },
    })
    // A setting that nothing of the document can be squared with is said, and is no fault of the server.
    const now = await issuer.store.findClient(documentUrl)
    if (now === undefined) throw new Error('no client')
    const odd = { ...now, version: now.version + 1, machineScope: ['read'] }
    expect(await issuer.store.admin.updateClient(odd, [])).toBe(true)
    issuer.clock.advance(61)
    expectPage(await issuer.authorize({ client, parameters: { scope: 'openid' } }), 'document_invalid')
    const [event] = eventsOf(issuer, 'cimd.rejected', 'document_invalid')
    expect(event?.detail['reason_detail']).toContain('machineScope')
    expect(issuer.records.faults).toEqual([])
  })

  it('A-CIMD-11 a client that begins to prove itself starts anew', async () => {
    const { issuer, host, client: open } = await documentIssuer()
    const parameters = { scope: 'openid offline_access' }
    const tokens = await issuer.redeem(await issuer.authorize({ client: open, parameters }))
    const key = createClientKey()
    host.body = bodyWith(key)
    issuer.clock.advance(61)
    const client = withKey({ ...open, method: 'private_key_jwt' }, key, issuer)
    expectTokens(await issuer.redeem(await issuer.authorize({ client, parameters })))
    const refreshToken = String(tokens.json['refresh_token'])
    expectRefusal(await issuer.refresh({ client: open, refreshToken }), 'invalid_client', 401)
    expectRefusal(await issuer.refresh({ client, refreshToken }), 'invalid_grant')
  })
})

describe('redirect URIs of another origin', () => {
  const redirectUri = 'https://login.example.net/callback'
  const options = (...redirects: readonly string[]): TestIssuerOptions => ({
    metadataDocuments: { accept: 'any', redirects },
  })

  it('A-CIMD-06 are taken for the pair that an operator allows, and for no other', async () => {
    const { issuer, host, ask } = await documentIssuer(options(`${documentUrl} ${redirectUri}`))
    host.body = JSON.stringify({ ...goodDocument, redirect_uris: [documentRedirect, redirectUri] })
    expectTokens(await issuer.redeem(await ask({ redirect_uri: redirectUri })))
    for (const pair of [
      `${documentUrl} ${redirectUri}/`,
      `${documentUrl} https://login.example.net/`,
      `https://app.example.com/other.json ${redirectUri}`,
    ]) {
      const other = await documentIssuer(options(pair))
      other.host.body = host.body
      expectPage(await other.ask({ redirect_uri: redirectUri }), 'document_invalid')
    }
  })

  it.each(['', 'https://a.example.com/c', `${documentUrl}  ${redirectUri}`, `http://a.example.com/c ${redirectUri}`])(
    'A-CIMD-06 stop the start where the pair is none: %j',
    async (pair) => {
      await expect(documentIssuer(options(pair))).rejects.toThrow(/is not the address of a document/)
    },
  )
})
