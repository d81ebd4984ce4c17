import { isoWeek, newException, registerClient, type Client, type Store, type UsageDelta } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { seconds, systemRandom, type Seconds } from '@sallyport/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../src/workplace.ts'
import { coverageOf } from '../src/coverage.ts'
import { legacyReport } from '../src/legacy.ts'
import { tighteningReport, tighteningWarnings } from '../src/tightenings.ts'
import { createScratch, prepare, type Installation } from './cli.ts'

const now = seconds(Date.now() / 1000)
const since = isoWeek(now)
const random = systemRandom()

async function addClient(store: Store, name: string): Promise<Client> {
  const { client } = registerClient(
    { type: 'web', name, redirectUris: [`https://${name}.example.com/cb`], scope: 'openid' },
    { development: false, now, random, secretLifetime: 86_400 },
  )
  await store.admin.createClient(client, [])
  return client
}

const delta = ({ id }: Client, counts: UsageDelta['counts'], more: Partial<UsageDelta> = {}): UsageDelta => ({
  clientId: id,
  week: since,
  counts,
  refused: {},
  usedAt: now,
  library: undefined,
  secrets: {},
  refusal: undefined,
  ...more,
})

const covered = {
  authorization_requests: 5,
  with_s256: 5,
  with_state: 5,
  codes_redeemed: 4,
  codes_redeemed_with_verifier: 4,
}

describe('coverage', () => {
  it('A-GOV-03 is the share of codes redeemed with a verifier, and 100 % is no alert', async () => {
    const store = createMemoryStore()
    await store.usage.add([delta(await addClient(store, 'one'), covered)])
    expect(await coverageOf(store, { since }, now)).toMatchObject({ redeemed: 4, share: 1, alerts: [] })
  })

  it('A-GOV-03 anything else is an alert, however small', async () => {
    const store = createMemoryStore()
    const counts = { codes_redeemed: 10_000, codes_redeemed_with_verifier: 9999 }
    await store.usage.add([delta(await addClient(store, 'one'), counts)])
    const found = await coverageOf(store, { since }, now)
    expect(found.share).toBeLessThan(1)
    expect(found.alerts).toEqual([expect.stringContaining('1 codes were redeemed without a verifier')])
  })

  it('A-GOV-03 counts codes under an exception apart, and each such client is an alert', async () => {
    const store = createMemoryStore()
    const client = await addClient(store, 'one')
    const said = { owner: 'a', reason: 'b', ticket: 'c', compensatingControl: 'd', acceptedBy: 'e' }
    const deadline = (now + 86_400) as Seconds
    const made = newException({ ...said, clientId: client.id, deadline }, client, { now, random })
    await store.exceptions.create(made, [])
    expect((await coverageOf(store, { since }, now)).alerts).toHaveLength(1)
    await store.usage.add([delta(client, { codes_redeemed: 4, codes_redeemed_under_exception: 4 })])
    const found = await coverageOf(store, { since }, now)
    expect(found).toMatchObject({ share: 0, underException: 4 })
    expect(found.alerts).toHaveLength(2)
    expect((await coverageOf(store, { since }, deadline)).alerts).toHaveLength(1)
  })

  it('A-GOV-04 lists whom a tightening would break, and warns of them at its stage', async () => {
    const store = createMemoryStore()
    const [tidy, old] = [await addClient(store, 'tidy'), await addClient(store, 'old')]
    const stateless = { authorization_requests: 3, with_state: 1, openid_without_nonce: 2 }
    await store.usage.add([delta(tidy, covered), delta(old, stateless)])
    const { clients } = await coverageOf(store, { since }, now)
    const lines = tighteningReport(clients, { policy: { stages: { requireState: 'report', requireNonce: 'warn' } } })
    expect(lines.map(({ tightening, clients: by }) => [tightening, by.map(({ id, count }) => [id, count])])).toEqual([
      ['requireState', [[old.id, 2]]],
      ['requireNonce', [[old.id, 2]]],
    ])
    expect(tighteningWarnings(lines)).toEqual([expect.stringContaining('requireNonce would break it')])
    expect(tighteningReport(clients, { policy: { stages: { requireState: 'enforce' } } })).toEqual([])
  })

  it('A-GOV-04 lists who still proves itself by a secret, and no longer who has a key by now', async () => {
    const store = createMemoryStore()
    const [secret, keyed] = [await addClient(store, 'secret'), await addClient(store, 'keyed')]
    const counts = { authenticated_by_secret: 5, authenticated_by_key: 1 }
    await store.usage.add([delta(secret, counts), delta(keyed, counts)])
    const next = { ...keyed, authenticationMethod: 'private_key_jwt', version: keyed.version + 1 } as const
    expect(await store.admin.updateClient(next, [])).toBe(true)
    const { clients } = await coverageOf(store, { since }, now)
    const policy = { stages: { requirePrivateKeyJwt: 'warn' } } as const
    const [line] = tighteningReport(clients, { policy })
    expect(line?.clients.map(({ id, count }) => [id, count])).toEqual([[secret.id, 5]])
  })

  it('A-GOV-04, B-PAR-09 lists who does not push every request, and not who is held to it by itself', async () => {
    const store = createMemoryStore()
    const [pushes, mixed, held] = [
      await addClient(store, 'pushes'),
      await addClient(store, 'mixed'),
      await addClient(store, 'held'),
    ]
    const counts = { authorization_requests: 5, pushed_requests: 2 }
    await store.usage.add([delta(pushes, { ...counts, pushed_requests: 5 }), delta(mixed, counts), delta(held, counts)])
    const next = { ...held, requirePushedRequests: true, version: held.version + 1 }
    expect(await store.admin.updateClient(next, [])).toBe(true)
    const { clients } = await coverageOf(store, { since }, now)
    const [line] = tighteningReport(clients, { policy: { stages: { requirePushedRequests: 'warn' } } })
    expect(line?.clients.map(({ id, count }) => [id, count])).toEqual([[mixed.id, 3]])
    expect(tighteningWarnings(line === undefined ? [] : [line])).toEqual([
      expect.stringContaining('requirePushedRequests would break it, 3 requests that were not pushed'),
    ])
  })

  it('A-GOV-04, A-CODE-07 tells one story of redirect_uri at the token endpoint: an old habit that can be refused', async () => {
    const store = createMemoryStore()
    const [tidy, sends, old] = [
      await addClient(store, 'tidy'),
      await addClient(store, 'sends'),
      await addClient(store, 'old'),
    ]
    const counts = { codes_redeemed: 5, redirect_uri_at_token: 4 }
    await store.usage.add([delta(tidy, { codes_redeemed: 5 }), delta(sends, counts), delta(old, counts)])
    const next = { ...old, requireRedirectUriAtToken: true, version: old.version + 1 }
    expect(await store.admin.updateClient(next, [])).toBe(true)
    const { clients } = await coverageOf(store, { since }, now)
    const [line] = tighteningReport(clients, { policy: { stages: { refuseRedirectUriAtToken: 'report' } } })
    expect(line?.clients.map(({ id, count }) => [id, count])).toEqual([[sends.id, 4]])
    const habit = legacyReport(clients, {}, now).find(({ habit: id }) => id === 'redirect_uri_at_token')
    expect(habit?.clients.map(({ id }) => id).sort()).toEqual([sends.id, old.id].sort())
  })

  it('A-GOV-04 lists who still gets tokens that are bound to no key, and no longer who is registered for bound ones', async () => {
    const store = createMemoryStore()
    const [free, bound, told] = [
      await addClient(store, 'free'),
      await addClient(store, 'bound'),
      await addClient(store, 'told'),
    ]
    const counts = { bearer_tokens: 4, bound_tokens: 6 }
    await store.usage.add([delta(free, counts), delta(bound, { bound_tokens: 9 }), delta(told, counts)])
    const next = { ...told, dpopBoundAccessTokens: true, version: told.version + 1 }
    expect(await store.admin.updateClient(next, [])).toBe(true)
    const { clients } = await coverageOf(store, { since }, now)
    const lines = tighteningReport(clients, { policy: { stages: { requireSenderConstraint: 'warn' } } })
    expect(lines[0]?.clients.map(({ id, count }) => [id, count])).toEqual([[free.id, 4]])
    expect(tighteningWarnings(lines)).toEqual([expect.stringContaining('4 access tokens that are bound to no key')])
  })

  it('A-GOV-04 lists old habits that are still in use, with their target dates', async () => {
    const store = createMemoryStore()
    const [tidy, old] = [await addClient(store, 'tidy'), await addClient(store, 'old')]
    await store.usage.add([
      delta(tidy, covered),
      delta(old, { authorization_requests: 3, with_state: 1, redirect_uri_at_token: 2, bearer_tokens: 7 }),
    ])
    const { clients } = await coverageOf(store, { since }, now)
    const targets = { 'governance.stateBy': '2020-01-01', 'governance.redirectUriBy': '2999-01-01' }
    const report = legacyReport(clients, targets, now)
    const one = (count: number) => [{ id: old.id, name: 'old', count }]
    expect(report.map(({ habit, late, clients: by }) => [habit, late, by])).toEqual([
      ['missing_state', true, one(2)],
      ['redirect_uri_at_token', false, one(2)],
      ['client_secret', false, []],
      ['bearer_tokens', false, one(7)],
    ])
  })
})

