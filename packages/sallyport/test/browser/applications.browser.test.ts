import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { systemRandom } from '@sallyport/protocol'
import { decodeJwt, pkcePair } from '@sallyport/testing'
import type * as OAuth from 'oauth4webapi'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closed, surround, type Surroundings } from '../../../../examples/test/example.ts'
import { signInAndAgree } from '../../../../examples/test/person.ts'

const library = readFileSync(fileURLToPath(import.meta.resolve('oauth4webapi')), 'utf8')

/** The application: a library of others, and a place in the browser where keys outlive the way to the server and back. */
const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>App</title>
<script type="module">
import * as oauth from '/oauth4webapi.js'
const open = () => new Promise((resolve, reject) => {
  const request = indexedDB.open('keys', 1)
  request.onupgradeneeded = () => request.result.createObjectStore('keys')
  request.onsuccess = () => resolve(request.result.transaction('keys', 'readwrite').objectStore('keys'))
  request.onerror = () => reject(request.error)
})
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})
globalThis.app = {
  oauth,
  keep: async (keys) => { await done((await open()).put(keys, 'dpop')) },
  kept: async () => done((await open()).get('dpop')),
}
</script>`

type App = {
  readonly oauth: typeof OAuth
  keep(keys: CryptoKeyPair): Promise<void>
  kept(): Promise<CryptoKeyPair>
}

let around: Surroundings
let site: Server
let spa: string
let native: string
beforeAll(async () => {
  around = await surround()
  const { sallyport, origin } = around
  site = createServer((req, res) => {
    const script = req.url === '/oauth4webapi.js'
    res.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    res.end(script ? library : html)
  })
  await new Promise<void>((resolve) => site.listen(Number(new URL(origin).port), '127.0.0.1', resolve))
  const scope = ['--scope', 'openid profile email offline_access']
  const redirect = (uri: string) => ['--redirect-uri', uri]
  ;[{ id: spa }, { id: native }] = await Promise.all([
    sallyport.client(['--type', 'spa', '--name', 'Bound page', ...redirect(`${origin}/callback`), ...scope]),
    sallyport.client(['--type', 'native', '--name', 'Desktop', ...redirect('http://127.0.0.1/callback'), ...scope]),
  ])
})
afterAll(async () => {
  await closed(site)
  await around.close()
})

const ready = (page: Page) => page.waitForFunction(() => 'app' in globalThis)

/** Makes a key in the page and goes to the server, as the application would. */
const leave = (page: Page, issuer: string, clientId: string) =>
  page.evaluate(
    async ([server = '', id = '']) => {
      const { oauth, keep } = (globalThis as unknown as { app: App }).app
      const options = { [oauth.allowInsecureRequests]: true }
      const url = new URL(server)
      const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
      const me: OAuth.Client = { client_id: id }
      const keys = await oauth.generateKeyPair('ES256')
      await keep(keys)
      const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
      sessionStorage.setItem('attempt', JSON.stringify([verifier, state]))
      const parameters = new URLSearchParams({
        client_id: id,
        redirect_uri: `${location.origin}/callback`,
        response_type: 'code',
        scope: 'openid profile offline_access',
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        dpop_jkt: await oauth.DPoP(me, keys).calculateThumbprint(),
      })
      location.assign(`${as.authorization_endpoint ?? ''}?${parameters.toString()}`)
    },
    [issuer, clientId],
  )

/** What the page does when it is back: trades the code, asks UserInfo and renews, each with a proof by the kept key. */
const comeBack = (page: Page, issuer: string, clientId: string) =>
  page.evaluate(
    async ([server = '', id = '']) => {
      const { oauth, kept } = (globalThis as unknown as { app: App }).app
      const options = { [oauth.allowInsecureRequests]: true }
      const url = new URL(server)
      const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
      const keys = await kept()
      const [verifier = '', state = ''] = JSON.parse(sessionStorage.getItem('attempt') ?? '[]') as string[]
      sessionStorage.clear()
      const me: OAuth.Client = { client_id: id }
      const proven = { ...options, DPoP: oauth.DPoP(me, keys) }
      const callback = oauth.validateAuthResponse(as, me, new URL(location.href), state)
      const back = `${location.origin}/callback`
      const traded = await oauth.authorizationCodeGrantRequest(as, me, oauth.None(), callback, back, verifier, proven)
      const tokens = await oauth.processAuthorizationCodeResponse(as, me, traded)
      const person = await oauth.userInfoRequest(as, me, tokens.access_token, proven)
      const renewed = await oauth.refreshTokenGrantRequest(as, me, oauth.None(), tokens.refresh_token ?? '', proven)
      const next = await oauth.processRefreshTokenResponse(as, me, renewed)
      const exported: string[] = []
      for (const format of ['jwk', 'pkcs8', 'raw'] as const)
        exported.push(await crypto.subtle.exportKey(format, keys.privateKey).then(() => 'out', String))
      return {
        ...{ type: tokens.token_type, accessToken: next.access_token, refreshToken: next.refresh_token ?? '' },
        ...{ userinfo: person.status, extractable: keys.privateKey.extractable, exported },
        thumbprint: await proven.DPoP.calculateThumbprint(),
      }
    },
    [issuer, clientId],
  )

describe('applications in a real browser', () => {
  it('A-SPA-04, A-SPA-03, A-CORS-04 a page binds its tokens to a key that no script can take out', async () => {
    const { page, context } = await around.open()
    const { issuer } = around.sallyport
    await page.goto(`${around.origin}/`)
    await ready(page)
    await Promise.all([page.waitForURL(/\/login\?/), leave(page, issuer, spa)])
    await signInAndAgree(page, /\/callback\?/)
    await ready(page)
    const found = await comeBack(page, issuer, spa)
    expect(found).toMatchObject({ type: 'dpop', userinfo: 200, extractable: false })
    expect(found.exported.filter((outcome) => !/InvalidAccessError|NotSupportedError/.test(outcome))).toEqual([])
    expect(found.exported).toHaveLength(3)
    expect(decodeJwt(found.accessToken).claims['cnf']).toEqual({ jkt: found.thumbprint })

    // A script of somebody else in the page can carry off the tokens, and they are of no use anywhere else.
    const authorization = { authorization: `DPoP ${found.accessToken}` }
    const bearer = { authorization: `Bearer ${found.accessToken}` }
    for (const headers of [authorization, bearer])
      expect((await fetch(`${issuer}/oauth2/userinfo`, { headers })).status).toBe(401)
    const renewal = { grant_type: 'refresh_token', client_id: spa, refresh_token: found.refreshToken }
    const stolen = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body: new URLSearchParams(renewal) })
    expect([stolen.status, ((await stolen.json()) as { error?: string }).error]).toEqual([400, 'invalid_request'])
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    )
    expect(stored).toBe('[{},{},""]')
    await context.close()
  })

  it('A-MCP-08, A-UI-09, A-REDIR-07 a native client asks for more, and its user sees what was allowed before', async () => {
    const { page, context } = await around.open()
    const app = await listener()
    const { issuer } = around.sallyport
    const section = (id: string): Promise<string> => page.locator(`#${id}`).innerText()
    const ask = async (scope: string) => {
      const pair = pkcePair(systemRandom())
      const parameters = { response_type: 'code', client_id: native, redirect_uri: app.redirectUri, scope }
      const proof = { state: 's', code_challenge: pair.challenge, code_challenge_method: 'S256' }
      await page.goto(`${issuer}/oauth2/authorize?${new URLSearchParams({ ...parameters, ...proof }).toString()}`)
      return async (): Promise<string> => {
        const code = (await app.answer()).get('code') ?? ''
        const form = { grant_type: 'authorization_code', client_id: native, code, code_verifier: pair.verifier }
        const answer = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
        return ((await answer.json()) as { scope?: string }).scope ?? `refused with ${answer.status}`
      }
    }
    const agree = () => page.locator('button[name=decision][value=allow]').click()

    const first = await ask('openid profile')
    await signInAndAgree(page, /\/callback\?/)
    expect(await first()).toBe('openid profile')

    // Signed in already, so that the next page is about the new scope alone, and says what it comes on top of.
    const second = await ask('openid profile email')
    await page.waitForURL(/\/consent\?/)
    expect(await section('earlier')).toContain('Read your profile')
    expect(await section('earlier')).not.toContain('e-mail')
    expect(await page.locator('#warning').isVisible()).toBe(true)
    const above = await page.locator('main').innerText()
    expect(above.indexOf('Read your e-mail address')).toBeLessThan(above.indexOf('Read your profile'))
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    await agree()
    await page.waitForURL(/\/callback\?/)
    expect(await second()).toBe('openid profile email')

    // Only the new one: it is shown beside the old ones, and the token has what was asked for.
    const third = await ask('offline_access')
    await page.waitForURL(/\/consent\?/)
    const earlier = await section('earlier')
    expect(earlier).toContain('Read your profile')
    expect(earlier).toContain('Read your e-mail address')
    await agree()
    await page.waitForURL(/\/callback\?/)
    expect(await third()).toBe('offline_access')
    await context.close()
    await closed(app.server)
  })
})

/** The program of the native client: it waits on a free port of this machine. */
async function listener() {
  let told: ((parameters: URLSearchParams) => void) | undefined
  const answers: URLSearchParams[] = []
  const server = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://127.0.0.1')
    res.setHeader('content-type', 'text/plain')
    res.end('You can close this window.')
    if (pathname !== '/callback') return
    if (told === undefined) answers.push(searchParams)
    else told(searchParams)
    told = undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const answer = (): Promise<URLSearchParams> => {
    const waiting = answers.shift()
    return waiting === undefined ? new Promise((resolve) => (told = resolve)) : Promise.resolve(waiting)
  }
  return { server, answer, redirectUri: `http://127.0.0.1:${port}/callback` }
}
