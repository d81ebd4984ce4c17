import { cpSync, readdirSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, installationIn, issuer, prepare, type Installation } from './cli.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

const scratch = createScratch()
let place: Installation
let daemon: RunningDaemon
beforeAll(async () => {
  place = await prepare(scratch.folder)
  daemon = await startDaemon(place)
})
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

/** A copy of the installation that a test may break. */
function copyOf(name: string): Installation {
  const folder = scratch.path(name)
  cpSync(place.data, join(folder, 'data'), { recursive: true })
  cpSync(place.store, join(folder, 'store.db'))
  return installationIn(folder)
}

const jsonOf = async (url: string): Promise<Record<string, unknown>> =>
  (await (await fetch(url)).json()) as Record<string, unknown>

describe('a running daemon', () => {
  it('A-LOG-01 names no member of a line of its log twice, of which readers would keep either', async () => {
    await fetch(`${daemon.url}/nothing`)
    await daemon.line(({ event }) => event === 'http.request.rejected')
    const lines = daemon
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(lines.length).toBeGreaterThan(1)
    // Of a name that stands twice, reading keeps one.
    for (const line of lines) expect(JSON.stringify(JSON.parse(line))).toBe(line)
    expect(lines.find((line) => line.includes('"listening"'))).toContain(`"issuer":"${issuer}"`)
  })

  it('A-GEN-06 says what the issuer is, whatever a request calls it', async () => {
    const spoofed = {
      host: 'evil.test',
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.test;proto=https',
    }
    const response = await fetch(`${daemon.url}/.well-known/openid-configuration`, { headers: spoofed })
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ issuer, token_endpoint: `${issuer}/oauth2/token` })
    expect(text).not.toContain('evil')
  })

  it('AD-11 answers health and metrics on the management port alone', async () => {
    for (const path of ['/health/live', '/health/ready', '/health/started']) {
      expect(await jsonOf(`${daemon.management}${path}`)).toEqual({ status: 'ok' })
      expect((await fetch(`${daemon.url}${path}`)).status).toBe(404)
    }
    expect((await fetch(`${daemon.management}/metrics`)).status).toBe(200)
    expect((await fetch(`${daemon.url}/metrics`)).status).toBe(404)
    expect((await fetch(`${daemon.management}/oauth2/jwks`)).status).toBe(404)
    expect((await fetch(`${daemon.management}/metrics`, { method: 'POST' })).status).toBe(405)
    expect(daemon.management).toContain('127.0.0.1')
  })

  it('AD-11 counts in metrics without ids, and only what has a name', async () => {
    await fetch(`${daemon.url}/oauth2/authorize?client_id=client_canary`)
    await fetch(`${daemon.url}/some-invented-path-canary`)
    await fetch(`${daemon.url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'client_canary' }),
    })
    await fetch(`${daemon.url}/oauth2/par`, { method: 'POST' })
    await fetch(`${daemon.url}/client-logos/canary.png`)
    await fetch(`${daemon.url}/docs/canary`)
    const text = await (await fetch(`${daemon.management}/metrics`)).text()
    expect(text).toContain('http_server_request_duration_seconds_bucket{')
    for (const route of ['/oauth2/authorize', '/oauth2/par', '/docs']) expect(text).toContain(`http_route="${route}"`)
    expect(text).toMatch(/sallyport_authorization_requests_total\{.*reason="client_unknown".*\} 1/)
    expect(text).toMatch(/sallyport_requests_rejected_total\{/)
    expect(text).toMatch(/sallyport_token_requests_rejected_total\{/)
    expect(text).toContain('http_route="other"')
    expect(text).not.toMatch(/canary|client_[\w-]{22}|127\.0\.0\.1/)
  })

  it('writes one JSON object a line, with time, level in words and message', () => {
    for (const line of daemon.lines()) {
      expect(line).toMatchObject({
        level: expect.stringMatching(/^(error|warn|info|debug)$/) as string,
        msg: expect.any(String) as string,
      })
      expect(new Date(String(line['time'])).toISOString()).toBe(line['time'])
    }
  })

  it('A-LOG-01 writes a refused exchange with every field that is known of it', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = `grant_type=authorization_code&code=x&code=y&client_id=client_${'A'.repeat(22)}`
    const answer = await fetch(`${daemon.url}/oauth2/token`, { method: 'POST', headers, body })
    const id = answer.headers.get('x-request-id')
    expect(await daemon.line(({ request_id: other }) => other === id)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      level: 'info',
      node: expect.any(String) as string,
      issuer: 'http://127.0.0.1:7636',
      msg: 'token.request.rejected',
      event: 'token.request.rejected',
      severity: 'low',
      request_id: id,
      grant_type: 'authorization_code',
      error: 'invalid_request',
      reason: 'param_duplicated',
      reason_id: 'param_duplicated',
      class: 'malformed',
      ip_prefix: '127.0.0.1',
      detail: { surface: 'token', reason_detail: 'code', presented_client_id: `client_${'A'.repeat(22)}` },
    })
  })

  it('A-LOG-06 writes hostile text as data', async () => {
    const hostile = encodeURIComponent('a"}\r\n{"level":"info","msg":"forged"}')
    await fetch(`${daemon.url}/oauth2/authorize?client_id=${hostile}`)
    await pause(50)
    expect(daemon.lines().filter(({ msg }) => msg === 'forged')).toEqual([])
  })

  it('FT-19 lets no second daemon serve the same store, and tells it so', async () => {
    const { code, stderr } = await place.run(['start', '--port', '0', '--management-port', '0'])
    expect(code).toBe(78)
    expect(stderr).toContain(`already serving ${place.store} (process ${daemon.pid})`)
  })

  it('FT-19 lets commands work on the store beside it, and sees what they did', async () => {
    const made = await place.json(['client', 'create', '--type', 'service', '--name', 'Beside', '--scope', 'jobs'])
    const response = await fetch(`${daemon.url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'jobs' }),
      headers: {
        authorization: `Basic ${Buffer.from(`${String(made['client_id'])}:${String(made['client_secret'])}`).toString('base64')}`,
      },
    })
    expect(response.status).toBe(200)
  })

  it('AR-01 keeps everything it writes to itself', () => {
    for (const name of readdirSync(scratch.folder).filter((one) => one.startsWith('store.db')))
      expect(statSync(scratch.path(name)).mode & 0o077, name).toBe(0)
  })

  it('A-UI-04 does not say what it is made of', async () => {
    const { headers } = await fetch(`${daemon.url}/login`)
    expect(headers.get('server')).toBeNull()
    expect(headers.get('x-powered-by')).toBeNull()
  })
})

