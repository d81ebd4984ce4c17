import type { Connect } from '@sallyport/server'
import { createClientKey, type ClientKey, type TestIssuer } from '@sallyport/testing'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectTokens, newIssuer } from '../fixtures.ts'
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

async function published(
  addresses: readonly string[] = ['93.184.215.14'],
): Promise<{ issuer: TestIssuer; host: KeyHost; j: KeyClient; ask: (key?: ClientKey) => ReturnType<typeof askWith> }> {
  const key = createClientKey()
  const host: KeyHost = {
    status: '200 OK',
    headers: ['content-type: application/jwk-set+json'],
    body: bodyOf(key),
    asked: 0,
    hold: undefined,
  }
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
    ['with too many', { body: JSON.stringify({ keys: Array.from({ length: 51 }, () => key.jwk) }) }],
  ]
  it.for(broken)('B-JWK-08, B-JWK-10 a set %s is refused as a whole', async ([, what]) => {
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
