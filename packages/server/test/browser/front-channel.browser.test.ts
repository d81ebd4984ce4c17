import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser, Route } from 'playwright-core'
import type { Answer } from '@sallyport/testing'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { newRealIssuer } from '../real-pages.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
})

/** The page after the sign-out of somebody who was at an application with a frame, as the server sends it. */
async function signedOutPage(parameters: Readonly<Record<string, string>>): Promise<Answer> {
  const issuer = await newRealIssuer()
  const client = await issuer.changeClient(issuer.clients.K, {
    frontchannelLogoutUri: 'https://web.test/forget',
    frontchannelLogoutSessionRequired: true,
  })
  const { idToken, authorized } = await issuer.codeFlow({ client })
  const query = new URLSearchParams({ id_token_hint: idToken, ...parameters })
  return (await authorized.browser.open(`/oauth2/logout?${query.toString()}`)).answer
}

const headersOf = ({ headers }: Answer): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name !== 'set-cookie')
      .map(([name, value]) => [name, String(value)]),
  )

describe('the signed-out page in a browser without scripts', () => {
  it('B-LOG-13 loads the application in its frame, nothing else, and goes on to it', async () => {
    const answer = await signedOutPage({ post_logout_redirect_uri: 'https://web.test/bye', state: 'S' })
    // As if an application could put a second frame there.
    const body = answer.text.replace('</main>', '<iframe src="https://evil.test/"></iframe></main>')
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    const asked: string[] = []
    await page.route('**/*', async (route: Route) => {
      const url = new URL(route.request().url())
      asked.push(`${url.origin}${url.pathname}`)
      if (url.pathname === '/oauth2/logout') await route.fulfill({ status: 200, headers: headersOf(answer), body })
      else await route.fulfill({ status: 200, contentType: 'text/html', body: '<!doctype html><title>app</title>' })
    })
    await page.goto('https://as.test/oauth2/logout')
    await page.waitForURL('https://web.test/bye?state=S')
    expect(asked).toContain('https://web.test/forget')
    expect(asked).not.toContain('https://evil.test/')
    await context.close()
  })
})
