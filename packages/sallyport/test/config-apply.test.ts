import { writeFileSync } from 'node:fs'
import { lookupKey } from '@sallyport/protocol'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { describe, expect, it, vi } from 'vitest'
import { declaredClientId } from '../src/config/declared-ids.ts'
import { changes, declaring, told } from './declaring.ts'

// Each test runs many commands, one process each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const here = declaring()
const { write, config } = here

type Wire = {
  client_id: string
  secrets: { id: string; expires_at: string }[]
  disabled_at?: string
  [name: string]: unknown
}
const get = (name: string): Promise<Wire> => here.place.json(['client', 'get', declaredClientId(name)]) as Promise<Wire>

const shop =
  '  shop:\n    type: web\n    name: Shop\n    redirectUris: [https://shop.example/cb]\n    scope: openid orders:read\n'
const app = '  app:\n    type: native\n    name: App\n    redirectUris: [com.example.app:/cb]\n'
const orders =
  'resources:\n  https://api.example/orders:\n    name: Orders\n    scopes: {"orders:read": See your orders}\n'
const both = `clients:\n${shop}    resources: [https://api.example/orders]\n${app}${orders}`

describe('config diff and apply', () => {
  it('A-GOV-07 tell what is missing, make it, and find no difference afterwards', async () => {
    write(both)
    const before = await config('diff', '--json')
    expect(told(before)).toEqual([
      'create resource https://api.example/orders',
      'create client shop',
      'create client app',
    ])
    expect(before.code).toBe(3)

    const applied = await config('apply', '--json')
    const { secrets } = JSON.parse(applied.stdout) as { secrets: { client_id: string; client_secret: string }[] }
    expect(applied.code).toBe(0)
    expect(secrets.map(({ client_id: id }) => id)).toEqual([declaredClientId('shop')])
    expect(secrets[0]?.client_secret).toMatch(/^[\w-]{43}$/)

    const after = await config('diff', '--json')
    expect([changes(after), after.code]).toEqual([[], 0])
    expect((await config('apply', '--json')).stdout).not.toContain('client_secret"')
    expect(await get('shop')).toMatchObject({ client_name: 'Shop', resources: ['https://api.example/orders'] })
  })

  it('A-GOV-07 tell drift by member, and take back what left the file', async () => {
    write(`clients:\n${app}    accessTokenLifetime: 2m\n    requireState: true\n`)
    await config('apply')
    write(`clients:\n${app}    accessTokenLifetime: 4m\n`)
    const drift = await config('diff', '--json')
    expect(told(drift)).toEqual(['update client app requireState accessTokenLifetime'])
    expect((await config('diff')).stdout).toContain('accessTokenLifetime: 120 → 240')
    await config('apply')
    expect(await get('app')).toMatchObject({ require_state: false, access_token_lifetime: 240 })
    expect((await config('diff')).code).toBe(0)
  })

  it('B-PAR-09 hold a client to pushed requests, and let it go', async () => {
    write(`clients:\n${app}    requirePushedRequests: true\n`)
    expect((await config('apply')).code).toBe(0)
    expect(await get('app')).toMatchObject({ require_pushed_authorization_requests: true })
    expect((await config('diff')).code).toBe(0)
    expect((await config('dump', '--declarations')).stdout).toContain('requirePushedRequests: true')
    write(`clients:\n${app}    requirePushedRequests: yes please\n`)
    expect((await config('apply')).code).toBe(78)
    write(`clients:\n${app}`)
    await config('apply')
    expect(await get('app')).toMatchObject({ require_pushed_authorization_requests: false })
  })

  it('A-RES-02, A-GOV-07 take format, binding and documentation of an API, and refuse a binding nobody checks', async () => {
    const more = '    format: opaque\n    binding: bearer\n    documentation: https://api.example/docs\n'
    write(`${orders}${more}`)
    expect((await config('apply')).code).toBe(0)
    const uri = 'https://api.example/orders'
    expect(await here.place.json(['resource', 'get', uri])).toMatchObject({ format: 'opaque', binding: 'bearer' })
    expect((await config('diff')).code).toBe(0)
    expect((await config('dump', '--declarations')).stdout).toContain('format: opaque')
    const refused = await here.place.run(['resource', 'update', uri, '--format', 'jwt'])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('documentation')])
    expect((await here.place.run(['resource', 'delete', uri, '--yes'])).code).toBe(2)
    write(orders)
    expect(told(await config('diff', '--json'))).toEqual([`update resource ${uri} format documentation`])
    write(`${orders}    binding: paseto\n`)
    const bound = await config('apply')
    expect([bound.code, bound.stderr]).toEqual([3, expect.stringContaining('binding')])
    write(`${orders}    formats: opaque\n`)
    expect((await config('apply')).code).toBe(78)
  })

  it('A-PPID-01, B-SUB-04 take the type of subjects, and refuse a sector that cannot be looked at', async () => {
    write(`clients:\n${shop}    subjectType: pairwise\n`)
    expect((await config('apply')).code).toBe(0)
    expect(await get('shop')).toMatchObject({ subject_type: 'pairwise' })
    expect((await config('diff')).code).toBe(0)
    write(`clients:\n${shop}    subjectType: pairwise\n    sectorIdentifierUri: https://10.0.0.7/list.json\n`)
    const refused = await config('apply')
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('cannot be fetched (address)')])
    write(
      `clients:\n${shop.replace('redirectUris: [', 'redirectUris: [https://b.example/, ')}    subjectType: pairwise\n`,
    )
    expect((await config('apply')).stderr).toContain('pairwise needs https redirect URIs of one host')
  })

  it('A-GOV-07 change nothing on a dry run', async () => {
    write(both)
    const dry = await config('apply', '--dry-run', '--json')
    expect(JSON.parse(dry.stdout)).toMatchObject({ applied: false, secrets: [] })
    expect((await config('apply', '--dry-run')).stdout).toMatch(/would be made/)
    expect(await here.place.json(['client', 'list'])).toMatchObject({ clients: [] })
    expect(await here.place.json(['resource', 'list'])).toMatchObject({ resources: [] })
  })

  it('A-GOV-07 are one transaction: one fault, and nothing is written', async () => {
    write(`clients:\n${app}  bad:\n    type: web\n    name: Bad\n    redirectUris: [http://plain.example/cb]\n`)
    const refused = await config('apply')
    expect(refused.code).toBe(3)
    expect(refused.stderr).toMatch(/bad\.redirectUris \(.*sallyport\.yaml:11\)/)
    expect(await here.place.json(['client', 'list'])).toMatchObject({ clients: [] })
  })

  it('A-REDIR-13, A-RES-02 refuse a redirect URI of another client and a resource that nobody knows', async () => {
    await here.place.json([
      'client',
      'create',
      '--type',
      'web',
      '--name',
      'X',
      '--redirect-uri',
      'https://shop.example/cb',
    ])
    write(`clients:\n${shop}    resources: [https://api.example/none]\n`)
    const refused = await config('apply')
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('https://api.example/none is not there')
    expect(refused.stderr).toMatch(/https:\/\/shop\.example\/cb belongs to client_/)
  })

  it('A-REDIR-10 refuse to make another type of a client', async () => {
    write(`clients:\n${app}`)
    await config('apply')
    write(`clients:\n${app.replace('native', 'web').replace('com.example.app:/cb', 'https://app.example/cb')}`)
    expect((await config('apply')).stderr).toContain('one client has one type')
  })

  it('tell who did it in the audit trail', async () => {
    write(both)
    await config('apply')
    const { stdout } = await here.place.run(['events', 'tail', '--filter', 'event=client.registered', '--json'])
    expect(stdout).toContain('"source":"configuration_file"')
    expect((await here.place.run(['audit', 'verify'])).code).toBe(0)
  })
})

