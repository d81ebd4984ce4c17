import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { desktop, heading, isSound, phone, useDemo } from './demo-in-browser.ts'

const stage = useDemo()
const { visit } = stage

/** From the landing page through sign-in and consent; gives what the address of the browser said on the way. */
async function run(page: Page, decision: 'allow' | 'deny' = 'allow'): Promise<string> {
  const sent: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/oauth2/authorize') sent.push(request.url())
  })
  await page.goto(`${stage.demo.url}/`)
  await page.getByRole('button', { name: 'Push a request' }).click()
  await page.waitForURL(/\/login\?/)
  expect(await page.getByLabel('User name').inputValue()).toBe('demo')
  await page.getByLabel('Password').fill(stage.demo.password)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/consent\?/)
  expect(await page.locator('main').innerText()).toContain('Demo Bank')
  await page.locator(`button[name=decision][value=${decision}]`).click()
  await page.waitForURL(`${stage.demo.app}/pushed`)
  return sent[0] ?? ''
}

describe('the pushed request of the demo', () => {
  it('B-PAR-01, B-PAR-04, B-PAR-07 leaves nothing in the address but a reference, and ends with tokens', async () => {
    await visit(desktop, async (page) => {
      const address = new URL(await run(page))
      expect([...address.searchParams.keys()]).toEqual(['client_id', 'request_uri'])
      expect(await heading(page)).toBe('Nothing was in the address.')
      const wires = await page.locator('.step').allInnerTexts()
      expect(wires).toHaveLength(8)
      expect(wires[1]).toMatch(/POST \/oauth2\/par[^]*code_challenge=[^]*201 Created/)
      expect(wires[2]).toContain(address.searchParams.get('request_uri')?.slice(-43))
      expect(wires[2]).not.toContain('code_challenge')
      expect(wires[4]).toContain('code_verifier=')
      expect(wires.at(-1)).toContain('200 OK')
      expect(await page.locator('.checks .failed').count()).toBe(0)
    })
  })

  it('A-AUTHZ-12 says so when the person declines', async () => {
    await visit(desktop, async (page) => {
      await run(page, 'deny')
      expect(await heading(page)).toBe('It ended early.')
      expect(await page.locator('.story').innerText()).toContain('You said no, so there is no code.')
    })
  })

  it.each([
    ['changed-on-the-way', [/201 Created[^]*303 See Other[^]*error=login_required/, /chosen-by-the-attacker/]],
    ['used-twice', [/error=login_required[^]*error=invalid_request_uri/, /authz\.request\.rejected par unknown/]],
    ['of-another-app', [/400 Bad Request[^]*error=login_required/, /authz\.request\.rejected par client/]],
    ['made-up-reference', [/error=invalid_request_uri/, /authz\.request\.rejected par unknown/]],
    ['not-pushed', [/error=invalid_request&/, /authz\.request\.rejected par required/]],
    [
      'forged-object',
      [
        /invalid_request_object[^]*invalid_request_object[^]*201 Created[^]*invalid_request_object/,
        /authz\.request\.rejected jar signature/,
        /authz\.request\.rejected jar replayed/,
      ],
    ],
  ] as const)(
    'B-PAR-05, B-PAR-06, B-PAR-07, B-PAR-09, B-JAR-02, B-JAR-12, JR-08, JR-11 refuses the attack %s',
    async (id, evidence) => {
      await visit(desktop, async (page) => {
        await page.goto(`${stage.demo.app}/pushed`)
        await page.locator(`#pushed-attack-${id} button`).click()
        await page.waitForURL(`${stage.demo.app}/pushed/attacks/${id}`)
        expect(await page.locator('.banner .verdict').textContent()).toBe('Refused')
        const told = await page.locator('.story').innerText()
        expect(evidence.filter((one) => !one.test(told))).toEqual([])
        await page.getByRole('link', { name: 'All of them' }).click()
        await page.waitForURL(/#attacks$/)
        expect(await page.locator('.attacks .verdict').allTextContents()).toEqual(['Refused'])
      })
    },
  )

  it('A-UI-02 is reached and used by keyboard alone', async () => {
    await visit(desktop, async (page) => {
      const reach = async (name: string): Promise<void> => {
        for (let count = 0; count < 60; count++) {
          await page.keyboard.press('Tab')
          const focused = await page.evaluate(
            () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim(),
          )
          if (focused === name) return
        }
        throw new Error(`the keyboard does not reach ${name}`)
      }
      await page.goto(`${stage.demo.app}/`)
      await reach('PAR')
      await page.keyboard.press('Enter')
      await page.waitForURL(`${stage.demo.app}/pushed`)
      await reach('Try it: Skip the push')
      await page.keyboard.press('Enter')
      await page.waitForURL(`${stage.demo.app}/pushed/attacks/not-pushed`)
      expect(await heading(page)).toBe('Skip the push')
    })
  })

  it.each([
    ['phone', phone, 'light'],
    ['desktop', desktop, 'dark'],
  ] as const)('A-UI-02 fits a %s and is sound for assistive technology', async (_name, size, colorScheme) => {
    await visit({ ...size, colorScheme }, async (page) => {
      await page.goto(`${stage.demo.app}/pushed`)
      await isSound(page)
      await run(page)
      await isSound(page)
      await page.locator('#pushed-attack-changed-on-the-way button').click()
      await page.waitForURL(`${stage.demo.app}/pushed/attacks/changed-on-the-way`)
      await isSound(page)
    })
  })

  it('A-UI-02 works without JavaScript', async () => {
    await visit({ ...phone, javaScriptEnabled: false }, async (page) => {
      await run(page)
      expect(await heading(page)).toBe('Nothing was in the address.')
    })
  })

  it('CS-01, A-AUTHZ-14 starts nothing for a form of another site, and takes no answer that nobody asked for', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const path of ['/pushed/run', '/pushed/attack'])
      expect((await fetch(`${stage.demo.app}${path}`, { method: 'POST', headers, redirect: 'manual' })).status).toBe(
        403,
      )
    expect((await fetch(`${stage.demo.app}/pushed/attacks/nothing`, { redirect: 'manual' })).status).toBe(303)
    expect((await fetch(`${stage.demo.app}/pushed/callback?code=x&state=y`, { redirect: 'manual' })).status).toBe(400)
  })
})
