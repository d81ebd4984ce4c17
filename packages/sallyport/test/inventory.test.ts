import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, prepare, type Installation } from './cli.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder, 'https://id.example.com')
})
afterAll(() => {
  scratch.remove()
})

const create = (name: string): readonly string[] => [
  ...['client', 'create', '--type', 'web', '--name', name, '--scope', 'openid'],
  ...['--redirect-uri', `https://${name}.example.com/cb`],
]
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

describe('the inventory on the command line', () => {
  it('A-GOV-05 shows owner, door, last use, hosts, grants, age of the secret and review date', async () => {
    const said = ['--owner', 'Team A', '--purpose', 'the shop', '--review-by', inDays(100)]
    const { client_id: id } = await place.json([...create('shop'), ...said])
    expect(await place.json(['client', 'list', '--inventory'])).toMatchObject({
      overdue: [],
      clients: [
        {
          client_id: id,
          owner: 'Team A',
          purpose: 'the shop',
          channel: 'managed',
          confidential: true,
          security_level: 'baseline',
          redirect_hosts: ['shop.example.com'],
          grants_held: 0,
          secret_age_days: 0,
          review_by: expect.stringContaining(inDays(100)) as string,
        },
      ],
    })
    const { stdout } = await place.run(['client', 'list', '--inventory'])
    expect(stdout).toMatch(
      /shop +web, confidential +administrator +active +Team A +never seen +0 +0 d +shop\.example\.com/,
    )
  })

  it('A-GOV-05 refuses a review later than in 12 months, and reports one that is overdue', async () => {
    const late = await place.run([...create('late'), '--review-by', inDays(400)])
    expect(late.code).toBe(2)
    expect(late.stderr).toContain('--review-by: is more than 12 months away')
    const { client_id: id } = await place.json([...create('over'), '--review-by', inDays(-1)])
    const { code, stdout } = await place.run(['client', 'list', '--inventory'])
    expect(code).toBe(3)
    expect(stdout).toContain('OVERDUE')
    await place.json(['client', 'update', String(id), '--review-by', inDays(30)])
    expect((await place.run(['client', 'list', '--inventory'])).code).toBe(0)
  })

  it('A-GOV-06, A-GOV-08 shows PKCE as fixed and takes no lower level', async () => {
    const { client_id: id } = await place.json(create('level'))
    expect((await place.run(['client', 'get', String(id)])).stdout).toContain('S256, required of every client')
    for (const level of ['none', 'low'])
      expect((await place.run(['client', 'update', String(id), '--security-level', level])).code).toBe(2)
    expect((await place.run(['client', 'update', String(id), '--pkce', 'false'])).code).toBe(2)
    expect(await place.json(['client', 'get', String(id)])).toMatchObject({ security_level: 'baseline' })
  })

  it('A-GOV-05 contains a client after a yes, on record', async () => {
    const { client_id: id } = await place.json(create('bad'))
    expect((await place.run(['client', 'contain', String(id)])).code).toBe(2)
    const nothing = { grants: 0, codes: 0, consents: 0, devices: 0, pushed_requests: 0, pages: 0 }
    const preview = await place.json(['client', 'contain', String(id), '--dry-run'])
    expect(preview).toMatchObject({ contained: false, channel: 'managed', would_end: nothing })
    expect((await place.run(['client', 'contain', String(id), '--dry-run'])).stdout).toContain(
      '0 grants with their tokens',
    )
    expect((await place.json(['client', 'get', String(id)]))['disabled_at']).toBeUndefined()
    expect(await place.json(['client', 'contain', String(id), '--yes'])).toMatchObject({
      contained: true,
      ended: nothing,
    })
    expect((await place.json(['client', 'get', String(id)]))['disabled_at']).toBeDefined()
    const { stdout } = await place.run(['events', 'tail', '--filter', 'reason=client_contained', '--json'])
    expect(stdout).toContain(String(id))
    expect((await place.run(['client', 'contain', 'client_of_nobody', '--yes'])).code).toBe(6)
    expect(await place.json(['audit', 'verify'])).toMatchObject({ intact: true })
  })
})