describe('ownership', () => {
  it('A-GOV-07 lets prune remove what the file declared once, and nothing that was made elsewhere', async () => {
    const made = await here.place.json(['client', 'create', '--type', 'service', '--name', 'Elsewhere'])
    await here.place.json(['resource', 'create', 'https://api.example/elsewhere', '--name', 'Elsewhere'])
    write(both)
    await config('apply')
    write('')
    expect(told(await config('diff', '--json')).sort()).toEqual([
      'remove client app',
      'remove client shop',
      'remove resource https://api.example/orders',
    ])

    const kept = await config('apply')
    expect(kept.stderr).toContain('--prune removes it')
    expect((await get('shop')).client_id).toBe(declaredClientId('shop'))

    const asked = await config('apply', '--prune', '--no-input')
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('add --yes')])
    expect((await config('apply', '--prune', '--yes')).code).toBe(0)
    const { clients } = (await here.place.json(['client', 'list'])) as { clients: Wire[] }
    expect(clients.map(({ client_id: id }) => id)).toEqual([made['client_id']])
    const { resources } = (await here.place.json(['resource', 'list'])) as { resources: { resource: string }[] }
    expect(resources.map(({ resource }) => resource)).toEqual(['https://api.example/elsewhere'])
    expect((await config('diff')).code).toBe(0)
  })

  it('A-GOV-07 takes a client over that is declared under its id', async () => {
    const made = (await here.place.json([
      'client',
      'create',
      '--type',
      'native',
      '--name',
      'App',
      '--redirect-uri',
      'com.example.app:/cb',
    ])) as Wire
    write(`clients:\n${app.replace('  app:', `  ${made.client_id}:`)}`)
    expect(told(await config('diff', '--json'))).toEqual([`adopt client ${made.client_id}`])
    await config('apply')
    expect((await config('diff')).code).toBe(0)
    expect((await here.place.run(['client', 'delete', made.client_id, '--yes'])).code).toBe(2)
  })

  it('A-GOV-06, A-GOV-07 refuses to edit what a file owns, and prints the patch for the file', async () => {
    write(both)
    await config('apply')
    const id = declaredClientId('shop')
    const update = await here.place.run([
      'client',
      'update',
      id,
      '--redirect-uri',
      'https://shop.example/new',
      '--require-state',
    ])
    expect(update.code).toBe(2)
    expect(update.stderr).toContain('shop is declared in a configuration file')
    const patch = update.stderr
      .split('\n')
      .slice(1)
      .map((line) => line.slice(2))
      .join('\n')
    expect(patch).toBe(
      'clients:\n  shop:\n    redirectUris:\n      - https://shop.example/new\n    requireState: true\n',
    )
    const remove = await here.place.run(['client', 'delete', id, '--yes'])
    expect([remove.code, remove.stderr]).toEqual([2, expect.stringContaining('take out clients.shop')])
    const again = await here.place.run(['resource', 'create', 'https://api.example/orders', '--name', 'Mine'])
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('name: Mine')])
    expect((await config('diff')).code).toBe(0)
  })

  it('A-GOV-05 lets anybody stop a client at once, and leaves it stopped unless the file says otherwise', async () => {
    write(`clients:\n${app}`)
    await config('apply')
    expect((await here.place.run(['client', 'update', declaredClientId('app'), '--disable'])).code).toBe(0)
    await config('apply')
    expect((await get('app')).disabled_at).toBeDefined()
    const enable = await here.place.run(['client', 'update', declaredClientId('app'), '--enable'])
    expect([enable.code, enable.stderr]).toEqual([2, expect.stringContaining('disabled: false')])
    write(`clients:\n${app}    disabled: false\n`)
    await config('apply')
    expect((await get('app')).disabled_at).toBeUndefined()
  })
})

