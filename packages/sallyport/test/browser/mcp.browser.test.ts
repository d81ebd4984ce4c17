import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { application, provider, type Person } from '../../../server/test/strangers/mcp-client.ts'
import { listen } from '../../../server/test/strangers/mcp-notes.ts'
import { run } from '../cli.ts'
import { desktop, heading, isSound, phone, useDemo } from './demo-in-browser.ts'

const stage = useDemo()
const { visit } = stage

const allow = (page: Page): Promise<void> => page.locator('button[name=decision][value=allow]').click()

/** From the landing page through sign-in and consent to the page that tells what was said. */
async function connect(page: Page): Promise<string> {
  await page.goto(`${stage.demo.url}/`)
  await page.getByRole('button', { name: 'Connect to the server' }).click()
  await page.waitForURL(/\/login\?/)
  await page.getByLabel('Password').fill(stage.demo.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/consent\?/)
  const asked = await page.locator('main').innerText()
  await allow(page)
  await page.waitForURL(`${stage.demo.app}/mcp`)
  return asked
}

describe('the MCP part of the demo', () => {
  it('A-MCP-01, A-MCP-02, A-MCP-04, A-MCP-06 walks from one address to a tool, with everything in between', async () => {
    await visit(desktop, async (page) => {
      const asked = await connect(page)
      for (const words of ['Not verified', 'See who stands at the gate', 'localhost']) expect(asked).toContain(words)
      expect(await heading(page)).toBe('The assistant is in.')
      const wires = await page.locator('.step').allInnerTexts()
      expect(wires).toHaveLength(10)
      expect(wires[0]).toMatch(/401 Unauthorized[^]*resource_metadata=/)
      expect(wires[1]).toContain(`"resource":"${stage.demo.mcp}"`)
      expect(wires[2]).toContain('registration_endpoint')
      expect(wires[3]).toContain('201 Created')
      expect(wires[7]).toMatch(/resource=http%3A%2F%2Flocalhost/)
      expect(wires[7]).toContain(stage.demo.mcp)
      expect(wires[9]).toContain('lantern oil')
      expect(await page.locator('.checks .failed').count()).toBe(0)
    })
  })

  it('A-MCP-08 asks for more when a tool needs it, shows what is new, and keeps the rest', async () => {
    await visit(desktop, async (page) => {
      await connect(page)
      await page.getByRole('button', { name: 'Ask it to open the gate' }).click()
      await page.waitForURL(/\/consent\?/)
      const [fresh = '', earlier = ''] = (await page.locator('main').innerText()).split('You allowed it before')
      expect([fresh.includes('Open the gate for you'), fresh.includes('See who stands')]).toEqual([true, false])
      expect(earlier).toContain('See who stands at the gate')
      await allow(page)
      await page.waitForURL(`${stage.demo.app}/mcp`)
      expect(await heading(page)).toBe('The gate is open.')
      const [refused = ''] = await page.locator('.step').allInnerTexts()
      expect(refused).toMatch(/403 Forbidden[^]*scope="gate.read gate.open", error="insufficient_scope"/)
    })
  })

  it('A-AUTHZ-12 says so when the person declines', async () => {
    await visit(desktop, async (page) => {
      await page.goto(`${stage.demo.app}/mcp`)
      await page.getByRole('button', { name: 'Connect to the server' }).click()
      await page.waitForURL(/\/login\?/)
      await page.getByLabel('Password').fill(stage.demo.password)
      await page.keyboard.press('Enter')
      await page.locator('button[name=decision][value=deny]').click()
      await page.waitForURL(`${stage.demo.app}/mcp`)
      await page.getByText('You said no, so there is no token.').waitFor()
    })
  })

  it.each([
    ['token-from-elsewhere', /401 Unauthorized[^]*error="invalid_token"/, /jwt\.rejected aud/],
    ['token-passed-on', /401 Unauthorized[^]*error="invalid_token"/, /jwt\.rejected aud/],
    ['way-to-elsewhere', /invalid_redirect_uri[^]*invalid_redirect_uri/, /400 Bad Request/],
    ['changed-way', /201 Created[^]*400 Bad Request/, /authz\.redirect_uri\.mismatch/],
  ])('A-MCP-02, A-MCP-03, A-MCP-05 refuses the attack %s', async (id, ...evidence) => {
    await visit(desktop, async (page) => {
      await page.goto(`${stage.demo.app}/mcp`)
      await page.locator(`#mcp-attack-${id} button`).click()
      await page.waitForURL(`${stage.demo.app}/mcp/attacks/${id}`)
      expect(await page.locator('.banner .verdict').textContent()).toBe('Refused')
      const told = await page.locator('.story').innerText()
      expect(evidence.filter((one) => !one.test(told))).toEqual([])
      await page.getByRole('link', { name: 'All of them' }).click()
      await page.waitForURL(/#attacks$/)
      expect(await page.locator('.attacks .verdict').allTextContents()).toEqual(['Refused'])
    })
  })

  it.each([
    ['phone', phone, 'light'],
    ['phone', phone, 'dark'],
    ['desktop', desktop, 'light'],
    ['desktop', desktop, 'dark'],
  ] as const)('A-UI-02 fits a %s and is sound for assistive technology (%#)', async (_name, size, colorScheme) => {
    await visit({ ...size, colorScheme }, async (page) => {
      await page.goto(`${stage.demo.app}/mcp`)
      await isSound(page)
      await connect(page)
      await isSound(page)
      await page.locator('#mcp-attack-changed-way button').click()
      await page.waitForURL(`${stage.demo.app}/mcp/attacks/changed-way`)
      await isSound(page)
    })
  })

  it('A-UI-02 works without JavaScript, by keyboard alone', async () => {
    await visit({ ...phone, javaScriptEnabled: false }, async (page) => {
      await connect(page)
      expect(await heading(page)).toBe('The assistant is in.')
      await page.locator('#mcp-attack-token-passed-on button').click()
      await page.waitForURL(`${stage.demo.app}/mcp/attacks/token-passed-on`)
      expect(await page.locator('.banner .verdict').textContent()).toBe('Refused')
    })
    await visit(desktop, async (page) => {
      const reach = async (name: string): Promise<void> => {
        for (let presses = 0; presses < 60; presses++) {
          await page.keyboard.press('Tab')
          if ((await page.evaluate(() => document.activeElement?.textContent?.trim())) === name) return
        }
        throw new Error(`the keyboard does not reach ${name}`)
      }
      await page.goto(`${stage.demo.app}/mcp`)
      await reach('Connect to the server')
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/login\?/)
      await page.getByLabel('Password').focus()
      await page.keyboard.type(stage.demo.password)
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/consent\?/)
      await reach('Allow')
      await page.keyboard.press('Enter')
      await page.waitForURL(`${stage.demo.app}/mcp`)
      await reach('Ask it to open the gate')
    })
  })

  it('CS-01 starts nothing for a form of another site, and uses no answer that nobody asked for', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const path of ['/mcp/run', '/mcp/more', '/mcp/attack'])
      expect((await fetch(`${stage.demo.app}${path}`, { method: 'POST', headers, redirect: 'manual' })).status).toBe(
        403,
      )
    const unasked = await fetch(`${stage.demo.app}/mcp/callback?code=x&state=y&iss=${stage.demo.url}`, {
      redirect: 'manual',
    })
    expect(unasked.status).toBe(400)
    expect((await fetch(`${stage.demo.app}/mcp/attacks/nothing`, { redirect: 'manual' })).status).toBe(303)
  })
})

