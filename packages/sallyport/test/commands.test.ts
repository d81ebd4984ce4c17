import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { seconds } from '@sallyport/protocol'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { session as aSession } from '@sallyport/testing/store-contract'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, installationIn, issuer, prepare, run, type Installation } from './cli.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder)
})
afterAll(() => {
  scratch.remove()
})

const redirectUri = 'http://127.0.0.1:9/callback'
const webClient = ['client', 'create', '--type', 'web', '--name', 'App', '--redirect-uri', redirectUri]
const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('migrate', () => {
  it('AR-06 makes a master key that nobody else can read, in a folder of its own', () => {
    expect(modeOf(place.data)).toBe(0o700)
    expect(modeOf(join(place.data, 'master.key'))).toBe(0o600)
    expect(modeOf(place.store)).toBe(0o600)
  })

  it('does nothing the second time', async () => {
    const again = await place.json(['migrate', '--issuer', issuer])
    expect(again).toMatchObject({ issuer, migrated: [], master_key_created: false })
  })

  it('refuses a store that belongs to another issuer, and says which', async () => {
    const { code, stderr } = await place.run(['migrate', '--issuer', 'https://id.example.com'])
    expect(code).toBe(78)
    expect(stderr).toContain(`belongs to ${issuer}`)
  })

  it('needs the issuer of a new store', async () => {
    const fresh = installationIn(scratch.path('no-issuer'))
    const { code, stderr } = await fresh.run(['migrate'])
    expect(code).toBe(2)
    expect(stderr).toContain('--issuer')
  })

  it('writes nothing on a dry run', async () => {
    const fresh = installationIn(scratch.path('dry'))
    expect((await fresh.run(['migrate', '--issuer', issuer, '--dry-run'])).code).toBe(0)
    expect(existsSync(fresh.store)).toBe(false)
  })
})

