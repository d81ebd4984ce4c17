import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { desktop, heading, isSound, phone, useDemo } from './demo-in-browser.ts'

const stage = useDemo()
const { visit } = stage

/** From the landing page through sign-in, to where the API wants more. */
async function begin(page: Page): Promise<void> {
  await page.goto(`${stage.demo.url}/`)
  await page.getByRole('button', { name: 'Ask for the treasure' }).click()
  await page.waitForURL(/\/login\?/)
  await page.getByLabel('Password').fill(stage.demo.password)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${stage.demo.app}/step-up`)
  expect(await heading(page)).toBe('The API wants more.')
}

/** On to the code of the authenticator, which the page shows in place of a phone. Each of its codes counts once. */
async function better(page: Page): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    await page.goto(`${stage.demo.app}/step-up`)
    const code = (await page.locator('#authenticator').textContent()) ?? ''
    await page.getByRole('button', { name: 'Sign in better' }).click()
    await page.waitForURL(/\/login\/code\?/)
    expect(await page.getByLabel('Password').count()).toBe(0)
    await page.locator('#code').fill(code)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForLoadState()
    if (page.url() === `${stage.demo.app}/step-up`) return
    // Another test took this one; the next comes within half a minute.
    await page.waitForTimeout(30_000 - (Date.now() % 30_000) + 500)
  }
  throw new Error('no code was taken')
}

describe('the step-up of the demo', () => {
  it(
    'B-STEP-01, B-STEP-02, B-STEP-05 asks for the code alone, opens the treasure, and refuses the weaker token before and after',
    {
      timeout: 120_000,
    },
    async () => {
      await visit({ ...desktop }, async (page) => {
        await begin(page)
        const refused = await page.locator('.step').last().innerText()
        expect(refused).toMatch(
          /401 Unauthorized[^]*insufficient_user_authentication[^]*acr_values="urn:sallyport:acr:mfa"/,
        )
        await isSound(page)
        await better(page)
        expect(await heading(page)).toBe('The treasure is open.')
        expect(await page.locator('.step').last().innerText()).toContain('200 OK')
        expect(await page.locator('.checks .failed').count()).toBe(0)
        for (const id of ['old-token', 'refreshed-token']) {
          await page.goto(`${stage.demo.app}/step-up`)
          await page.locator(`#step-up-attack-${id} button`).click()
          await page.waitForURL(`${stage.demo.app}/step-up/attacks/${id}`)
          expect(await page.locator('.banner .verdict').textContent()).toBe('Refused')
          expect(await page.locator('.story').innerText()).toContain('insufficient_user_authentication')
        }
        await isSound(page)
      })
    },
  )

  it('A-UI-02 fits a phone, works without JavaScript, and offers no attack before there is a token', async () => {
    await visit({ ...phone, javaScriptEnabled: false }, async (page) => {
      await page.goto(`${stage.demo.app}/step-up`)
      expect(await page.locator('.attacks button').count()).toBe(0)
      await begin(page)
      expect(await page.locator('.attacks button').count()).toBe(2)
    })
  })

  it('CS-01, A-AUTHZ-14 starts nothing for a form of another site, and takes no answer that nobody asked for', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const path of ['/step-up/run', '/step-up/more', '/step-up/attack'])
      expect((await fetch(`${stage.demo.app}${path}`, { method: 'POST', headers, redirect: 'manual' })).status).toBe(
        403,
      )
    expect((await fetch(`${stage.demo.app}/step-up/attacks/nothing`, { redirect: 'manual' })).status).toBe(303)
    expect((await fetch(`${stage.demo.app}/step-up/callback?code=x&state=y`, { redirect: 'manual' })).status).toBe(400)
  })
})
