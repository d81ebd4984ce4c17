import type { Connect, Resolve } from '@sallyport/server'
import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { documentIssuer, goodDocument } from '../documents.ts'
import { eventsOf } from '../fixtures.ts'
import {
  asTestClient,
  clientCount,
  manage,
  openIssuer,
  outcome,
  plain,
  redirectUri,
  register,
} from './registrations.ts'

const sector = 'https://sector.example/list.json'
const two = { client_name: 'A tool', redirect_uris: [redirectUri, 'https://other.example/cb'] }
const native = { client_name: 'App', application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'] }

type Host = { status: string; type: string; body: string; address: string; fetched: number; extra: string }

/** An issuer that registers anybody, and a host that serves the document of a sector. */
async function withSector(change: Partial<Host> = {}): Promise<{ issuer: TestIssuer; host: Host }> {
  const body = JSON.stringify([...two.redirect_uris, ...native.redirect_uris])
  const fine = { status: '200 OK', type: 'application/json', address: '93.184.215.14', extra: '' }
  const host: Host = { ...fine, body, fetched: 0, ...change }
  const connect: Connect = () => {
    host.fetched++
    const head = `HTTP/1.1 ${host.status}\r\ncontent-type: ${host.type}\r\n${host.extra}content-length: ${Buffer.byteLength(host.body)}`
    const stream: Duplex = new Duplex({
      read: () => undefined,
      write: (_part, _encoding, done) => {
        done()
        stream.push(`${head}\r\n\r\n${host.body}`)
      },
    })
    return Promise.resolve(stream)
  }
  const resolve: Resolve = () => Promise.resolve([host.address])
  return { issuer: await openIssuer({}, { outbound: { connect, resolve } }), host }
}

describe('clients that register themselves', () => {
  it('A-PPID-01 are pairwise unless they say otherwise, and are told so', async () => {
    const { issuer, host } = await withSector()
    const made = await register(issuer)
    expect([made.status, made.json['subject_type']]).toEqual([201, 'pairwise'])
    const client = await asTestClient(issuer, made)
    const flow = await issuer.codeFlow({ client, parameters: { scope: 'openid' } })
    expect(decodeJwt(flow.idToken).claims['sub']).toMatch(/^[\w-]{43}$/)
    const open = await register(issuer, { ...plain, subject_type: 'public' })
    expect(open.json['subject_type']).toBe('public')
    const plainly = await issuer.codeFlow({ client: await asTestClient(issuer, open), parameters: { scope: 'openid' } })
    expect(decodeJwt(plainly.idToken).claims['sub']).toBe(issuer.alice.subject)
    expect(host.fetched).toBe(0)
  })

  it('A-PPID-01, A-PPID-04 have the plain identifier where nothing was said and there is no sector', async () => {
    const { issuer } = await withSector()
    for (const document of [two, native]) expect((await register(issuer, document)).json['subject_type']).toBe('public')
  })

  it.for<[string, object]>([
    ['two hosts', { ...two, subject_type: 'pairwise' }],
    ['loopback alone', { ...native, subject_type: 'pairwise' }],
    ['an unknown type', { ...plain, subject_type: 'ephemeral' }],
    ['a sector over http', { ...plain, sector_identifier_uri: 'http://sector.example/list.json' }],
    ['a sector that is no address', { ...plain, sector_identifier_uri: 'sector' }],
  ])('A-PPID-01, A-PPID-03, A-PPID-04, B-SUB-03 %s is refused, and nothing is fetched', async ([, document]) => {
    const { issuer, host } = await withSector()
    expect(outcome(await register(issuer, document))).toBe('400 invalid_client_metadata')
    expect([host.fetched, await clientCount(issuer)]).toEqual([0, 0])
  })

  it('A-PPID-03, B-SUB-04 several hosts, or none, with a document that lists every redirect URI', async () => {
    const { issuer, host } = await withSector()
    const subs = []
    for (const document of [two, native]) {
      const made = await register(issuer, { ...document, sector_identifier_uri: sector })
      expect(made.json).toMatchObject({ subject_type: 'pairwise', sector_identifier_uri: sector })
      const client = await asTestClient(issuer, made)
      const flow = await issuer.codeFlow({ client, parameters: { scope: 'openid' } })
      subs.push(decodeJwt(flow.idToken).claims['sub'])
    }
    expect(subs[0]).toBe(subs[1])
    expect(host.fetched).toBe(2)
  })

  it.for<[string, Partial<Host>]>([
    ['lacks one redirect URI', { body: JSON.stringify([redirectUri]) }],
    ['has another spelling of one', { body: JSON.stringify([redirectUri, 'https://other.example/cb/']) }],
    ['is HTML', { type: 'text/html', body: '<html></html>' }],
    ['is JSON by its content and HTML by its type', { type: 'text/html' }],
    ['is an object', { body: '{"0":"https://tool.example/cb"}' }],
    ['is no JSON', { body: '[' }],
    ['is too large', { body: `["${'x'.repeat(70_000)}"]` }],
    ['has too many entries', { body: JSON.stringify(Array.from({ length: 1001 }, () => redirectUri)) }],
    ['is not there', { status: '404 Not Found' }],
    ['moved elsewhere', { status: '302 Found', extra: 'location: http://127.0.0.1/\r\n' }],
    ['lies in a private network', { address: '10.0.0.7' }],
    ['lies on this machine', { address: '127.0.0.1' }],
    ['is the metadata of a cloud', { address: '169.254.169.254' }],
  ])('B-SUB-04, A-PPID-03 a document that %s is refused', async ([, change]) => {
    const { issuer } = await withSector(change)
    const answer = await register(issuer, { ...two, sector_identifier_uri: sector })
    expect(outcome(answer)).toBe('400 invalid_client_metadata')
    expect(answer.text).not.toContain('10.0.0.7')
    expect(await clientCount(issuer)).toBe(0)
  })

  it('B-SUB-04 a sector in a private network is blocked before anything is sent, and noticed', async () => {
    const { issuer, host } = await withSector({ address: '10.0.0.7' })
    await register(issuer, { ...two, sector_identifier_uri: sector })
    expect(host.fetched).toBe(0)
    expect(eventsOf(issuer, 'fetch.blocked')[0]?.detail).toMatchObject({ purpose: 'sector_identifier' })
  })

  it('B-SUB-04 the document is fetched again at each change', async () => {
    const { issuer, host } = await withSector()
    const made = await register(issuer, { ...two, sector_identifier_uri: sector })
    const id = made.json['client_id']
    const moved = { ...two, client_id: id, redirect_uris: [...two.redirect_uris, 'https://third.example/cb'] }
    const change = { ...moved, sector_identifier_uri: sector }
    const token = made.json['registration_access_token']
    expect(outcome(await manage(issuer, 'PUT', id, token, change))).toBe('400 invalid_client_metadata')
    host.body = JSON.stringify(moved.redirect_uris)
    const done = await manage(issuer, 'PUT', id, token, change)
    expect([done.status, done.json['subject_type'], host.fetched]).toEqual([200, 'pairwise', 3])
  })
})

describe('clients that describe themselves in a document', () => {
  it('A-PPID-01, A-PPID-04 are pairwise in the sector of their document, also on a device', async () => {
    const subs = []
    for (const redirect_uris of [goodDocument.redirect_uris, ['http://127.0.0.1/cb']]) {
      const { issuer, host, client } = await documentIssuer({ seed: 'one world' })
      host.body = JSON.stringify({ ...goodDocument, redirect_uris, subject_type: undefined })
      const redirectUri = redirect_uris[0] ?? ''
      const flow = await issuer.codeFlow({
        client: { ...client, redirectUri, record: { ...client.record, redirectUris: redirect_uris } },
        parameters: { scope: 'openid', redirect_uri: redirectUri },
      })
      subs.push(decodeJwt(flow.idToken).claims['sub'])
    }
    expect(subs[0]).toMatch(/^[\w-]{43}$/)
    expect(subs[1]).toBe(subs[0])
  })

  it('A-PPID-01 can ask for the plain identifier, and for nothing else', async () => {
    const { issuer, host, client, ask } = await documentIssuer()
    host.body = JSON.stringify({ ...goodDocument, subject_type: 'public' })
    const flow = await issuer.codeFlow({ client, parameters: { scope: 'openid' } })
    expect(decodeJwt(flow.idToken).claims['sub']).toBe(issuer.alice.subject)
    issuer.clock.advance(100_000)
    host.body = JSON.stringify({ ...goodDocument, subject_type: 'ephemeral' })
    expect((await ask({ scope: 'openid' })).code).toBe('')
    expect(eventsOf(issuer, 'cimd.rejected').at(-1)?.reason).toBe('document_invalid')
  })
})
