import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { desktop, heading, isSound, phone, useDemo } from './demo-in-browser.ts'

const stage = useDemo()
const { visit } = stage

/** From the landing page to the television that shows its code. */
async function turnOn(page: Page): Promise<string> {
  await page.goto(`${stage.demo.url}/`)
  await page.getByRole('button', { name: 'Turn the television on' }).click()
  await page.waitForURL(`${stage.demo.app}/device`)
  return (await page.locator('#user-code').textContent()) ?? ''
}

async function signIn(page: Page): Promise<void> {
  await page.waitForURL(/\/login\?/)
  await page.getByLabel('User name').fill('demo')
  await page.getByLabel('Password').fill(stage.demo.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/device/)
}

/** What the person does: enters the code by hand, and decides. */
async function decide(page: Page, code: string, decision: 'allow' | 'deny' | 'disown'): Promise<string> {
  await page.goto(`${stage.demo.url}/device`)
  if (page.url().includes('/login')) await signIn(page)
  await page.getByLabel('Code').fill(code.toLowerCase().replace('-', ' '))
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.locator('#decision-form').waitFor()
  const asked = await page.locator('main').innerText()
  await page.locator(`button[value=${decision}]`).click()
  await page.locator('#decision-form').waitFor({ state: 'detached' })
  return asked
}

describe('the television of the demo', () => {
  it('A-DEV-03, A-DEV-07, A-DEV-12, DV-01 is let in by a person in another tab, and calls the API', async () => {
    await visit(desktop, async (page, context) => {
      const code = await turnOn(page)
      expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      const asked = await decide(await context.newPage(), code, 'allow')
      for (const words of ['Demo television', code, 'Did you start this?', 'See your orders'])
        expect(asked).toContain(words)
      await expect.poll(() => heading(page), { timeout: 15_000 }).toBe('The television is in.')
      const wires = await page.locator('.step').allInnerTexts()
      expect(wires[1]).toMatch(/device_code[^]*user_code/)
      expect(wires.at(-1)).toContain('200 OK')
      expect(await page.locator('#events').innerText()).toContain('device.approved')
    })
  })

  it('A-DEV-08 takes the code from the link, and still waits for the person to send it', async () => {
    await visit(desktop, async (page, context) => {
      const code = await turnOn(page)
      const opened = context.waitForEvent('page')
      await page.locator('#complete').click()
      const tab = await opened
      await signIn(tab)
      expect(await tab.getByLabel('Code').inputValue()).toBe(code)
      await page.reload()
      expect(await heading(page)).toBe('The television waits for you')
      await tab.getByRole('button', { name: 'Continue' }).click()
      await tab.locator('#decision-form').waitFor()
      // Deny has the focus, so that a stray Enter gives nothing away.
      await expect.poll(() => tab.evaluate(() => document.activeElement?.getAttribute('value'))).toBe('deny')
      await tab.keyboard.press('Enter')
      await tab.getByText('The device is not let in').first().waitFor()
      await expect.poll(() => heading(page), { timeout: 15_000 }).toBe('It ended without tokens.')
      expect(await page.locator('.story').innerText()).toContain('access_denied')
    })
  })

  it('A-DEV-11 tells the operator when a person did not start it', async () => {
    await visit(desktop, async (page, context) => {
      const code = await turnOn(page)
      await decide(await context.newPage(), code, 'disown')
      await expect.poll(() => heading(page), { timeout: 15_000 }).toBe('It ended without tokens.')
      await expect.poll(() => page.locator('#events').innerText()).toMatch(/device\.denied[^]*high/)
    })
  })

  it.each([
    ['code-without-secret', /invalid_grant[^]*invalid_grant/, /token\.pkce\.failed pkce required/],
    ['code-of-another', /invalid_grant[^]*authorization_pending/, /token\.code\.client_mismatch/],
    ['impatience', /authorization_pending[^]*slow_down[^]*slow_down/, /400 Bad Request/],
    ['codes-at-random', /303 See Other[^]*\/login\?interaction=/, /user_code/],
  ])('DV-02, DV-04, DV-05, A-PKCE-17 refuses the attack %s', async (id, ...evidence) => {
    await visit(desktop, async (page) => {
      await page.goto(`${stage.demo.app}/device`)
      await page.locator(`#device-attack-${id} button`).click()
      await page.waitForURL(`${stage.demo.app}/device/attacks/${id}`)
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
    ['desktop', desktop, 'dark'],
  ] as const)('A-UI-02 fits a %s and is sound for assistive technology', async (_name, size, colorScheme) => {
    await visit({ ...size, colorScheme }, async (page) => {
      await page.goto(`${stage.demo.app}/device`)
      await isSound(page)
      await turnOn(page)
      await isSound(page)
      await page.locator('#device-attack-impatience button').click()
      await page.waitForURL(`${stage.demo.app}/device/attacks/impatience`)
      await isSound(page)
    })
  })

  it('A-UI-02 works without JavaScript', async () => {
    await visit({ ...phone, javaScriptEnabled: false }, async (page, context) => {
      const code = await turnOn(page)
      await decide(await context.newPage(), code, 'allow')
      await expect
        .poll(
          async () => {
            await page.goto(`${stage.demo.app}/device`)
            return heading(page)
          },
          { timeout: 15_000, interval: 500 },
        )
        .toBe('The television is in.')
    })
  })

  it('CS-01 starts nothing for a form of another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const path of ['/device/run', '/device/attack'])
      expect((await fetch(`${stage.demo.app}${path}`, { method: 'POST', headers, redirect: 'manual' })).status).toBe(
        403,
      )
    expect((await fetch(`${stage.demo.app}/device/attacks/nothing`, { redirect: 'manual' })).status).toBe(303)
  })
})