describe('client', () => {
  it('AD-07 registers a confidential client and shows its secret once', async () => {
    const made = await place.json([...webClient, '--scope', 'openid offline_access'])
    expect(made).toMatchObject({
      schema_version: 1,
      client_id: expect.stringMatching(/^client_[\w-]{22}$/) as string,
      client_secret: expect.stringMatching(/^[\w-]{43}$/) as string,
      client_name: 'App',
      type: 'web',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
      scope: 'openid offline_access',
    })
    const shown = await place.run(['client', 'get', String(made['client_id']), '--json'])
    expect(shown.stdout).not.toContain(String(made['client_secret']))
    expect(JSON.parse(shown.stdout)).not.toHaveProperty('client_secret')
  })

  it.each([
    ['spa', ['--redirect-uri', redirectUri]],
    ['native', ['--redirect-uri', 'com.example.app:/callback']],
    ['device', []],
  ])('A-REDIR-10 gives a client of type %s no secret', async (type, more) => {
    const made = await place.json(['client', 'create', '--type', type, '--name', 'Public', ...more])
    expect(made).not.toHaveProperty('client_secret')
    expect(made).toMatchObject({ type, token_endpoint_auth_method: 'none' })
  })

  it('keeps data on stdout and everything else on stderr', async () => {
    const { stdout, stderr } = await place.run([...webClient, '--json'])
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('never again')
    const quiet = await place.run([...webClient, '--json', '--quiet'])
    expect(quiet.stderr).toBe('')
  })

  it('tells every fault of a registration at once, by the name of its option', async () => {
    const { code, stderr } = await place.run([
      ...['client', 'create', '--type', 'web', '--name', 'App', '--scope', 'a  b'],
      ...['--redirect-uri', 'http://app.example.com/*', '--redirect-uri', 'https://app.example.com/ok#no'],
    ])
    expect(code).toBe(2)
    expect(stderr).toMatch(/--redirect-uri: .*wildcard/)
    expect(stderr).toMatch(/--redirect-uri: .*fragment/)
    expect(stderr).toMatch(/--scope: /)
  })

  it('changes, disables and enables a client', async () => {
    const { client_id: id } = await place.json(webClient)
    const changed = await place.json(['client', 'update', String(id), '--name', 'New name', '--disable'])
    expect(changed).toMatchObject({ client_name: 'New name', disabled_at: expect.any(String) as string })
    expect(await place.json(['client', 'update', String(id), '--enable'])).not.toHaveProperty('disabled_at')
  })

  it('B-PAR-09 unsets what was set, and leaves alone what is not named', async () => {
    const kept = ['--first-party', '--require-state', '--session-refresh-tokens']
    const set = [...kept, '--require-pushed-requests', '--require-redirect-uri-at-token', '--dpop-bound-access-tokens']
    const pushes = { require_pushed_authorization_requests: true, require_redirect_uri_at_token: true }
    const wire = { ...pushes, dpop_bound_access_tokens: true }
    const flags = { first_party: true, require_state: true, session_refresh_tokens: true, ...wire }
    const made = await place.json([...webClient, '--scope', 'openid offline_access', ...set])
    expect(made).toMatchObject(flags)
    const update = ['client', 'update', String(made['client_id'])]
    expect(await place.json([...update, '--name', 'Other'])).toMatchObject(flags)
    expect(await place.json([...update, '--no-first-party'])).toMatchObject({ ...flags, first_party: false })
    const none = [
      '--no-require-state',
      '--no-session-refresh-tokens',
      '--no-require-pushed-requests',
      '--no-require-redirect-uri-at-token',
      '--no-dpop-bound-access-tokens',
    ]
    const unset = await place.json([...update, ...none])
    expect(unset).toMatchObject({ first_party: false, require_state: false, session_refresh_tokens: false })
    expect(unset).toMatchObject({ require_pushed_authorization_requests: false, require_redirect_uri_at_token: false })
    expect(unset).toMatchObject({ dpop_bound_access_tokens: false })
    expect(await place.json([...update, ...set])).toMatchObject(flags)
  })

  it('B-LOG-08, B-LOG-13 says where it hears of ended sessions, and takes that back', async () => {
    const uri = 'https://shop.example/logout'
    const frame = 'https://shop.example/forget'
    const wish = ['--backchannel-logout-uri', uri, '--backchannel-logout-session-required']
    wish.push('--frontchannel-logout-uri', frame, '--frontchannel-logout-session-required')
    const made = await place.json([...webClient, '--redirect-uri', 'https://shop.example/cb', ...wish])
    const behind = { backchannel_logout_uri: uri, backchannel_logout_session_required: true }
    const wire = { ...behind, frontchannel_logout_uri: frame, frontchannel_logout_session_required: true }
    expect(made).toMatchObject(wire)
    const update = ['client', 'update', String(made['client_id'])]
    expect(await place.json([...update, '--name', 'Other'])).toMatchObject(wire)
    const none = ['--no-backchannel-logout-uri', '--no-backchannel-logout-session-required']
    none.push('--no-frontchannel-logout-uri', '--no-frontchannel-logout-session-required')
    const unset = await place.json([...update, ...none])
    expect([unset['backchannel_logout_uri'], unset['backchannel_logout_session_required']]).toEqual([undefined, false])
    expect([unset['frontchannel_logout_uri'], unset['frontchannel_logout_session_required']]).toEqual([
      undefined,
      false,
    ])
    const bad = await place.run([...update, '--backchannel-logout-uri', 'http://shop.example/logout'])
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('--backchannel-logout-uri')])
  })

  it('says what disabling does', async () => {
    const { stdout } = await run(['client', 'update', '--help'], { env: { COLUMNS: '400' } })
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('while it is disabled nothing issued to it works')
    expect(stdout).not.toContain('dead')
  })

  it('A-TOK-10 rotates a secret and lets the old one end with the overlap', async () => {
    const made = await place.json(webClient)
    const rotated = await place.json(['client', 'rotate-secret', String(made['client_id'])])
    expect(rotated['client_secret']).not.toBe(made['client_secret'])
    const [fresh, old] = rotated['secrets'] as { expires_at: string }[]
    const days = (Date.parse(old?.expires_at ?? '') - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(6.9)
    expect(days).toBeLessThan(7.1)
    expect(Date.parse(fresh?.expires_at ?? '')).toBeGreaterThan(Date.parse(old?.expires_at ?? ''))
  })

  it('A-TOK-10 takes the older of two living secrets away only after a yes', async () => {
    const made = await place.json(webClient)
    const id = String(made['client_id'])
    await place.json(['client', 'rotate-secret', id])
    const asked = await place.run(['client', 'rotate-secret', id, '--no-input'])
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('the older one would stop at once')])
    const secrets = async (): Promise<unknown> => (await place.json(['client', 'get', id]))['secrets']
    expect(await secrets()).toHaveLength(2)
    const forced = await place.json(['client', 'rotate-secret', id, '--yes'])
    expect(forced['client_secret']).toBeTypeOf('string')
    expect(await secrets()).toHaveLength(2)
  })

  it('deletes only after a yes', async () => {
    const { client_id: id } = await place.json(webClient)
    const asked = await place.run(['client', 'delete', String(id)])
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain('--yes')
    expect(await place.json(['client', 'delete', String(id), '--yes'])).toMatchObject({ deleted: true })
    expect((await place.run(['client', 'get', String(id)])).code).toBe(6)
  })

  it('A-CC-05 tells which secrets end within 30 days, and only those', async () => {
    const env = { SALLYPORT_POLICY__CLIENT_SECRET_LIFETIME: '20d' }
    const { client_id: soon } = await place.json(webClient, { env })
    const { client_id: later } = await place.json(webClient)
    const listed = (await place.json(['client', 'list'])) as { clients: Record<string, unknown>[] }
    const told = (id: unknown): unknown => listed.clients.find((one) => one['client_id'] === id)?.['secret_ends_soon']
    expect([told(soon), told(later)]).toEqual([true, false])
    const { stdout } = await place.run(['client', 'list'])
    expect(stdout).toMatch(new RegExp(`${String(soon)} .* ends \\d{4}-\\d\\d-\\d\\d`))
    await place.json(['client', 'rotate-secret', String(soon)])
    expect((await place.run(['client', 'list'])).stdout).not.toMatch(new RegExp(`${String(soon)} .* ends`))
  })

  it('A-REV-01 takes ids that begin with a dash, as older releases made them, and makes none', async () => {
    for (const words of [
      ['grant', 'revoke', '-P7HCfRETAAVgNG8jFlEZwNa'],
      ['explain', '-eqz5wNSqdtv7nvE'],
      ['session', 'revoke', '-_aGCfRETAAVgNG8jFlEZw', '--yes'],
    ]) {
      const { code, stderr } = await place.run(words)
      expect(code).toBe(6)
      expect(stderr).not.toContain('unknown')
    }
    expect((await place.run(['client', 'list', '-x'])).code).toBe(2)
  })

  it('A-TOK-16 refuses what could have no effect', async () => {
    const service = ['client', 'create', '--type', 'service', '--name', 'S']
    const aimless = await place.run([...service, '--redirect-uri', 'https://a.example/cb'])
    expect([aimless.code, aimless.stderr]).toEqual([2, expect.stringContaining('not for clients of type service')])
    const { code, stderr } = await place.run([...service, '--access-token-lifetime', '1.5'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('whole number of seconds')])
  })

  it('lists every client', async () => {
    const { clients } = (await place.json(['client', 'list'])) as { clients: Record<string, unknown>[] }
    expect(clients.length).toBeGreaterThan(3)
    for (const client of clients) expect(client).toHaveProperty('client_id')
    expect((await place.run(['client', 'list'])).stdout).toMatch(/^ID +TYPE +DOOR +NAME +STATE +SECRET\n/)
  })
})

