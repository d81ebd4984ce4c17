import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser, Route } from 'playwright-core'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { newRealIssuer } from '../real-pages.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
})

const application =
  '<!doctype html><title>App</title><iframe id="op" src="https://as.test/oauth2/check-session"></iframe>'

/** What the frame answers to a message of the page. */
const ask = (message: unknown): Promise<string> =>
  new Promise((resolve) => {
    const frame = document.querySelector('iframe')?.contentWindow
    addEventListener('message', ({ data, origin }) => origin === 'https://as.test' && resolve(String(data)), {
      once: true,
    })
    frame?.postMessage(message, 'https://as.test')
  })

describe('the check-session frame in a browser', () => {
  it('B-LOG-14 says unchanged, changed or error, to the application that the state was made for', async () => {
    const issuer = await newRealIssuer({ policy: { sessionManagement: true } })
    const { response, client, browser: visited } = await issuer.authorize()
    const frame = await issuer.get('/oauth2/check-session')
    const headers = Object.fromEntries(Object.entries(frame.headers).map(([name, value]) => [name, String(value)]))
    const context = await browser.newContext()
    const stateOf = (value: string) => ({
      ...{ name: '__Host-sallyport-state', value, domain: 'as.test', path: '/' },
      ...{ secure: true, sameSite: 'None' as const },
    })
    const state = visited.jar.get('__Host-sallyport-state') ?? ''
    await context.addCookies([stateOf(state)])
    await context.route('**/*', async (route: Route) => {
      const isFrame = new URL(route.request().url()).hostname === 'as.test'
      await route.fulfill(
        isFrame ? { status: 200, headers, body: frame.text } : { contentType: 'text/html', body: application },
      )
    })
    const page = await context.newPage()
    await page.goto(new URL('/', client.redirectUri).href)
    const sessionState = response.get('session_state') ?? ''
    const asked = `${client.id} ${sessionState}`
    expect(await page.evaluate(ask, asked)).toBe('unchanged')
    expect(await page.evaluate(ask, `another ${sessionState}`)).toBe('changed')
    for (const wrong of ['', client.id, `${asked} x`, `${client.id} x`, `${client.id} ${'a'.repeat(2000)}`, { asked }])
      expect(await page.evaluate(ask, wrong)).toBe('error')
    await context.addCookies([stateOf('x'.repeat(43))])
    expect(await page.evaluate(ask, asked)).toBe('changed')
    await context.clearCookies()
    expect(await page.evaluate(ask, asked)).toBe('changed')
    await context.addCookies([stateOf(state)])
    await page.goto('https://other.test/')
    expect(await page.evaluate(ask, asked)).toBe('changed')
    await context.close()
  })
})
