import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Seconds } from '@sallyport/protocol'
import type { PkceException } from '@sallyport/server'
import { exceptionNotices } from '../src/exceptions.ts'
import { createScratch, prepare, type Installation } from './cli.ts'

// Each test runs many commands, one process each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scratch = createScratch()
let place: Installation
let client = ''
const dated = { env: { SALLYPORT_POLICY__PKCE_EXCEPTIONS: 'dated' } }
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()

beforeAll(async () => {
  place = await prepare(scratch.folder, 'https://id.example.com')
  const made = await place.json([
    ...['client', 'create', '--type', 'web', '--name', 'App'],
    ...['--redirect-uri', 'https://app.example.com/cb', '--scope', 'openid'],
  ])
  client = String(made['client_id'])
})
afterAll(() => {
  scratch.remove()
})

const words = (change: Readonly<Record<string, string | undefined>> = {}): readonly string[] => {
  const all = {
    client,
    owner: 'Team A',
    reason: 'an old library',
    ticket: 'OPS-1',
    control: 'office network',
    'accepted-by': 'Ms B',
    deadline: inDays(80),
    ...change,
  }
  return [
    ...['exception', 'create'],
    ...Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value])),
  ]
}

describe('sallyport exception', () => {
  it('A-GOV-01 makes no record while the policy forbids exceptions', async () => {
    const { code, stderr } = await place.run(words())
    expect(code).toBe(78)
    expect(stderr).toContain('policy.pkceExceptions')
    expect((await place.json(['exception', 'list']))['exceptions']).toEqual([])
  })

  it('A-GOV-02 refuses records that are incomplete, too long or accepted by their owner', async () => {
    for (const lacking of ['owner', 'reason', 'ticket', 'control', 'accepted-by', 'deadline', 'client'])
      expect((await place.run(words({ [lacking]: undefined }), dated)).code, lacking).toBe(2)
    for (const [change, told] of [
      [{ deadline: inDays(91) }, '--deadline is more than 90 days away'],
      [{ 'accepted-by': 'team a' }, '--accepted-by is the owner'],
      [{ ticket: ' ' }, '--ticket is missing'],
    ] as const) {
      const { code, stderr } = await place.run(words(change), dated)
      expect(code).toBe(2)
      expect(stderr).toContain(told)
    }
    expect((await place.json(['exception', 'list']))['exceptions']).toEqual([])
  })

  it('A-GOV-02 keeps a register: made, told by the check, renewed once, ended', async () => {
    const made = await place.json(words({ deadline: inDays(10) }), dated)
    expect(made).toMatchObject({ client_id: client, state: 'in force', accepted_by: 'Ms B', uses: 0 })
    const id = String(made['id'])
    expect((await place.run(words(), dated)).code).toBe(6)
    const check = await place.run(['config', 'check', '--json'], dated)
    expect(check.code).toBe(3)
    expect(check.stdout).toContain('which is soon')
    const renew = ['exception', 'renew', id, '--deadline', inDays(60), '--accepted-by']
    expect((await place.run([...renew, 'TEAM A'], dated)).code).toBe(2)
    const same = await place.run([...renew, ' ms b'], dated)
    expect([same.code, same.stderr]).toEqual([2, expect.stringContaining('--accepted-by accepted it before')])
    expect(await place.json([...renew, 'Mr C'], dated)).toMatchObject({ accepted_by: 'Mr C' })
    const again = await place.run([...renew, 'Mr D'], dated)
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('renewed before')
    expect(await place.json(['exception', 'revoke', id], dated)).toMatchObject({ state: 'revoked' })
    expect((await place.run(['exception', 'revoke', id], dated)).code).toBe(6)
    expect(await place.json(['audit', 'verify'])).toMatchObject({ intact: true })
  })

  it('A-GOV-02 is a finding of the doctor while it stands, most of all when the policy forbids it', async () => {
    const { id } = await place.json(words(), dated)
    const told = await place.run(['doctor', '--json'], dated)
    expect(told.stdout).toContain(`${client} needs no challenge until`)
    expect((await place.run(['doctor', '--json'])).stdout).toContain('an exception that the policy forbids')
    await place.json(['exception', 'revoke', String(id)])
    expect((await place.run(['doctor', '--json'], dated)).stdout).toContain('no client has an exception')
  })

  it('A-GOV-02 tells of one that ended, and makes only a client that used it wait', () => {
    const ended = (uses: number): PkceException => ({
      ...{ id: 'exception_1', clientId: client, owner: 'A', reason: 'r', ticket: 't', compensatingControl: 'c' },
      ...{ acceptedBy: 'B', createdAt: 0 as Seconds, deadline: 86_400 as Seconds, renewedAt: undefined },
      ...{ revokedAt: undefined, uses, lastUsedAt: undefined },
    })
    const told = [0, 3].map((uses) =>
      exceptionNotices({ policy: { pkceExceptions: 'dated' } }, [ended(uses)], 100_000).map(({ fix }) => fix),
    )
    expect(told).toEqual([
      [expect.stringContaining('another can be made at any time; this is told until 1970-04-02T00:00:00Z')],
      [expect.stringContaining('it gets no other exception before 1970-04-02T00:00:00Z')],
    ])
  })
})