describe('user', () => {
  const password = 'a quiet lagoon at noon'
  const create = ['user', 'create', '--username', 'alice', '--password-stdin']

  it('AD-10 creates a person only with a password from standard input', async () => {
    const { code, stderr } = await place.run(['user', 'create', '--username', 'bob'])
    expect(code).toBe(2)
    expect(stderr).toContain('--password-stdin')
    const made = await place.json(create, { input: `${password}\n` })
    expect(made).toMatchObject({ user_id: expect.stringMatching(/^user_/) as string, username: 'alice' })
  })

  it('says why a password or a name is not taken', async () => {
    const short = await place.run(['user', 'create', '--username', 'carol', '--password-stdin'], { input: 'short' })
    expect(short.code).toBe(2)
    expect(short.stderr).toContain('fewer than')
    const taken = await place.run(create, { input: password })
    expect(taken.code).toBe(6)
    expect(taken.stderr).toContain('taken')
  })

  it('RT-12 disables and enables a person by name', async () => {
    expect(await place.json(['user', 'disable', 'alice'])).toHaveProperty('disabled_at')
    expect(await place.json(['user', 'enable', 'alice'])).not.toHaveProperty('disabled_at')
    expect((await place.run(['user', 'disable', 'nobody'])).code).toBe(6)
  })

  it('RT-18 sets a new password', async () => {
    const done = await place.json(['user', 'reset-password', 'alice', '--password-stdin'], {
      input: `${password}, again`,
    })
    expect(done).toMatchObject({ username: 'alice' })
  })

  it('BF-13, RT-18 shows a second factor and takes it away, with everything the person had open', async () => {
    const none = await place.json(['user', 'get', 'alice'])
    expect(none).toMatchObject({ username: 'alice', second_factor: null })
    expect((await place.run(['user', 'reset-second-factor', 'alice'])).code).toBe(6)
    expect((await place.run(['user', 'get', 'nobody'])).code).toBe(6)
    const subject = String(none['user_id'])
    const store = await openSqliteStore({ path: place.store })
    const factor = { id: 'factor', subject, seed: new Uint8Array(60), lastStep: 1, createdAt: seconds(1_800_000_000) }
    await store.factors.enrol(factor, ['one', 'two'], [])
    const session = aSession({ subject, expiresAt: seconds(4_000_000_000) })
    await store.startSession(session, undefined, [])
    expect(await place.json(['user', 'get', 'alice'])).toMatchObject({
      second_factor: { method: 'otp', recovery_codes_left: 2 },
    })
    expect(await place.json(['user', 'reset-second-factor', 'alice'])).toMatchObject({ username: 'alice' })
    expect(await store.factors.find(subject)).toBeUndefined()
    expect(await store.findSession(session.digest, seconds(1_800_000_000))).toBeUndefined()
    await store.close()
    const { stdout } = await place.run(['events', 'tail', '--filter', 'event=credential.reset', '--json'])
    expect(stdout).toContain('second_factor')
  })

  it('lists people without their hashes', async () => {
    const { stdout } = await place.run(['user', 'list', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ users: [{ username: 'alice' }] })
    expect(stdout).not.toContain('argon2')
  })
})

