import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { startDemo, type RunningDemo } from './running-demo.ts'

let demo: RunningDemo
let browser: Browser

beforeAll(async () => {
  ;[demo, browser] = await Promise.all([startDemo(), launchBrowser()])
  // Somebody signs in, and somebody tries a code that is not theirs.
  await visit({}, async (page) => {
    await page.goto(`${demo.url}/`)
    await page.getByRole('button', { name: 'Run the flow' }).click()
    await page.getByLabel('Password').fill(demo.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('button[name=decision][value=allow]').click()
    await page.waitForURL(`${demo.app}/`)
    await page.locator('#attack-wrong-verifier button').click()
    await page.waitForURL(`${demo.app}/attacks/wrong-verifier`)
  })
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})

async function visit(options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  await look(page)
  await context.close()
}

const phone = { width: 390, height: 844 }
const desktop = { width: 1280, height: 900 }

describe('the governance page', () => {
  it('A-GOV-03, A-LOG-02 shows coverage from real traffic and the incident with its verdict', async () => {
    await visit({ viewport: desktop }, async (page) => {
      // Counts are written every ten seconds.
      const heading = async (): Promise<string> => {
        await page.goto(`${demo.url}/governance`)
        return (await page.getByRole('heading', { level: 1 }).textContent()) ?? ''
      }
      await expect.poll(heading, { interval: 500, timeout: 30_000 }).toBe('PKCE covers 100 %')
      expect(await page.locator('table.counts tbody tr').count()).toBeGreaterThan(0)
      const incidents = page.locator('section[aria-labelledby="incidents-title"]')
      expect(await incidents.innerText()).toContain('suspected interception')
      expect(await page.locator('section[aria-labelledby="exceptions-title"]').innerText()).toContain('forbidden')
    })
  })

  it.each([
    ['phone, light', phone, 'light'],
    ['phone, dark', phone, 'dark'],
    ['desktop, light', desktop, 'light'],
    ['desktop, dark', desktop, 'dark'],
  ] as const)(
    'A-UI-02 fits (%s), without JavaScript, and is sound for assistive technology',
    async (_name, viewport, colorScheme) => {
      await visit({ viewport, colorScheme }, async (page) => {
        await page.goto(`${demo.url}/governance`)
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)).toEqual([])
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(overflow).toBeLessThanOrEqual(0)
      })
      await visit({ viewport, colorScheme, javaScriptEnabled: false }, async (page) => {
        await page.goto(`${demo.url}/governance`)
        expect(await page.locator('table.counts tbody tr').count()).toBeGreaterThan(0)
      })
    },
  )

  it('A-UI-02 can be walked by keyboard alone, the table included', async () => {
    await visit({ viewport: phone }, async (page) => {
      await page.goto(`${demo.url}/governance`)
      const reached = new Set<string>()
      for (let presses = 0; presses < 25; presses++) {
        await page.keyboard.press('Tab')
        reached.add(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''))
      }
      expect(reached).toContain('Coverage by client')
    })
  })
})