describe('start and stop', () => {
  it('FT-16 ends cleanly on Ctrl-C and waits for no connection that is only kept alive', async () => {
    // The longest wait for running requests is longer than this test may take.
    const other = await startDaemon(copyOf('stop'), [], { env: { SALLYPORT_SHUTDOWN__DRAIN: '300s' } })
    await fetch(`${other.url}/oauth2/jwks`)
    expect(await other.stop('SIGINT')).toBe(0)
    const events = other.lines().map(({ event }) => event)
    expect(events).toEqual(expect.arrayContaining(['lifecycle.drain.started', 'lifecycle.drain.finished']))
  })

  it('FT-16 takes the two signals that a terminal and a launcher make of one Ctrl-C as one', async () => {
    const other = await startDaemon(copyOf('twice'))
    process.kill(other.pid, 'SIGINT')
    expect(await other.stop('SIGINT')).toBe(0)
    expect(other.lines().map(({ event }) => event)).toContain('lifecycle.drain.finished')
  })

  it('FT-16 finishes a request that was accepted before it stops', async () => {
    const other = await startDaemon(copyOf('drain'))
    let send: (chunk: string) => void = () => undefined
    let finish: () => void = () => undefined
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        send = (chunk) => {
          controller.enqueue(Buffer.from(chunk))
        }
        finish = () => {
          controller.close()
        }
      },
    })
    send('grant_type=client_')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answered = fetch(`${other.url}/oauth2/token`, {
      method: 'POST',
      body,
      headers,
      duplex: 'half',
    } as RequestInit)
    await pause(200)
    const stopped = other.stop()
    await pause(200)
    expect((await fetch(`${other.management}/health/ready`)).status).toBe(503)
    await expect(fetch(`${other.url}/oauth2/jwks`)).rejects.toThrow()
    send('credentials&client_id=client_none')
    finish()
    expect((await answered).status).toBe(401)
    expect(await stopped).toBe(0)
  })

  it('keeps clients, people and keys from one start to the next', async () => {
    const kept = copyOf('keep')
    const { client_id: id } = await kept.json(['client', 'create', '--type', 'service', '--name', 'Kept'])
    const keysOf = async ({ url }: RunningDaemon): Promise<string> => (await fetch(`${url}/oauth2/jwks`)).text()
    const first = await startDaemon(kept)
    const keys = await keysOf(first)
    await first.stop()
    const second = await startDaemon(kept)
    expect(await keysOf(second)).toBe(keys)
    await second.stop()
    expect(await kept.json(['client', 'get', String(id)])).toMatchObject({ client_name: 'Kept' })
  })

  it('FT-03 starts again after it was killed', async () => {
    const killed = copyOf('kill')
    const first = await startDaemon(killed)
    await first.stop('SIGKILL')
    expect(first.lines().map(({ event }) => event)).not.toContain('lifecycle.recovered')
    const again = await startDaemon(killed)
    await again.line(({ event }) => event === 'lifecycle.recovered')
    expect((await fetch(`${again.url}/oauth2/jwks`)).status).toBe(200)
    await again.stop()
  })

  it('ends with 1 when its port is taken, and says so', async () => {
    const taken = await new Promise<Server>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        resolve(server)
      })
    })
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await copyOf('port').run(['start', '--port', String(port), '--management-port', '0'])
    taken.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is in use`)
  })
})
