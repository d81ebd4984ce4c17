import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApplication, type Application } from '../src/application.ts'

const callback = 'http://127.0.0.1:50123/callback'
let application: Application
let data: string

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'embed-'))
  application = await startApplication({
    port: await freePort(),
    data,
    onEvent: () => undefined,
    onFault: ({ cause }) => {
      throw cause
    },
  })
})

afterAll(async () => {
  await application?.close()
  rmSync(data, { recursive: true, force: true })
})

/** A browser without scripts: keeps cookies, sends the forms it is shown. */
function createBrowser() {
  const cookies = new Map<string, string>()
  const visit = async (url: string, form?: URLSearchParams): Promise<Response> => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const origin = form === undefined ? {} : { origin: application.issuer }
    const response = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      body: form ?? null,
      headers: { ...headers, ...origin },
      redirect: 'manual',
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=')
      cookies.set(name, value)
    }
    return response
  }
  const fill = (page: string, fields: Readonly<Record<string, string>>): URLSearchParams => {
    const form = new URLSearchParams()
    for (const [, name = '', value = ''] of page.matchAll(/name="(\w+)" value="([^"]*)"/g)) form.set(name, value)
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    return form
  }
  return { visit, fill }
}

type Browser = ReturnType<typeof createBrowser>

/** Sends the form of a page and gives the address the browser is sent to. */
async function answer(
  { visit, fill }: Browser,
  page: string,
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  const html = await (await visit(page)).text()
  const response = await visit(page.split('?')[0] ?? '', fill(html, fields))
  expect(response.status).toBe(303)
  return (await visit(response.headers.get('location') ?? '')).headers.get('location') ?? ''
}

async function request() {
  const config = await client.discovery(new URL(application.issuer), application.clientId, undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid profile',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
  })
  return { config, url: url.href, checks: { pkceCodeVerifier, expectedState } }
}

const locationOf = (response: Response): string => response.headers.get('location') ?? ''

describe('an application with the server inside', () => {
  it("A-AUTHZ-15 gives tokens after the application's own login and consent pages", async () => {
    const { config, url, checks } = await request()
    const browser = createBrowser()
    const loginPage = locationOf(await browser.visit(url))
    expect(loginPage).toContain('/sign-in?interaction=')
    const consentPage = await answer(browser, loginPage, { username: 'ada', password: 'correct horse battery' })
    const returned = await answer(browser, consentPage, { decision: 'allow' })
    const tokens = await client.authorizationCodeGrant(config, new URL(returned), checks)
    const person = await client.fetchUserInfo(config, tokens.access_token, 'u-1')
    expect(person).toEqual({ sub: 'u-1', name: 'Ada', preferred_username: 'ada' })
  })

  it('A-AUTHZ-12 tells the client when the person declines', async () => {
    const { url } = await request()
    const browser = createBrowser()
    const loginPage = locationOf(await browser.visit(url))
    const consentPage = await answer(browser, loginPage, { username: 'grace', password: 'a ship in port is safe' })
    const returned = new URL(await answer(browser, consentPage, { decision: 'deny' }))
    expect(returned.searchParams.get('error')).toBe('access_denied')
  })

  it('A-UI-06 refuses a password that comes without the token of the form', async () => {
    const { url } = await request()
    const browser = createBrowser()
    const loginPage = locationOf(await browser.visit(url))
    const interaction = new URL(loginPage).searchParams.get('interaction') ?? ''
    const form = new URLSearchParams({ interaction, username: 'ada', password: 'correct horse battery' })
    expect((await browser.visit(loginPage.split('?')[0] ?? '', form)).status).toBe(403)
  })

  it("A-AUTHZ-14 shows nobody else's browser the application's login page", async () => {
    const { url } = await request()
    const loginPage = locationOf(await createBrowser().visit(url))
    expect((await createBrowser().visit(loginPage)).status).toBe(403)
  })
})
