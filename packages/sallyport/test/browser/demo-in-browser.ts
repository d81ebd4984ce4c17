import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { startDemo, type RunningDemo } from './running-demo.ts'

export const phone = { viewport: { width: 390, height: 844 } }
export const desktop = { viewport: { width: 1280, height: 900 } }

export type DemoInBrowser = {
  /** There from the first test on. */
  readonly demo: RunningDemo
  readonly browser: Browser
  /** A page of a fresh browser that fails the test on anything the browser complains about. */
  visit(options: BrowserContextOptions, look: (page: Page, context: BrowserContext) => Promise<void>): Promise<void>
}

/** One demo and one browser for all tests of the file that calls this at its top. */
export function useDemo(): DemoInBrowser {
  let demo: RunningDemo
  let browser: Browser
  beforeAll(async () => {
    ;[demo, browser] = await Promise.all([startDemo(), launchBrowser()])
  })
  afterAll(async () => {
    await browser?.close()
    await demo?.stop()
  })
  return {
    get demo() {
      return demo
    },
    get browser() {
      return browser
    },
    visit: async (options, look) => {
      const context = await browser.newContext(options)
      context.setDefaultTimeout(20_000)
      const complaints: string[] = []
      context.on('weberror', (error) => complaints.push(String(error.error())))
      context.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      await look(await context.newPage(), context)
      await context.close()
      expect(complaints).toEqual([])
    },
  }
}

export const heading = (page: Page): Promise<string | null> => page.getByRole('heading', { level: 1 }).textContent()

/** No fault that axe finds, and nothing wider than the window. */
export async function isSound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)).toEqual([])
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(overflow).toBeLessThanOrEqual(0)
}
