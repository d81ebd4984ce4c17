import { createHash } from 'node:crypto'
import { createClientKey, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { documentIssuer } from '../documents.ts'
import { eventsOf, expectPage, expectRefusal, newIssuer } from '../fixtures.ts'
import { requestOf } from '../pushed/fixtures.ts'
import { openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { addSigningClient, bring, objectOf, type SigningClient } from './fixtures.ts'

const address = 'https://signs.test/request.jwt'

/** A client whose requests lie at an address, and the host that has them. */
async function referring(more: Parameters<typeof documentIssuer>[0] = {}) {
  const { issuer, host } = await documentIssuer({ policy: { requestUris: true }, ...more })
  host.headers = ['content-type: application/oauth-authz-req+jwt']
  return { issuer, host, signer: await addSigningClient(issuer, { requestUris: [address] }) }
}

const byReference = (issuer: TestIssuer, { client }: SigningClient, request_uri: string, more = {}) =>
  bring(issuer, client, '', { request: undefined, request_uri, ...more })

describe('a request at an address', () => {
  it('B-JAR-11 is fetched from where its client registered it, and judged as any other', async () => {
    const { issuer, host, signer } = await referring()
    for (const type of ['application/oauth-authz-req+jwt', 'application/jwt; charset=us-ascii']) {
      host.headers = [`content-type: ${type}`]
      const { request, claims } = objectOf(issuer, signer)
      host.body = `${request}\n`
      const asked = await byReference(issuer, signer, address, { state: 'outside' })
      expect([asked.code === '', asked.response.get('state')]).toEqual([false, claims['state']])
    }
    host.body = objectOf(issuer, signer, { code_challenge: undefined }).request
    expect((await byReference(issuer, signer, address)).error).toBe('invalid_request')
    host.body = objectOf(issuer, { ...signer, key: createClientKey() }).request
    expect((await byReference(issuer, signer, address)).error).toBe('invalid_request_object')
    const again = objectOf(issuer, signer).request
    host.body = again
    expect((await byReference(issuer, signer, address)).code).not.toBe('')
    expect((await byReference(issuer, signer, address)).error).toBe('invalid_request_object')
    expect(host.requests[0]).toBe('GET /request.jwt HTTP/1.1')
  })

  it('B-JAR-11 RS256 signs it where the client is registered with it', async () => {
    const { issuer, host } = await referring()
    const key = createClientKey('RS256')
    const signer = await addSigningClient(
      issuer,
      { requestUris: [address], requestObjectAlgorithm: 'RS256', redirectUris: ['https://old.test/cb'] },
      key,
    )
    host.body = objectOf(issuer, signer).request
    expect((await byReference(issuer, signer, address)).code).not.toBe('')
  })

  it('B-JAR-11, JR-04 is not looked for anywhere else', async () => {
    const { issuer, host, signer } = await referring()
    host.body = objectOf(issuer, signer).request
    const elsewhere = [
      ...['https://other.test/request.jwt', `${address}?x=1`, `${address}/`, 'https://SIGNS.test/request.jwt'],
      ...['http://169.254.169.254/', 'file:///etc/passwd', 'gopher://signs.test/', 'http://localhost/', 'urn:x', 'x'],
      `https://signs.test/${'a'.repeat(600)}`,
    ]
    for (const uri of elsewhere) {
      const { visit, response } = await byReference(issuer, signer, uri)
      expect([visit.answer.status, response.get('error'), response.get('state')]).toEqual([
        ...[303, 'invalid_request_uri', null],
      ])
    }
    expect(host.requests).toEqual([])
    expect(eventsOf(issuer, 'authz.request.rejected', 'jar_uri')).toHaveLength(elsewhere.length)
    expectRefusal(
      await issuer.push(signer.client, requestOf(issuer, signer.client, { request_uri: address })),
      'invalid_request',
    )
    expectPage(await byReference(issuer, signer, address, { client_id: undefined }), 'client_id_missing')
    const both = { request_uri: [address, address] }
    expectPage(await bring(issuer, signer.client, '', { request: undefined, ...both }), 'param_duplicated')
  })

  it('B-JAR-11 counts only as what it has to be: status, type, size, digest', async () => {
    const { issuer, host, signer } = await referring()
    const { request } = objectOf(issuer, signer)
    const good = { status: '200 OK', headers: host.headers, body: request }
    const bad = [
      { status: '404 Not Found' },
      { status: '302 Found', headers: [...host.headers, 'location: https://other.test/'] },
      { headers: ['content-type: text/html'] },
      { headers: [] },
      { body: 'x'.repeat(40_000) },
    ]
    for (const changes of bad) {
      Object.assign(host, good, changes)
      expect((await byReference(issuer, signer, address)).error).toBe('invalid_request_uri')
    }
    Object.assign(host, good)
    const digest = createHash('sha256').update(request).digest('base64url')
    expect((await byReference(issuer, signer, `${address}#${'A'.repeat(43)}`)).error).toBe('invalid_request_uri')
    expect((await byReference(issuer, signer, `${address}#${digest}`)).code).not.toBe('')
    expect(eventsOf(issuer, 'authz.request.rejected', 'jar_fetch')).toHaveLength(bad.length + 1)
  })

  it('B-JAR-11, B-JWK-10 is not fetched from this server\u2019s own network', async () => {
    const { issuer, host, signer } = await referring({ outbound: { resolve: () => Promise.resolve(['10.0.0.7']) } })
    host.body = objectOf(issuer, signer).request
    expect((await byReference(issuer, signer, address)).error).toBe('invalid_request_uri')
    expect(host.requests).toEqual([])
    expect(eventsOf(issuer, 'fetch.blocked').map(({ detail }) => detail['purpose'])).toEqual(['request_uri'])
  })

  it('JR-11, B-PAR-09 has to be pushed where all have to be', async () => {
    const { issuer, host, signer } = await referring()
    await issuer.changeClient(signer.client, { requirePushedRequests: true })
    expect((await byReference(issuer, signer, address)).error).toBe('invalid_request')
    expect(host.requests).toEqual([])
  })

  it('B-JAR-10, B-DISC-05 is offered only where that is switched on, and registered in a form that can be fetched', async () => {
    const { issuer } = await referring()
    const on = (await issuer.get('/.well-known/openid-configuration')).json
    expect([on['request_uri_parameter_supported'], on['require_request_uri_registration']]).toEqual([true, true])
    const off = await newIssuer()
    const metadata = (await off.get('/.well-known/openid-configuration')).json
    expect(metadata['request_uri_parameter_supported']).toBe(false)
    const signer = await addSigningClient(off, { requestUris: [address] })
    const asked = await byReference(off, signer, address, { redirect_uri: signer.client.redirectUri })
    expect(asked.error).toBe('request_uri_not_supported')
    await expect(newIssuer({ policy: { requestUris: true, requestObjects: false } })).rejects.toThrow(/requestUris/)
    const door = await openIssuer()
    const jwks = { keys: [createClientKey().jwk] }
    const { json } = await register(door, { ...plain, jwks, request_uris: [`${address}#digest`] })
    expect(json['request_uris']).toEqual([`${address}#digest`])
    const bad = ['http://signs.test/r', 'https://a@signs.test/r', `https://signs.test/${'a'.repeat(500)}`, 'urn:x', '']
    for (const uri of bad)
      expect(outcome(await register(door, { ...plain, jwks, request_uris: [uri] }))).toBe('400 invalid_client_metadata')
    expect(outcome(await register(door, { ...plain, request_uris: [address] }))).toBe('400 invalid_client_metadata')
  })
})