describe('sallyport coverage', () => {
  const scratch = createScratch()
  let place: Installation
  beforeAll(async () => {
    place = await prepare(scratch.folder, 'https://id.example.com')
  })
  afterAll(() => {
    scratch.remove()
  })

  it('A-GOV-03 prints the table and the share, and ends with 3 on an alert', async () => {
    expect((await place.run(['coverage'])).stdout).toContain('nothing was counted')
    const nobody = await place.run(['coverage', '--client', 'nope'])
    expect([nobody.code, nobody.stderr]).toEqual([6, expect.stringContaining('there is no client nope')])
    const store = await openStore(place.store)
    const client = await addClient(store, 'one')
    const refusal = { reason: 'pkce_required', at: now } as const
    await store.usage.add([
      delta(
        client,
        { ...covered, with_state: 4 },
        { library: 'a-library/1.0', refused: { pkce_required: 2 }, refusal },
      ),
    ])
    const good = await place.run(['coverage'])
    expect(good.code).toBe(0)
    expect(good.stdout).toMatch(/one .* 100 % +0 +0 +a-library\/1\.0 +pkce_required/)
    expect(good.stdout).toMatch(/until 2027-12-31/)
    await store.usage.add([delta(client, { codes_redeemed: 1 })])
    await store.close()
    const bad = await place.run(['coverage', '--client', client.id, '--since', since, '--json'])
    expect(bad.code).toBe(3)
    expect(JSON.parse(bad.stdout)).toMatchObject({
      coverage: 0.8,
      clients: [{ client_id: client.id, library: 'a-library/1.0' }],
    })
    expect((await place.run(['coverage', '--since', 'yesterday'])).code).toBe(2)
  })
})