describe('secrets of declared clients', () => {
  const secret = (seed: string): string =>
    Buffer.from(seed.padEnd(33, '0123456789abcdefghijklmnopqrstuvwxyz')).toString('base64url')
  const withSecret = (): string =>
    `clients:\n${shop.replace(' orders:read', '')}    secret: \${file:${here.file}.secret}\n`
  const put = (text: string): void => {
    writeFileSync(`${here.file}.secret`, `${text}\n`)
  }
  const digests = async (): Promise<string[]> => {
    const store = await openSqliteStore({ path: here.place.store, mustExist: true, migrations: 'require' })
    const client = await store.findClient(declaredClientId('shop'))
    await store.close()
    return client?.secrets.map(({ digest }) => digest) ?? []
  }

  it('A-TOK-10 come from a file, are kept as a digest, and are never printed', async () => {
    write(withSecret())
    put(secret('one'))
    const applied = await config('apply', '--json')
    expect(applied.code).toBe(0)
    expect(await digests()).toEqual([lookupKey(secret('one'))])
    expect(applied.stdout + applied.stderr).not.toContain(secret('one'))
    expect((await config('diff')).code).toBe(0)
  })

  it('A-TOK-10 rotate with an overlap when the file has another one', async () => {
    write(withSecret())
    put(secret('one'))
    await config('apply')
    put(secret('two'))
    const drift = await config('diff', '--json')
    expect(told(drift)).toEqual(['update client shop secret'])
    expect(drift.stdout).not.toContain(secret('two'))
    await config('apply')
    expect(await digests()).toEqual([lookupKey(secret('two')), lookupKey(secret('one'))])
    expect((await config('diff')).code).toBe(0)
  })

  it.each([
    ['could be guessed', 'a'.repeat(43)],
    ['is too short', 'correct-horse-battery-staple'],
  ])('A-GEN-07 are refused when one %s', async (_, text) => {
    write(withSecret())
    put(text)
    const refused = await config('apply')
    expect(refused.code).toBe(78)
    expect(refused.stderr).not.toContain(text)
  })

  it('A-GOV-07 are not needed for a check', async () => {
    write(withSecret())
    expect((await config('check')).code).toBe(0)
    expect((await config('apply')).code).toBe(78)
  })
})

describe('config dump --declarations', () => {
  it('A-GOV-07 prints what can be applied as it is, without what follows anyway', async () => {
    const nextMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
    write(both.replace(app, `${app}    reviewBy: ${nextMonth}\n`))
    await config('apply')
    await here.place.json([
      'client',
      'create',
      '--type',
      'spa',
      '--name',
      'Spa',
      '--redirect-uri',
      'https://spa.example/',
      '--access-token-lifetime',
      '120',
    ])
    const { stdout } = await config('dump', '--declarations')
    expect(stdout).toContain(
      '  shop:\n    type: web\n    name: Shop\n    redirectUris:\n      - https://shop.example/cb\n',
    )
    expect(stdout).not.toMatch(/grantTypes|allowedOrigins|idTokenAlgorithm|secret/)
    expect(stdout).toContain(`reviewBy: ${nextMonth}`)
    writeFileSync(here.file, stdout)
    const drift = await config('diff', '--json')
    expect(changes(drift).map(({ action, differences }) => [action, differences])).toEqual([['adopt', []]])
  })
})