describe('the MCP server of the demo', () => {
  it('A-MCP-01, A-MCP-04 gives the doctor nothing to complain about', async () => {
    const { code, stdout } = await run(['mcp', 'doctor', stage.demo.mcp])
    expect(stdout).not.toContain('FINDING')
    expect(code).toBe(0)
    expect(stdout).toContain('A client by dynamic registration: registers itself')
  })

  it('A-MCP-04, A-MCP-08 lets the official client in, through a real browser, and up a step', async () => {
    await visit(desktop, async (page) => {
      const own = await listen((_, res) => res.setHeader('content-type', 'text/html').end('<title>back</title>'))
      const person: Person = async (address) => {
        await page.goto(address.href)
        if (page.url().includes('/login')) {
          await page.getByLabel('User name').fill('demo')
          await page.getByLabel('Password').fill(stage.demo.password)
          await page.getByRole('button', { name: 'Sign in' }).click()
          await page.waitForURL(/\/consent\?/)
        }
        await allow(page)
        await page.waitForURL(`${own.origin}/callback?*`)
        return new URL(page.url()).searchParams
      }
      const app = application(
        new URL(stage.demo.mcp),
        { ...provider(undefined), redirectUrl: `${own.origin}/callback` },
        person,
      )
      expect(await app.call('who_is_there')).toContain('lantern oil')
      expect(await app.call('open_gate')).toContain('The gate is open')
      const { client, tokens } = app.provider.remembered
      expect(client?.client_id).toMatch(/^client_/)
      expect(tokens?.scope?.split(' ').toSorted()).toEqual(['gate.open', 'gate.read'])
      await app.close()
      own.server.close().closeAllConnections()
    })
  })

  it('A-MCP-03 is not there under another name, nor for whoever has no token', async () => {
    const { port } = new URL(stage.demo.mcp)
    const elsewhere = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST' })
    expect(elsewhere.status).toBe(421)
    const transport = new StreamableHTTPClientTransport(new URL(stage.demo.mcp))
    const client = new Client({ name: 'stranger', version: '1.0.0' })
    await expect(client.connect(transport as Parameters<Client['connect']>[0])).rejects.toThrow()
  })
})
