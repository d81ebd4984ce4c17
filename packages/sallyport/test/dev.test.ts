import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { createScratch, freePort, run, startProcess } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

type Screen = {
  readonly issuer: string
  readonly public_url: string
  readonly addresses: { label: string; url: string }[]
}

type Dev = {
  readonly text: string
  readonly screen: string
  url(label: string): string
  stop(): Promise<number | null>
}

/** Starts `sallyport dev` and waits for its screen. */
async function startDev(data: string, port: number, managementPort = 0): Promise<Dev> {
  const ports = ['--port', String(port), '--management-port', String(managementPort)]
  const child = startProcess(['dev', '--data', data, ...ports], {
    cwd: scratch.folder,
  })
  child.stdin?.end()
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
  for (let waited = 0; !text.includes('Ctrl-C stops') && waited < 18_000 && child.exitCode === null; waited += 20)
    await pause(20)
  if (!text.includes('Ctrl-C stops')) throw new Error(`dev did not come up:\n${text}`)
  return {
    get text() {
      return text
    },
    screen: text,
    url: (label) => new RegExp(`${label} +(http\\S+)`).exec(text)?.[1] ?? '',
    stop: async () => {
      child.kill('SIGINT')
      return await exited
    },
  }
}

const takenPort = (wanted = 0): Promise<{ server: Server; port: number }> =>
  new Promise((resolve) => {
    const server = createServer()
    // Somebody else has it: that is as good here.
    server.once('error', () => {
      resolve({ server, port: wanted })
    })
    server.listen(wanted, '127.0.0.1', () => {
      resolve({ server, port: (server.address() as AddressInfo).port })
    })
  })

describe('dev', () => {
  it('prints one screen of addresses that answer, on this machine only', async () => {
    const dev = await startDev('one', await freePort())
    expect(dev.screen.trim().split('\n').length).toBeLessThan(25)
    for (const label of ['Start here', 'Documentation', 'Discovery', 'Health', 'Metrics'])
      expect((await fetch(dev.url(label))).status, label).toBe(200)
    for (const [, host] of dev.screen.matchAll(/http:\/\/([^:/]+)/g)) expect(['localhost', '127.0.0.1']).toContain(host)
    // A request that never comes to its end is not waited for: that is what makes Ctrl-C stop within a second.
    const endless = connect({ port: Number(new URL(dev.url('Discovery')).port), host: '127.0.0.1' })
    endless.on('error', () => undefined)
    const gone = new Promise((resolve) => endless.on('close', resolve))
    await once(endless, 'connect')
    endless.write('POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n')
    expect(await dev.stop()).toBe(0)
    await gone
  })

  it('AD-10 signs in with a password that nobody else has, kept from others', async () => {
    const first = await startDev('two', await freePort())
    const other = await startDev('three', await freePort())
    const passwordOf = ({ screen }: Dev): string => /password (\S+)/.exec(screen)?.[1] ?? ''
    expect(passwordOf(first)).toMatch(/.{12,}/)
    expect(passwordOf(first)).not.toBe(passwordOf(other))
    await Promise.all([first.stop(), other.stop()])
    const folder = scratch.path('two')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0)
  })

  it('keeps its data, and moves to the next port when its own is taken and says so', async () => {
    const { server, port } = await takenPort()
    const first = await startDev('four', port)
    expect(first.screen).toContain(`Port ${port} is in use`)
    const password = /password (\S+)/.exec(first.screen)?.[1]
    await first.stop()
    await new Promise((resolve) => server.close(resolve))
    const second = await startDev('four', port)
    expect(second.screen).not.toContain(`Port ${port} is in use`)
    expect(second.screen).toContain(`password ${password}`)
    expect(new URL(second.url('Start here')).port).toBe(String(port))
    await second.stop()
  })

  it('says of every port that moved where it went, in one line each', async () => {
    const management = await takenPort()
    const app = await takenPort(7640)
    const api = await takenPort(7641)
    const dev = await startDev('moved', await freePort(), management.port)
    const portOf = (label: string): string => new URL(dev.url(label)).port
    const lines = dev.screen.split('\n').filter((line) => line.includes('is in use'))
    expect(lines).toEqual(
      expect.arrayContaining([
        `Port ${management.port} is in use, so health and metrics are on ${portOf('Health')}.`,
        `Port 7640 is in use, so the Demo app is on ${portOf('Demo app')}.`,
        `Port 7641 is in use, so the Demo API is on ${portOf('Demo API')}.`,
      ]),
    )
    // Somebody else on this machine may have more of them; none of them is one that was given away here.
    const ours = ['Start here', 'Health', 'Demo app', 'Demo API', 'Demo MCP server'].map(portOf)
    for (const line of lines) expect(ours).not.toContain(/^Port (\d+) /.exec(line)?.[1])
    expect((await fetch(dev.url('Health'))).status).toBe(200)
    await dev.stop()
    for (const { server } of [management, app, api]) server.close()
  })

  it('tells scripts the same as JSON', async () => {
    const child = startProcess(
      ['dev', '--data', 'five', '--port', String(await freePort()), '--management-port', '0', '--json'],
      { cwd: scratch.folder },
    )
    child.stdin?.end()
    const line = await new Promise<string>((resolve) => {
      let text = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const found = text.split('\n').find((one) => one.includes('"public_url"'))
        if (found !== undefined) resolve(found)
      })
    })
    const screen = JSON.parse(line) as Screen
    expect(screen.issuer).toBe(screen.public_url)
    expect(screen.addresses.map(({ label }) => label)).toContain('Discovery')
    child.kill('SIGINT')
    await new Promise((resolve) => child.on('close', resolve))
  })
})

describe('reset', () => {
  it('deletes the data after a yes, and nothing that is something else', async () => {
    const dev = await startDev('six', await freePort())
    const busy = await run(['reset', '--data', 'six', '--yes'], { cwd: scratch.folder })
    expect(busy.code).toBe(78)
    expect(busy.stderr).toContain('already serving')
    await dev.stop()
    expect((await run(['reset', '--data', 'six'], { cwd: scratch.folder })).code).toBe(2)
    expect((await run(['reset', '--data', 'six', '--yes', '--dry-run'], { cwd: scratch.folder })).code).toBe(0)
    expect(existsSync(scratch.path('six'))).toBe(true)
    expect((await run(['reset', '--data', 'six', '--yes'], { cwd: scratch.folder })).code).toBe(0)
    expect(existsSync(scratch.path('six'))).toBe(false)
    const wrong = await run(['reset', '--data', '.', '--yes'], { cwd: scratch.folder })
    expect(wrong.code).toBe(2)
    expect(existsSync(scratch.folder)).toBe(true)
  })
})
