import { AxeBuilder } from '@axe-core/playwright'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { assets, english, german, pageStates } from '../page-states.ts'

const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
/** An application that is forgotten in a frame of the signed-out page. */
const framed = 'https://shop.example'
const names = Object.keys(pageStates)

/** Only the page after a sign-out lets frames in, and those of its applications alone. */
const policyFor = (name: string): string => (name === 'signed-out-frames' ? `${policy}; frame-src ${framed}` : policy)

let server: Server
let browser: Browser
let origin: string

/** Serves `/en/<state>` and `/de/<state>` with the policy the real server sets, and the two files pages load. */
const serve = (): Server =>
  createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const asset = [assets.style, assets.icon].find((candidate) => candidate.path === path)
    if (asset !== undefined) return response.writeHead(200, { 'content-type': asset.type }).end(asset.body)
    const [, language, name = ''] = path.split('/')
    const page = pageStates[name]?.(language === 'de' ? german : english)
    if (page === undefined) return response.writeHead(404).end()
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policyFor(name) }
    return response.writeHead(200, headers).end(page)
  })

beforeAll(async () => {
  server = serve()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  server?.close()
})

const contexts = new Map<string, Promise<BrowserContext>>()

/** One context for all tests that want the same kind of browser. */
function contextFor(options: BrowserContextOptions): Promise<BrowserContext> {
  const key = JSON.stringify(options)
  const context = contexts.get(key) ?? browser.newContext({ viewport: { width: 390, height: 800 }, ...options })
  contexts.set(key, context)
  return context
}

/** Opens a page state and fails on anything the browser complains about. */
async function visit(path: string, options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const page = await (await contextFor(options)).newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`))
  await page.route(`${framed}/**`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: '<!doctype html><html lang="en"><title>Shop</title><main></main>',
    }),
  )
  try {
    const answer = await page.goto(`${origin}${path}`)
    expect(answer?.status()).toBe(200)
    await look(page)
    expect(complaints).toEqual([])
  } finally {
    await page.close()
  }
}

/** What the axe rules of WCAG 2.2 A and AA, and its good practice, find. */
async function violations(page: Page): Promise<readonly string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)
}

const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

const looks: readonly (readonly [string, string, BrowserContextOptions])[] = [
  ['light', 'en', { colorScheme: 'light' }],
  ['dark', 'de', { colorScheme: 'dark' }],
]

describe.each(looks)('pages in %s, %s', (_look, language, options) => {
  it.each(names)('A-UI-09 gives axe nothing to report: %s', async (name) => {
    await visit(`/${language}/${name}`, options, async (page) => {
      expect(await violations(page)).toEqual([])
    })
  })
})

describe('pages on small and strange screens', () => {
  it.each(names)('A-UI-09 never scrolls sideways at 320 px, which is also 400 %% of 1280 px: %s', async (name) => {
    for (const language of ['en', 'de']) {
      await visit(`/${language}/${name}`, { viewport: { width: 320, height: 256 } }, async (page) => {
        expect(await scrollsSideways(page)).toBe(false)
      })
    }
  })

  it.each(names)(
    'A-UI-09 keeps its controls visible with forced colours, and moves nothing for those who asked for that: %s',
    async (name) => {
      const options = { forcedColors: 'active', reducedMotion: 'reduce' } as const
      await visit(`/en/${name}`, options, async (page) => {
        for (const button of await page.locator('button').all()) {
          const border = await button.evaluate((element) => getComputedStyle(element).borderTopColor)
          const behind = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
          expect(border).not.toBe(behind)
        }
        const moving = await page.evaluate(
          () =>
            [...document.querySelectorAll('*')].filter(
              (element) => getComputedStyle(element).transitionDuration !== '0s',
            ).length,
        )
        expect(moving).toBe(0)
      })
    },
  )

  it.each(names)('A-UI-09 has controls of at least 24 by 24 px: %s', async (name) => {
    await visit(`/de/${name}`, {}, async (page) => {
      for (const control of await page.locator('button, input:not([type=hidden])').all()) {
        const box = await control.boundingBox()
        expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(24)
      }
    })
  })
})

describe('pages by keyboard and without script', () => {
  it.each(names)('A-UI-09 reaches every control with the tab key, in the order of the page: %s', async (name) => {
    await visit(`/en/${name}`, {}, async (page) => {
      const expected = await page.evaluate(() => {
        const all = [...document.querySelectorAll<HTMLElement>('a[href], button, input:not([type=hidden])')]
        all.forEach((control, index) => control.setAttribute('data-index', String(index)))
        // A page with a field in focus would start the tab key there.
        document.body.tabIndex = -1
        document.body.focus()
        return all.map((_control, index) => String(index))
      })
      const reached: (string | null)[] = []
      for (let step = 0; step < expected.length; step++) {
        await page.keyboard.press('Tab')
        reached.push(await page.evaluate(() => document.activeElement?.getAttribute('data-index') ?? null))
        const outline = await page.evaluate(
          () => getComputedStyle(document.activeElement ?? document.body).outlineStyle,
        )
        expect(outline).not.toBe('none')
      }
      expect(reached).toEqual(expected)
    })
  })

  it.each(names)('A-UI-09 is complete without script: %s', async (name) => {
    await visit(`/en/${name}`, { javaScriptEnabled: false }, async (page) => {
      expect(await page.locator('h1').isVisible()).toBe(true)
      for (const control of await page.locator('button, a[href], input:not([type=hidden])').all()) {
        expect(await control.isVisible()).toBe(true)
      }
      expect(await page.locator('main').evaluate((main) => getComputedStyle(main).paddingTop)).not.toBe('0px')
    })
  })

  it('A-UI-09 puts the focus into the first empty field, or onto what went wrong', async () => {
    const focused = (page: Page): Promise<string> =>
      page
        .evaluate(() => document.activeElement?.id ?? '')
        .then(async (id) => id || page.evaluate(() => document.activeElement?.className ?? ''))
    const expected = {
      login: 'username',
      'login-prefilled': 'password',
      'login-refused': 'problem',
      'login-incomplete': 'problem',
      'consent-unanswered': 'problem',
      'login-device': 'username',
      device: 'user_code',
      'device-wrong': 'problem',
      'device-decide': 'other',
      'device-undecided': 'problem',
    }
    for (const [name, target] of Object.entries(expected)) {
      await visit(`/en/${name}`, {}, async (page) => {
        // The browser moves the focus when it next draws the page, which may be after it has loaded.
        await expect.poll(() => focused(page), { timeout: 10_000 }).toBe(target)
      })
    }
  })

  it.each(['consent', 'device-decide'])('A-UI-09, A-DEV-07 makes Deny and Allow equally large: %s', async (name) => {
    await visit(`/en/${name}`, {}, async (page) => {
      const deny = await page.locator('button[value=deny]').boundingBox()
      const allow = await page.locator('button[value=allow]').boundingBox()
      expect(deny?.width).toBe(allow?.width)
      expect(deny?.height).toBe(allow?.height)
    })
  })
})
