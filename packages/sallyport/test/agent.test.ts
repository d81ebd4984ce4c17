import { openSqliteStore } from '@sallyport/store-sqlite'
import { seconds } from '@sallyport/protocol'
import { writeFileSync } from 'node:fs'
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

const create = (name: string, more: readonly string[] = ['--owner', 'Team Post', '--purpose', 'Sorts mail']) => [
  ...['client', 'create', '--type', 'agent', '--name', name],
  ...more,
]

const made = async (name: string): Promise<string> => String((await place.json(create(name)))['client_id'])

/** Puts the moment at which an agent was stopped into the past. */
async function stoppedBefore(id: string, ago: number): Promise<void> {
  const store = await openSqliteStore({ path: place.store })
  const client = await store.findClient(id)
  if (client?.disabledAt === undefined) throw new Error('not stopped')
  const earlier = { ...client, version: client.version + 1, disabledAt: seconds(client.disabledAt - ago) }
  expect(await store.admin.updateClient(earlier, [])).toBe(true)
  await store.close()
}

describe('agents on the command line', { timeout: 120_000 }, () => {
  it('A-GOV-05 have an owner and a purpose, and the refusal names both', async () => {
    const { code, stderr } = await place.run(create('nobodys', []))
    expect(code).toBe(2)
    expect(stderr).toContain('--owner: is required of an agent')
    expect(stderr).toContain('--purpose: is required of an agent')
    const { stdout } = await place.run(create('sorter'))
    expect(stdout).toMatch(/owner +Team Post\npurpose +Sorts mail/)
  })

  it('A-GOV-05 are listed with what they are for, apart from other clients', async () => {
    const id = await made('lister')
    const service = await place.json(['client', 'create', '--type', 'service', '--name', 'cron'])
    const { agents } = (await place.json(['agent', 'list'])) as { agents: Record<string, unknown>[] }
    expect(agents.map((one) => one['client_id'])).not.toContain(service['client_id'])
    expect(agents.find((one) => one['client_id'] === id)).toMatchObject({
      owner: 'Team Post',
      purpose: 'Sorts mail',
      acts_for_people: false,
      acts_for_itself: true,
      grants_held: 0,
    })
    expect((await place.run(['agent', 'list'])).stdout).toMatch(/lister +active +Team Post +never seen +0 +Sorts mail/)
    expect((await place.run(['agent', 'stop', String(service['client_id']), '--yes'])).stderr).toContain(
      'client contain',
    )
  })

  it('A-GOV-05 are stopped after a yes, on record, and go on no earlier than their last token', async () => {
    const id = await made('stopper')
    expect((await place.run(['agent', 'stop', id])).code).toBe(2)
    expect(await place.json(['agent', 'stop', id, '--dry-run'])).toMatchObject({
      stopped: [],
      planned: [id],
      ended: { [id]: { grants: 0, codes: 0, consents: 0, devices: 0, pushed_requests: 0, pages: 0 } },
    })
    expect((await place.json(['client', 'get', id]))['disabled_at']).toBeUndefined()
    expect(await place.json(['agent', 'stop', id, '--yes'])).toMatchObject({ stopped: [id] })
    const early = await place.run(['agent', 'resume', id])
    expect([early.code, early.stderr]).toEqual([6, expect.stringContaining('may be out until')])
    expect((await place.run(['client', 'update', id, '--enable'])).stderr).toContain(`sallyport agent resume ${id}`)
    await stoppedBefore(id, 301)
    expect(await place.json(['agent', 'resume', id])).toMatchObject({ resumed: true })
    expect((await place.json(['client', 'get', id]))['disabled_at']).toBeUndefined()
    const { stdout } = await place.run(['events', 'tail', '--filter', `client=${id}`, '--json'])
    for (const reason of ['administrator', 'agent_stopped', 'agent_resumed']) expect(stdout).toContain(reason)
    expect(await place.json(['audit', 'verify'])).toMatchObject({ intact: true })
  })

  it('A-GOV-05 are stopped all together, and nothing else with them', async () => {
    const ids = [await made('one'), await made('two')]
    const { client_id: service } = await place.json(['client', 'create', '--type', 'service', '--name', 'other'])
    for (const words of [
      ['agent', 'stop', '--yes'],
      ['agent', 'stop', '--all', ids[0] ?? '', '--yes'],
    ])
      expect((await place.run(words)).code).toBe(2)
    const { stopped } = (await place.json(['agent', 'stop', '--all', '--yes'])) as { stopped: string[] }
    expect(stopped).toEqual(expect.arrayContaining(ids))
    expect((await place.json(['client', 'get', String(service)]))['disabled_at']).toBeUndefined()
    expect(await place.json(['agent', 'stop', '--all', '--yes'])).toMatchObject({ stopped: [] })
  })

  it('A-GOV-05, A-GOV-07 are declared in a file, and a file does not bring one back at once', async () => {
    const file = scratch.path('agents.yaml')
    const declare = (more: string): void => {
      writeFileSync(file, `version: 1\nclients:\n  sorter:\n    type: agent\n    name: Sorter\n${more}`)
    }
    const told = '    owner: Team Post\n    purpose: Sorts mail\n'
    declare('')
    const refused = await place.run(['config', 'apply', '--config', file, '--yes'])
    expect(refused.stderr + refused.stdout).toContain('is required of an agent')
    declare(told)
    expect((await place.run(['config', 'apply', '--config', file, '--yes'])).code).toBe(0)
    const { agents } = (await place.json(['agent', 'list'])) as { agents: Record<string, string>[] }
    const id = agents.find((one) => one['client_name'] === 'Sorter')?.['client_id'] ?? ''
    await place.json(['agent', 'stop', id, '--yes'])
    declare(`${told}    disabled: false\n`)
    const early = await place.run(['config', 'apply', '--config', file, '--yes'])
    expect([early.code === 0, early.stderr + early.stdout]).toEqual([false, expect.stringContaining('apply it later')])
    await stoppedBefore(id, 301)
    expect((await place.run(['config', 'apply', '--config', file, '--yes'])).code).toBe(0)
  })
})
