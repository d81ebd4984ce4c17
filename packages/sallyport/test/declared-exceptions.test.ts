import { writeFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { declaredClientId, declaredExceptionId } from '../src/config/declared-ids.ts'
import { run, type Outcome } from './cli.ts'
import { declaring, declaringIssuer, told } from './declaring.ts'

// Each test runs many commands, one process each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const here = declaring()
const { scratch, write, config } = here
let files = 0

/** A day so many days from now, as a file has it. */
const dayIn = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

const shop = '  shop:\n    type: web\n    name: Shop\n    redirectUris: [https://shop.example/cb]\n'
const app = '  app:\n    type: native\n    name: App\n    redirectUris: [com.example.app:/cb]\n'
const dated = 'policy:\n  pkceExceptions: dated\n'

type Members = Record<string, string | undefined>
const members = (changes: Members): Members => ({
  client: 'shop',
  owner: 'Web team',
  reason: 'a library without PKCE',
  ticket: 'SHOP-12',
  compensatingControl: 'office network only',
  acceptedBy: 'Chief of risk',
  created: dayIn(-1),
  deadline: dayIn(60),
  ...changes,
})
const exception = (changes: Members = {}, name = 'shop-legacy'): string => {
  const lines = Object.entries(members(changes)).flatMap(([member, value]) =>
    value === undefined ? [] : [`    ${member}: ${JSON.stringify(value)}\n`],
  )
  return `  ${name}:\n${lines.join('')}`
}
const declared = (changes: Members = {}, policy = dated): string =>
  `${policy}clients:\n${shop}${app}exceptions:\n${exception(changes)}`

type Listed = { id: string; state: string; accepted_by: string; deadline: string; renewed_at?: string }
const listed = async (): Promise<Listed[]> =>
  ((await here.place.json(['exception', 'list'])) as { exceptions: Listed[] }).exceptions

/** Looks at a file without any store. */
async function check(text: string, ...words: readonly string[]): Promise<Outcome> {
  const path = scratch.path(`check-${files++}.yaml`)
  writeFileSync(path, `version: 1\nissuer: ${declaringIssuer}\ndata: ${scratch.path('none')}\n${text}`)
  return run(['config', 'check', '--config', path, ...words], { cwd: scratch.folder })
}
const findings = ({ stdout }: Outcome): string[] =>
  (JSON.parse(stdout) as { findings: { rule: string; key: string }[] }).findings.map(
    ({ rule, key }) => `${rule} ${key}`,
  )

describe('config check of declared exceptions', () => {
  it('A-GOV-02, A-GOV-07 finds one as long as it stands; what the baseline has is a note until its last days', async () => {
    const outcome = await check(declared(), '--json')
    expect([findings(outcome), outcome.code]).toEqual([['exception-standing exceptions.shop-legacy.deadline'], 3])
    expect(outcome.stdout).toContain(`needs no challenge until ${dayIn(60)}T00:00:00Z, accepted by Chief of risk`)
    const baseline = scratch.path('reviewed.json')
    await check(declared(), '--baseline', baseline, '--write-baseline')
    const reviewed = await check(declared(), '--baseline', baseline, '--format', 'sarif')
    expect([reviewed.code, reviewed.stdout]).toEqual([0, expect.stringContaining('"level": "note"')])
    expect((await check(declared(), '--baseline', baseline)).stdout).toContain('note exception-reviewed')
    const junit = (await check(declared(), '--baseline', baseline, '--format', 'junit')).stdout
    expect(junit).toMatch(/name="exception-reviewed">\s*<system-out>/)
    expect(junit).toContain('failures="0"')
    const later = await check(declared({ deadline: dayIn(70), acceptedBy: 'Mr C' }), '--baseline', baseline, '--json')
    expect([findings(later), later.code]).toEqual([
      ['exception-standing exceptions.shop-legacy.deadline', 'policy-regression exception deadline'],
      3,
    ])
  })

  it.each<[string, Members, string]>([
    ['A-GOV-02 91 days', { deadline: dayIn(91) }, 'exception-refused exceptions.shop-legacy.deadline'],
    [
      'A-GOV-02 the owner as acceptor',
      { acceptedBy: ' WEB TEAM ' },
      'exception-refused exceptions.shop-legacy.acceptedBy',
    ],
    ['A-GOV-02 the last days', { deadline: dayIn(13) }, 'exception-standing exceptions.shop-legacy.deadline'],
    [
      'A-GOV-02 an old one',
      { created: dayIn(-80), deadline: dayIn(0) },
      'exception-expired exceptions.shop-legacy.deadline',
    ],
    ['A-GOV-02 the future', { created: dayIn(5) }, 'exception-refused exceptions.shop-legacy.created'],
    ['A-GOV-01 a public client', { client: 'app' }, 'exception-refused exceptions.shop-legacy.client'],
  ])('%s is a finding', async (_what, changes, finding) => {
    const outcome = await check(declared(changes), '--json')
    expect([findings(outcome), outcome.code]).toEqual([[finding], 3])
  })

  it('A-GOV-01 finds one that the policy forbids, which it does unless told otherwise', async () => {
    expect(findings(await check(declared({}, ''), '--json'))).toEqual([
      'exception-forbidden exceptions.shop-legacy.client',
    ])
  })

  it('A-GOV-02 finds two that stand for one client', async () => {
    expect(findings(await check(`${declared()}${exception({}, 'second')}`, '--json'))).toContain(
      'exception-refused exceptions.second.client',
    )
  })

  it.each(['owner', 'reason', 'ticket', 'compensatingControl', 'acceptedBy', 'created', 'deadline', 'client'])(
    'A-GOV-02 cannot be understood without %s',
    async (member) => {
      const outcome = await check(declared({ [member]: undefined }))
      expect(outcome.code).toBe(78)
      expect(outcome.stderr).toContain(`exceptions.shop-legacy.${member}`)
    },
  )

  it('A-GOV-07 is a regression against the baseline of before', async () => {
    const baseline = scratch.path('baseline.json')
    await check(`${dated}clients:\n${shop}${app}`, '--baseline', baseline, '--write-baseline')
    const outcome = await check(declared(), '--baseline', baseline)
    expect(outcome.code).toBe(3)
    expect(outcome.stdout).toContain('1 client is excepted from PKCE: shop')
  })
})

describe('config apply of declared exceptions', () => {
  it('A-GOV-02 makes it together with its client, and a later deadline renews it once', async () => {
    write(declared())
    expect(told(await config('apply', '--json'))).toEqual([
      'create client shop',
      'create client app',
      'create exception shop-legacy',
    ])
    expect(await listed()).toMatchObject([{ id: declaredExceptionId('shop-legacy'), state: 'in force' }])
    expect((await config('diff')).code).toBe(0)

    write(declared({ deadline: dayIn(80) }))
    const unaccepted = await config('apply')
    expect([unaccepted.code, unaccepted.stderr]).toEqual([3, expect.stringContaining('accepted it before')])
    write(declared({ deadline: dayIn(80), acceptedBy: 'New chief of risk' }))
    expect(told(await config('apply', '--json'))).toEqual(['update exception shop-legacy acceptedBy deadline'])
    expect(await listed()).toMatchObject([{ accepted_by: 'New chief of risk', deadline: `${dayIn(80)}T00:00:00Z` }])
    write(declared({ deadline: dayIn(85), acceptedBy: 'New chief of risk' }))
    const again = await config('apply')
    expect(again.code).toBe(3)
    expect(again.stderr).toContain('only once')
  })

  it('A-GOV-02 changes nothing else of it, and two files cannot give one client two', async () => {
    write(declared())
    await config('apply')
    write(declared({ reason: 'another one' }))
    expect((await config('apply')).stderr).toContain('cannot be changed once the exception is made')
    write(`${declared()}${exception({}, 'second')}`)
    expect((await config('apply')).stderr).toContain('in force already')
    expect(await listed()).toHaveLength(1)
  })

  it('A-GOV-01 makes none while the policy forbids it, and writes nothing of the rest', async () => {
    write(declared({}, ''))
    const refused = await config('apply')
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('policy.pkceExceptions is not dated')
    expect(await here.place.json(['client', 'list'])).toMatchObject({ clients: [] })
  })

  it('A-GOV-07 prune ends what left the file; revoking by hand is always possible, renewing is not', async () => {
    write(declared())
    await config('apply')
    const env = { SALLYPORT_POLICY__PKCE_EXCEPTIONS: 'dated' }
    const id = declaredExceptionId('shop-legacy')
    const renew = ['exception', 'renew', id, '--accepted-by', 'Head of risk', '--deadline', dayIn(70)]
    const refused = await here.place.run(renew, { env })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('exceptions:')
    write(`${dated}clients:\n${shop}${app}`)
    await config('apply')
    expect(await listed()).toMatchObject([{ state: 'in force' }])
    expect(told(await config('apply', '--prune', '--json'))).toEqual(['remove exception shop-legacy'])
    expect(await listed()).toMatchObject([{ state: 'revoked' }])
    write(declared())
    // The name stands for an exception that is over: nothing comes back by itself.
    expect(told(await config('apply', '--json'))).toEqual(['adopt exception shop-legacy'])
    expect(await listed()).toMatchObject([{ state: 'revoked' }])
    expect(declaredClientId('shop')).toMatch(/^client_/)
  })

  it('A-GOV-07 dump writes it so that apply finds no difference', async () => {
    write(declared())
    await config('apply')
    const { stdout } = await here.place.run(['config', 'dump', '--declarations'])
    write(`${dated}${stdout.replace('version: 1\n', '')}`)
    expect((await config('diff')).stdout.trim()).toBe('no difference')
  })
})
