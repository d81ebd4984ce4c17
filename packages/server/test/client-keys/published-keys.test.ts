import type { Connect } from '@sallyport/server'
import { createClientKey, withKey, type ClientKey, type TestIssuer } from '@sallyport/testing'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectTokens, newIssuer } from '../fixtures.ts'
import { asTestClient, manage, openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { addKeyClient, askWith, assertionOf, expectRefusedFor, type KeyClient } from './key-client.ts'

const jwksUri = 'https://keys.example/jwks'

type KeyHost = {
  status: string
  headers: string[]
  body: string
  /** How often somebody asked. */
  asked: number
  /** Lets nobody have an answer before it is called. */
  hold: (() => void) | undefined
}

const bodyOf = (...keys: readonly ClientKey[]): string => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })

function connectionTo(host: KeyHost): Duplex {
  let seen = ''
  const stream: Duplex = new Duplex({
    read: () => undefined,
    write: (part: Buffer, _, done) => {
      seen += part.toString('latin1')
      done()
      if (!seen.includes('\r\n\r\n')) return
      host.asked++
      const answer = (): void => {
        const head = [`HTTP/1.1 ${host.status}`, ...host.headers, `content-length: ${Buffer.byteLength(host.body)}`]
        stream.push(`${head.join('\r\n')}\r\n\r\n${host.body}`)
      }
      if (host.hold === undefined) answer()
      else host.hold = answer
    },
  })
  return stream
}

const newHost = (...keys: readonly ClientKey[]): KeyHost => ({
  status: '200 OK',
  headers: ['content-type: application/jwk-set+json'],
  body: bodyOf(...keys),
  asked: 0,
  hold: undefined,
})

async function published(
  addresses: readonly string[] = ['93.184.215.14'],
): Promise<{ issuer: TestIssuer; host: KeyHost; j: KeyClient; ask: (key?: ClientKey) => ReturnType<typeof askWith> }> {
  const key = createClientKey()
  const host = newHost(key)
  const connect: Connect = () => Promise.resolve(connectionTo(host))
  const issuer = await newIssuer({ outbound: { connect, resolve: () => Promise.resolve(addresses) } })
  const j = await addKeyClient(issuer, { jwksUri }, key)
  const ask = (with_: ClientKey = key) => askWith(issuer, assertionOf(issuer, { client: j.client, key: with_ }))
  return { issuer, host, j, ask }
}

describe('keys at an address', () => {
  it('B-JWK-07 are fetched once and kept', async () => {
    const { host, ask } = await published()
    expect(host.asked).toBe(0)
    for (let index = 0; index < 5; index++) expectTokens(await ask())
    expect(host.asked).toBe(1)
  })

  it('B-JWK-07 requests at the same time wait for one fetch', async () => {
    const { host, ask } = await published()
    host.hold = () => undefined
    const answers = Array.from({ length: 5 }, () => ask())
    await expect.poll(() => host.asked).toBe(1)
    host.hold()
    for (const answer of await Promise.all(answers)) expectTokens(answer)
    expect(host.asked).toBe(1)
  })

  it('B-JWK-07 a new key of the client works at once, by one fetch in a minute', async () => {
    const { issuer, host, j, ask } = await published()
    expectTokens(await ask())
    const next = createClientKey('Ed25519', 'next')
    host.body = bodyOf(j.key, next)
    expectRefusedFor(issuer, await ask(next), 'assertion_kid')
    issuer.clock.advance(60)
    expectTokens(await ask(next))
    expectTokens(await ask())
    expect(host.asked).toBe(2)
  })

  it('B-JWK-07, CA-04 a flood of unknown kids makes one fetch a minute, and the client goes on', async () => {
    const { issuer, host, ask } = await published()
    expectTokens(await ask())
    issuer.clock.advance(61)
    for (let index = 0; index < 30; index++) expect((await ask(createClientKey('ES256', `k${index}`))).status).toBe(401)
    expectTokens(await ask())
    expect(host.asked).toBe(2)
  })

  it('B-JWK-07 a key that was removed stops working within ten minutes', async () => {
    const { issuer, host, j, ask } = await published()
    host.headers.push('cache-control: max-age=86400')
    expectTokens(await ask())
    const next = createClientKey('ES256', 'next')
    host.body = bodyOf(next)
    issuer.clock.advance(299)
    expectTokens(await ask(j.key))
    issuer.clock.advance(301)
    expectRefusedFor(issuer, await ask(j.key), 'assertion_kid')
    expectTokens(await ask(next))
  })

  it('B-JWK-07 the other side may ask for less, and is asked anew before the time is over', async () => {
    const { issuer, host, ask } = await published()
    host.headers.push('cache-control: max-age=240')
    expectTokens(await ask())
    issuer.clock.advance(119)
    expectTokens(await ask())
    expect(host.asked).toBe(1)
    issuer.clock.advance(2)
    expectTokens(await ask())
    await expect.poll(() => host.asked).toBe(2)
  })

  it('B-JWK-07 a short failure of the other side goes unnoticed, a long one does not', async () => {
    const { issuer, host, ask } = await published()
    expectTokens(await ask())
    host.status = '503 Service Unavailable'
    issuer.clock.advance(400)
    expectTokens(await ask())
    await expect.poll(() => host.asked).toBe(2)
    issuer.clock.advance(201)
    expectRefusedFor(issuer, await ask(), 'assertion_keys', jwksUri)
    // The failure is remembered as well: nobody is asked again within a minute.
    for (let index = 0; index < 5; index++) expectRefusedFor(issuer, await ask(), 'assertion_keys')
    expect(host.asked).toBe(3)
    host.status = '200 OK'
    issuer.clock.advance(60)
    expectTokens(await ask())
  })

  const key = createClientKey()
  const broken: readonly (readonly [string, Partial<KeyHost>])[] = [
    ['that is not there', { status: '404 Not Found' }],
    ['that leads elsewhere', { status: '302 Found', headers: ['location: https://evil.test/jwks'] }],
    ['that is a page', { headers: ['content-type: text/html'] }],
    ['that is no JSON', { body: '{"keys"' }],
    ['that says a thing twice', { body: `{"keys":[],"keys":[${JSON.stringify(key.jwk)}]}` }],
    ['that is too large', { body: JSON.stringify({ keys: [key.jwk], filler: 'x'.repeat(70_000) }) }],
    ['with a private key', { body: JSON.stringify({ keys: [key.jwk, key.privateKey.export({ format: 'jwk' })] }) }],
    ['with a symmetric key', { body: JSON.stringify({ keys: [key.jwk, { kty: 'oct', k: 'AAAA' }] }) }],
    ['without keys', { body: '{"keys":[]}' }],
    ['with too many', { body: JSON.stringify({ keys: Array.from({ length: 21 }, () => key.jwk) }) }],
  ]
  it.for(broken)('B-JWK-08, B-JWK-10, JW-08 a set %s is refused as a whole', async ([, what]) => {
    const { issuer, host, ask } = await published()
    Object.assign(host, { body: bodyOf(key) }, what)
    expectRefusedFor(issuer, await ask(key), 'assertion_keys', jwksUri)
  })

  it('B-JWK-10, DC-02 at an address inside the network are not fetched', async () => {
    const { issuer, host, ask } = await published(['169.254.169.254'])
    const answer = await ask()
    expect(answer.status).toBe(401)
    expect(eventsOf(issuer, 'fetch.blocked', 'address')).toMatchObject([{ detail: { purpose: 'jwks' } }])
    expect(host.asked).toBe(0)
  })

  it('B-JWK-07 no other client is fetched for, and a client that moved its keys is asked at the new place', async () => {
    const { issuer, host, j, ask } = await published()
    expectTokens(await issuer.clientCredentials(issuer.clients.S, { scope: 'read' }))
    expectTokens(await askWith(issuer, assertionOf(issuer, await addKeyClient(issuer))))
    expect(host.asked).toBe(0)
    expectTokens(await ask())
    await issuer.changeClient(j.client, { jwksUri: 'https://elsewhere.example/jwks' })
    expectTokens(await ask())
    expect(host.asked).toBe(2)
  })
})

