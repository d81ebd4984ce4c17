import { setTimeout as pause } from 'node:timers/promises'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, prepare, startProcess, type Installation } from './cli.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

const scratch = createScratch()
const redirectUri = 'http://127.0.0.1/callback'
let place: Installation
let daemon: RunningDaemon
let clientId: string
let noisyClientId: string

beforeAll(async () => {
  place = await prepare(scratch.folder)
  const made = await place.json([
    ...['client', 'create', '--type', 'native', '--name', 'App', '--redirect-uri', redirectUri, '--scope', 'openid'],
  ])
  clientId = String(made['client_id'])
  const noisy = ['client', 'create', '--type', 'native', '--name', 'Noisy', '--redirect-uri', redirectUri]
  noisyClientId = String((await place.json([...noisy, '--scope', 'openid']))['client_id'])
  daemon = await startDaemon(place)
})
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

/** A request that is refused because it has no challenge; gives its id and where it led. */
async function refused(client = clientId): Promise<{ id: string; location: URL }> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirectUri,
    scope: 'openid',
  })
  const response = await fetch(`${daemon.url}/oauth2/authorize?${query.toString()}`, { redirect: 'manual' })
  return { id: response.headers.get('x-request-id') ?? '', location: new URL(response.headers.get('location') ?? '') }
}

describe('explain', () => {
  it('A-PKCE-16 says why a request was refused, what to do and where the rule stands', async () => {
    const { id } = await refused()
    const { code, stdout } = await place.run(['explain', id])
    expect(code).toBe(0)
    expect(stdout).toContain('authz.request.rejected')
    expect(stdout).toContain(`client=${clientId}`)
    expect(stdout).toContain('pkce_required: ')
    expect(stdout).toContain('What to do')
    expect(stdout).toContain('Rule: OAuth 2.1')
    expect(stdout).toMatch(/\/docs\/errors\/pkce-required$/m)
  })

  it('tells scripts the same as JSON', async () => {
    const { id } = await refused()
    expect(await place.json(['explain', id])).toMatchObject({
      request_id: id,
      events: [{ event: 'authz.request.rejected', reason_id: 'pkce_required', client_id: clientId }],
      explanations: [{ reason: 'pkce_required', error: 'invalid_request' }],
    })
  })

  it('A-LOG-03 says of a refusal that was only counted where it is counted', async () => {
    const ids: string[] = []
    for (let number = 0; number < 130; number++) ids.push((await refused(noisyClientId)).id)
    const { code, stderr } = await place.run(['explain', ids.at(-2) ?? ''])
    expect(code).toBe(6)
    expect(stderr).toMatch(/alike refusals .*counted together.*sallyport events tail/)
  })

  it('ends with 6 for an id that nothing is known about', async () => {
    const { code, stderr } = await place.run(['explain', 'AAAAAAAAAAAAAAAA'])
    expect(code).toBe(6)
    expect(stderr).toContain('no event has the request id')
  })
})

describe('help pages of errors', () => {
  it('A-GEN-05 are where error_uri points', async () => {
    const { location } = await refused()
    const help = new URL(location.searchParams.get('error_uri') ?? '')
    const response = await fetch(`${daemon.url}${help.pathname}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    const html = await response.text()
    expect(html).toContain('<h1 id="pkce-is-required">')
    expect(html).toContain('href="/docs"')
  })

  it('have no dead link and no dead style sheet', async () => {
    const seen = new Set<string>()
    const queue = ['/docs', '/docs/errors']
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      if (seen.has(path)) continue
      seen.add(path)
      const response = await fetch(`${daemon.url}${path}`)
      expect(response.status, path).toBe(200)
      if (!(response.headers.get('content-type') ?? '').startsWith('text/html')) continue
      for (const [, link = ''] of (await response.text()).matchAll(/href="(\/[^"#]*)/g)) queue.push(link)
    }
    expect(seen.size).toBeGreaterThan(30)
  })

  it('are there as Markdown too', async () => {
    const response = await fetch(`${daemon.url}/docs/errors/pkce-required.md`)
    expect(response.headers.get('content-type')).toContain('text/markdown')
    expect(await response.text()).toMatch(/^# PKCE is required/)
  })

  it('A-GOV-07 come with the workflows that the manual names', async () => {
    const page = await (await fetch(`${daemon.url}/docs/prove-in-ci`)).text()
    for (const name of ['github-actions.yml', 'gitlab-ci.yml']) {
      expect(page).toContain(`href="ci/${name}"`)
      const response = await fetch(new URL(`ci/${name}`, `${daemon.url}/docs/prove-in-ci`))
      expect(response.headers.get('content-type')).toContain('text/plain')
      expect(await response.text()).toContain('config check')
    }
  })
})

describe('events tail', () => {
  it('shows the newest events that fit', async () => {
    await refused()
    const fits = await place.run([
      'events',
      'tail',
      '--filter',
      'event=authz.*',
      '--filter',
      `client=${clientId}`,
      '--json',
    ])
    const events = fits.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events.length).toBeGreaterThan(0)
    for (const event of events) expect(event).toMatchObject({ schema_version: 1, event: 'authz.request.rejected' })
    const none = await place.run(['events', 'tail', '--filter', 'severity=high'])
    expect(none.stdout).toBe('')
    const one = await place.run(['events', 'tail', '--lines', '1'])
    expect(one.stdout.trim().split('\n')).toHaveLength(1)
  })

  it('A-LOG-01 looks for the last events that fit among all, not among the last of all', async () => {
    const store = await openSqliteStore({ path: place.store, mustExist: true, migrations: 'require' })
    const [model] = (await store.admin.lastEvents(1)).items
    if (model === undefined) throw new Error('there is an event')
    const made = (count: number, reason: string, client: string) =>
      Array.from({ length: count }, (_, n) => ({
        ...model,
        id: `${model.id}~${reason}${String(n).padStart(3, '0')}`,
        event: 'token.pkce.failed',
        reason,
        clientId: client,
      }))
    const many = [...made(3, 'a', 'client_of_before'), ...made(410, 'b', clientId)]
    await store.appendEvents(many)
    await store.close()
    const ids = async (...filters: readonly string[]): Promise<unknown[]> => {
      const words = filters.flatMap((filter) => ['--filter', filter])
      const { stdout } = await place.run(['events', 'tail', '--lines', '2', '--json', ...words])
      return stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id)
    }
    const last = [`${model.id}~a001`, `${model.id}~a002`]
    expect(await ids('client=client_of_before')).toEqual(last)
    expect(await ids('client_id=client_of_before', 'event=token.*')).toEqual(last)
    expect(await ids('event=token.pkce.failed', 'reason=a')).toEqual(last)
    expect(
      (await place.run(['events', 'tail', '--filter', 'event=token.pkce.failed', '--filter', 'event=authz.x'])).stdout,
    ).toBe('')
  })

  it('follows what another process writes, and ends with 130 on Ctrl-C', async () => {
    const child = startProcess(['events', 'tail', '--follow', '--lines', '0', '--json', ...place.place])
    child.stdin?.end()
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
    const ids: string[] = []
    for (let round = 0; round < 40 && ids.every((id) => !text.includes(id)); round++) {
      ids.push((await refused()).id)
      await pause(200)
    }
    const last = await refused()
    for (let waited = 0; waited < 4000 && !text.includes(last.id); waited += 50) await pause(50)
    expect(text.split(last.id)).toHaveLength(2)
    child.kill('SIGINT')
    expect(await exited).toBe(130)
  })
})
