import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, prepare, type Installation } from './cli.ts'

const scratch = createScratch()
let place: Installation
let owner: string
beforeAll(async () => {
  place = await prepare(scratch.folder)
  owner = String((await place.json([...web(shared)]))['client_id'])
})
afterAll(() => {
  scratch.remove()
})

const shared = 'https://app.example.com/callback'
const own = 'https://other.example.com/callback'
const web = (uri: string): readonly string[] => [
  ...['client', 'create', '--type', 'web', '--name', 'App', '--redirect-uri', uri],
]
const allow = '--allow-shared-redirect-uri'

async function auditOf(id: unknown, event: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await place.run(['events', 'tail', '--json', '--filter', `client=${String(id)}`])
  const all = stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return all.filter((record) => record['event'] === event)
}

describe('a redirect URI of two clients', () => {
  it.each([[[]], [['--dry-run']]])('A-REDIR-13 is refused on creation, with the fix %j', async (words) => {
    const { code, stderr } = await place.run([...web(shared), ...words])
    expect(code).toBe(6)
    expect(stderr).toContain(`${shared} belongs to ${owner}`)
    expect(stderr).toContain(allow)
  })

  it('A-REDIR-13 is taken when that is allowed, and the audit event says so', async () => {
    const { client_id: id } = await place.json([...web(shared), allow])
    const [record] = await auditOf(id, 'client.registered')
    expect(JSON.stringify(record)).toContain(shared)
    expect(JSON.stringify(record)).toContain(owner)
    await place.json(['client', 'delete', String(id), '--yes'])
  })

  it('A-REDIR-13 is refused on a change too, unless it is allowed or was there before', async () => {
    const { client_id: id } = await place.json([...web(own), allow])
    expect(JSON.stringify(await auditOf(id, 'client.registered'))).not.toContain('shared')
    const update = ['client', 'update', String(id)]
    const refused = await place.run([...update, '--redirect-uri', shared])
    expect(refused.code).toBe(6)
    expect(refused.stderr).toContain(allow)
    expect(await place.json(['client', 'get', String(id)])).toMatchObject({ redirect_uris: [own] })
    await place.json([...update, '--redirect-uri', shared, allow])
    expect(JSON.stringify((await auditOf(id, 'client.updated')).at(-1))).toContain(owner)
    expect((await place.run([...update, '--name', 'Other', '--redirect-uri', shared])).code).toBe(0)
  })

  it('A-REDIR-13 is no matter for loopback addresses', async () => {
    const loopback = web('http://127.0.0.1:9/callback')
    await place.json(loopback)
    expect((await place.run(loopback)).code).toBe(0)
  })
})
