import { isoWeek, newException, orderedId, registerClient, type Client } from '@sallyport/server'
import { family, session } from '@sallyport/testing/store-contract'
import { seconds, systemRandom, type Seconds } from '@sallyport/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openStore } from '../src/workplace.ts'
import { createScratch, prepare, type Installation } from './cli.ts'

// Each test runs a command, one process each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const now = seconds(Date.now() / 1000)
const random = systemRandom()
const scratch = createScratch()
let place: Installation
let clients: readonly Client[] = []

const lastWeek = (now - 7 * 86_400) as Seconds

beforeAll(async () => {
  place = await prepare(scratch.folder, 'https://id.example.com')
  const store = await openStore(place.store)
  const { client } = registerClient(
    { type: 'web', name: 'App', redirectUris: ['https://app.example.net/cb'], scope: 'openid read' },
    { development: false, now, random, secretLifetime: 86_400 },
  )
  clients = [
    { ...client, resources: ['https://api.example.com'], owner: 'Team A' },
    { ...client, id: 'client_dynamic', channel: 'dynamic' },
    { ...client, id: 'https://app.example.net/client.json', channel: 'metadata_document' },
  ]
  for (const [index, one] of clients.entries()) {
    await store.admin.createClient(one, [])
    const alive = { createdAt: now, expiresAt: (now + 86_400) as Seconds }
    await family(store, { client: one, session: await started(store) }, { authorization: alive })
    const delta = { clientId: one.id, usedAt: now, library: undefined, refusal: undefined, secrets: {}, refused: {} }
    const counts = { codes_redeemed: 4, codes_redeemed_with_verifier: 4 }
    await store.usage.add([
      { ...delta, week: isoWeek(now), counts },
      { ...delta, week: isoWeek(lastWeek), counts: { ...counts, codes_redeemed: 5 } },
    ])
    const failed = { event: 'token.pkce.failed', severity: 'high', reason: 'mismatch', class: 'suspected_interception' }
    await store.appendEvents([
      {
        ...(failed as { event: string; severity: 'high'; reason: string; class: string }),
        ...{ id: orderedId((now + index) as Seconds, random), ts: now, requestId: 'a-request', clientId: one.id },
        ...{ subject: undefined, authorizationId: undefined, network: '192.0.2.1', count: 1, detail: {} },
      },
    ])
  }
  const said = { owner: 'a', reason: 'b', ticket: 'c', compensatingControl: 'd', acceptedBy: 'e' }
  const request = { ...said, clientId: client.id, deadline: (now + 86_400) as Seconds }
  await store.exceptions.create(newException(request, client, { now, random }), [])
  await store.close()
})
afterAll(() => {
  scratch.remove()
})

async function started(store: Awaited<ReturnType<typeof openStore>>) {
  const made = session()
  await store.startSession(made, undefined, [])
  return made
}

const doors = [
  { channel: 'managed', verified: true },
  { channel: 'dynamic', verified: false },
  { channel: 'metadata_document', verified: false, document_host: 'app.example.net' },
]
const said = ['administrator', 'registered itself, unverified', 'document of app.example.net, unverified']

type Row = { client_id: string; channel: string }

describe('a client says by which door it came, wherever it is shown', () => {
  it.each([
    ['client list', ['client', 'list'], 'clients'],
    ['the inventory', ['client', 'list', '--inventory'], 'clients'],
    ['coverage', ['coverage'], 'clients'],
    ['coverage by week', ['coverage', '--weekly'], 'clients'],
    ['incidents', ['incidents'], 'incidents'],
    ['grant list', ['grant', 'list'], 'grants'],
  ])('A-GOV-05, A-CIMD-12 in %s', async (_name, words, member) => {
    const { stdout } = await place.run([...words, '--json'])
    const rows = (JSON.parse(stdout) as Record<string, Row[]>)[member] ?? []
    for (const [index, client] of clients.entries())
      expect(rows.find(({ client_id: id }) => id === client.id)).toMatchObject(doors[index] ?? {})
    const text = (await place.run(words)).stdout
    for (const [index, client] of clients.entries())
      expect(text.split('\n').find((line) => line.includes(client.id))).toContain(said[index])
  })

  it('A-GOV-05, A-CIMD-12 in client get, and in the list of exceptions', async () => {
    const registrars = ['an administrator', 'itself, not verified', 'its own document on app.example.net, not verified']
    for (const [index, client] of clients.entries()) {
      expect(await place.json(['client', 'get', client.id])).toMatchObject(doors[index] ?? {})
      expect((await place.run(['client', 'get', client.id])).stdout).toContain(`registered by   ${registrars[index]}`)
    }
    expect(await place.json(['exception', 'list'])).toMatchObject({ exceptions: [doors[0]] })
    expect((await place.run(['exception', 'list'])).stdout).toMatch(/ administrator +in force /)
  })

  it('A-GOV-05 the inventory has scopes and resources, for people as well', async () => {
    const { stdout } = await place.run(['client', 'list', '--inventory'])
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/SCOPES +RESOURCES +REVIEW BY/)
    expect(lines.find((line) => line.includes(clients[0]?.id ?? ''))).toMatch(
      /Team A +\S+ +1 +0 d +app\.example\.net +openid read +https:\/\/api\.example\.com +\d{4}-/,
    )
    expect(lines.find((line) => line.includes('client_dynamic'))).toContain('every one')
  })

  it('A-GOV-03 coverage tells each week of a client', async () => {
    const { stdout } = await place.run(['coverage', '--client', 'client_dynamic', '--weekly'])
    expect(stdout).toMatch(new RegExp(`${isoWeek(lastWeek)} .* 5 +4 +0 +80\\.0 %`))
    expect(stdout).toMatch(new RegExp(`${isoWeek(now)} .* 4 +4 +0 +100 %`))
    const json = JSON.parse((await place.run(['coverage', '--client', 'client_dynamic', '--json'])).stdout) as unknown
    expect(json).toMatchObject({
      clients: [
        {
          codes_redeemed: 9,
          weeks: [
            { week: isoWeek(lastWeek), codes_redeemed: 5, coverage: 0.8 },
            { week: isoWeek(now), codes_redeemed: 4, coverage: 1, refused: {} },
          ],
        },
      ],
    })
  })
})