describe('pairwise clients', () => {
  it('A-PPID-01, B-SUB-03 are made and changed on the command line', async () => {
    const https = [...webClient.slice(0, -1), 'https://pairwise.example/cb']
    const made = (await place.json([...https, '--subject-type', 'pairwise'])) as { client_id: string }
    expect(made).toMatchObject({ subject_type: 'pairwise' })
    expect((await place.run(['client', 'get', made.client_id])).stdout).toMatch(
      /subjects +pairwise in pairwise\.example/,
    )
    const other = await place.run(['client', 'update', made.client_id, '--redirect-uri', 'http://127.0.0.1/cb'])
    expect(other.code).toBe(2)
    expect(await place.json(['client', 'update', made.client_id, '--subject-type', 'public'])).toMatchObject({
      subject_type: 'public',
    })
    expect((await place.run([...webClient, '--subject-type', 'secret'])).stderr).toContain('--subject-type: must be')
  })

  it('B-SUB-04 are refused with a sector in the private network, and with one over http', async () => {
    const named = async (uri: string) => {
      const { code, stderr } = await place.run([
        ...webClient,
        '--subject-type',
        'pairwise',
        '--sector-identifier-uri',
        uri,
      ])
      return [code, stderr]
    }
    expect(await named('https://10.0.0.7/list.json')).toEqual([
      2,
      expect.stringContaining('cannot be fetched (address)'),
    ])
    expect(await named('http://sector.example/list')).toEqual([2, expect.stringContaining('must be an https URL')])
  })
})