describe('keys at an address that a client registers itself', () => {
  const key = createClientKey()
  const keyed = { ...plain, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: jwksUri }

  async function openHost() {
    const host = newHost(key)
    const connect: Connect = () => Promise.resolve(connectionTo(host))
    const outbound = { connect, resolve: () => Promise.resolve(['93.184.215.14']) }
    return { host, issuer: await openIssuer({}, { outbound }) }
  }

  it('A-DCR-08 are looked at once, when the client names them', async () => {
    const { host, issuer } = await openHost()
    const made = await register(issuer, keyed)
    expect([outcome(made), made.json['jwks_uri'], host.asked]).toEqual(['201', jwksUri, 1])
    const { client_id: id, registration_access_token: token } = made.json
    const renamed = await manage(issuer, 'PUT', id, token, { ...keyed, client_id: id, client_name: 'Another name' })
    expect([outcome(renamed), host.asked]).toEqual(['200', 1])
    const client = withKey(await asTestClient(issuer, renamed), key, issuer)
    expectTokens(await issuer.redeem(await issuer.authorize({ client, parameters: { scope: 'openid' } })))
    expect(host.asked).toBe(2)
  })

  const bad: readonly (readonly [string, Partial<KeyHost>, object])[] = [
    ['that cannot be had', { status: '503 Service Unavailable' }, {}],
    ['that are private', { body: JSON.stringify({ keys: [key.privateKey.export({ format: 'jwk' })] }) }, {}],
    ['that fit no algorithm of its own', {}, { token_endpoint_auth_signing_alg: 'PS256' }],
    ['for encryption alone', { body: JSON.stringify({ keys: [{ ...key.jwk, use: 'enc' }] }) }, {}],
  ]
  it.for(bad)('A-DCR-08, B-JWK-08 are refused with a set %s', async ([, what, more]) => {
    const { host, issuer } = await openHost()
    Object.assign(host, what)
    expect(outcome(await register(issuer, { ...keyed, ...more }))).toBe('400 invalid_client_metadata')
    const [event] = eventsOf(issuer, 'client.registration.rejected')
    expect(event?.detail['reason_detail']).toMatch(/^jwks_uri /)
  })

  it('A-DCR-08 are not fetched for whoever does not sign, or is refused anyway', async () => {
    const { host, issuer } = await openHost()
    expect(outcome(await register(issuer, { ...plain, jwks_uri: jwksUri }))).toBe('201')
    expect(outcome(await register(issuer, { ...keyed, grant_types: ['password'] }))).toBe('400 invalid_client_metadata')
    expect(host.asked).toBe(0)
  })
})