describe('resource, session, grant and key', () => {
  it('A-RES-01 registers an API with its scopes in words', async () => {
    const made = await place.json([
      ...['resource', 'create', 'https://api.example', '--name', 'API', '--scope', 'api:read=Read your things'],
    ])
    expect(made).toMatchObject({
      resource: 'https://api.example',
      scopes: [{ name: 'api:read', description: 'Read your things' }],
    })
    expect(await place.json(['resource', 'list'])).toMatchObject({ resources: [{ name: 'API' }] })
    const bad = await place.run(['resource', 'create', 'api', '--name', 'API'])
    expect(bad.code).toBe(2)
  })

  it('A-RES-02 shows, changes and removes an API, and refuses what the server cannot do', async () => {
    const uri = 'https://files.example/api'
    const scope = ['--scope', 'files=See your files']
    await place.json(['resource', 'create', uri, '--name', 'Files', ...scope, '--access-token-lifetime', '2m'])
    expect(await place.json(['resource', 'get', uri])).toMatchObject({
      ...{ resource: uri, name: 'Files', format: 'jwt', binding: 'bearer', access_token_lifetime: 120 },
    })
    const change = ['--format', 'opaque', '--documentation', 'https://files.example/docs', '--no-access-token-lifetime']
    await place.json(['resource', 'update', uri, ...change])
    const changed = await place.json(['resource', 'get', 'HTTPS://Files.example/api'])
    expect(changed).toMatchObject({ name: 'Files', format: 'opaque', documentation: 'https://files.example/docs' })
    expect(changed).toMatchObject({ scopes: [{ name: 'files' }] })
    expect(changed).not.toHaveProperty('access_token_lifetime')
    expect((await place.run(['resource', 'get', uri])).stdout).toContain('tokens: opaque, bearer')
  })

  it('A-DEV-02 keeps scopes from devices, and a change of something else leaves that as it is', async () => {
    const uri = 'https://money.example'
    const scopes = ['--scope', 'see=See your money', '--scope', 'pay=Pay with it']
    const made = await place.run(['resource', 'create', uri, '--name', 'Money', ...scopes, '--not-by-device', 'spend'])
    expect([made.code, made.stderr]).toEqual([
      2,
      expect.stringContaining('--not-by-device: "spend" is none of its scopes'),
    ])
    await place.json(['resource', 'create', uri, '--name', 'Money', ...scopes, '--not-by-device', 'pay'])
    expect(await place.json(['resource', 'update', uri, '--name', 'Purse'])).toMatchObject({ not_by_device: ['pay'] })
    expect((await place.run(['resource', 'get', uri])).stdout).toContain('pay: Pay with it (not by device)')
    expect(await place.json(['resource', 'update', uri, '--no-not-by-device'])).toMatchObject({ not_by_device: [] })
  })

  it('A-RES-02 refuses what the server cannot do, and removes an API only when told to', async () => {
    const uri = 'https://photos.example'
    const made = await place.json(['resource', 'create', uri, '--name', 'Photos', '--binding', 'dpop'])
    expect(made).toMatchObject({ binding: 'dpop' })
    const bound = await place.run(['resource', 'update', uri, '--binding', 'tls', '--format', 'paseto'])
    expect([bound.code, bound.stderr]).toEqual([2, expect.stringContaining('--format: must be jwt or opaque')])
    expect(bound.stderr).toContain('--binding: must be one of bearer, dpop, mtls')
    const client = (await place.json([...webClient, '--resource', uri])) as { client_id: string }
    const kept = await place.run(['resource', 'delete', uri])
    expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining(client.client_id)])
    expect(await place.json(['resource', 'delete', uri, '--yes'])).toMatchObject({ named_by: [client.client_id] })
    for (const verb of ['get', 'delete']) expect((await place.run(['resource', verb, uri])).code).toBe(6)
  })

  it('has nothing to show and nothing to revoke in a new store', async () => {
    expect(await place.json(['session', 'list'])).toMatchObject({ sessions: [] })
    expect(await place.json(['grant', 'list'])).toMatchObject({ grants: [] })
    expect((await place.run(['session', 'revoke', 'none'])).code).toBe(6)
    expect((await place.run(['grant', 'revoke', 'none'])).code).toBe(6)
  })

  it('B-JWK-02 publishes the next key of every algorithm before it signs', async () => {
    type Keys = { keys: { alg: string; state: string; active_from: string }[] }
    const before = (await place.json(['key', 'list'])) as Keys
    expect(before.keys.map(({ alg }) => alg)).toEqual(expect.arrayContaining(['ES256', 'RS256']))
    expect(before.keys.every(({ state }) => state === 'signing')).toBe(true)
    const after = (await place.json(['key', 'rotate', '--lead', '15m'])) as Keys
    expect(after.keys).toHaveLength(2 * before.keys.length)
    const next = after.keys.filter(({ state }) => state === 'next')
    expect(next).toHaveLength(before.keys.length)
    for (const key of next) expect(Date.parse(key.active_from) - Date.now()).toBeGreaterThan(14 * 60_000)
    const hasty = await place.run(['key', 'rotate', '--lead', '1m'])
    expect(hasty.code).toBe(2)
  })
})

describe('audit', () => {
  it('A-LOG-04 follows the trail of what operators did, and names the event that was altered', async () => {
    const own = await prepare(scratch.path('audit'))
    await own.json(webClient)
    await own.json([...webClient])
    expect(await own.json(['audit', 'verify'])).toMatchObject({ intact: true, checked: 2 })
    const whole = await own.run(['audit', 'verify'])
    expect(whole.stdout).toContain('whole')

    const db = new BetterSqlite3(own.store)
    const id = db.prepare<[], string>('SELECT id FROM events WHERE link IS NOT NULL ORDER BY n LIMIT 1').pluck().get()
    db.prepare("UPDATE events SET client_id = 'another' WHERE id = ?").run(id)
    db.close()

    const broken = await own.run(['audit', 'verify', '--json'])
    expect(broken.code).toBe(3)
    expect(JSON.parse(broken.stdout)).toEqual({ schema_version: 1, intact: false, checked: 1, broken_at: id })
    const words = await own.run(['audit', 'verify'])
    expect(words).toMatchObject({ code: 3, stdout: expect.stringContaining(`broken at event ${String(id)}`) as string })
  })
})
