import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestAuthority } from '@sallyport/testing'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApache, type RunningApache } from '../../../../scripts/apache.ts'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { createScratch, freePort, installationIn } from '../cli.ts'
import { startDaemon, type RunningDaemon } from '../running-daemon.ts'

const scratch = createScratch()
/** Where the workers of Apache get to, who are nobody: not below a folder of whoever runs the tests. */
const open = mkdtempSync('/tmp/sallyport-apache-')
const file = (name: string): string => join(open, name)
const authority = createTestAuthority('Test authority')
const password = 'correct horse battery staple 7636'
const started: { daemon?: RunningDaemon; apache?: RunningApache; browser?: Browser } = {}
let issuer: string
let site: string

/** A site whose pages nobody sees without signing in; Apache asks the issuer, checks its answers and tells who it is. */
const protectedSite = (client: Record<string, unknown>): readonly string[] => [
  `DocumentRoot "${file('site')}"`,
  `<Directory "${file('site')}">`,
  '  AuthType openid-connect',
  '  Require valid-user',
  '  Header always set X-Person "expr=%{reqenv:OIDC_CLAIM_name}"',
  '</Directory>',
  `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration`,
  `OIDCCABundlePath "${file('ca.pem')}"`,
  `OIDCClientID ${String(client['client_id'])}`,
  `OIDCClientSecret ${String(client['client_secret'])}`,
  `OIDCRedirectURI ${site}/callback`,
  `OIDCCryptoPassphrase ${randomBytes(24).toString('hex')}`,
  'OIDCScope "openid profile"',
  'OIDCPKCEMethod S256',
  'OIDCPassClaimsAs environment',
]

beforeAll(async () => {
  const [port, sitePort] = [await freePort(), await freePort()]
  issuer = `https://localhost:${port}`
  site = `https://localhost:${sitePort}`
  const { certificate, key } = authority.issue('localhost', { usage: 'server', names: [{ dns: 'localhost' }] })
  writeFileSync(scratch.path('tls.pem'), certificate)
  writeFileSync(scratch.path('tls.key'), key)
  chmodSync(open, 0o755)
  writeFileSync(file('ca.pem'), authority.certificate)
  mkdirSync(file('site'))
  writeFileSync(file('site/index.html'), '<!doctype html><title>Inside</title><h1>Inside</h1>')
  const place = installationIn(scratch.folder)
  await place.json(['migrate', '--issuer', issuer])
  const person = ['user', 'create', '--username', 'ada', '--password-stdin', '--name', 'Ada']
  await place.json(person, { input: password })
  const client = await place.json([
    ...['client', 'create', '--type', 'web', '--name', 'Apache', '--scope', 'openid profile'],
    ...['--redirect-uri', `${site}/callback`, '--post-logout-redirect-uri', `${site}/bye.html`],
  ])
  const env = { SALLYPORT_TLS__CERT: scratch.path('tls.pem'), SALLYPORT_TLS__KEY: scratch.path('tls.key') }
  started.daemon = await startDaemon(place, ['--port', String(port)], { env })
  const lines = protectedSite(client)
  started.apache = await startApache({ folder: open, port: sitePort, certificate, key, lines })
  started.browser = await launchBrowser()
}, 180_000)
afterAll(async () => {
  await started.browser?.close()
  await started.apache?.stop()
  await started.daemon?.stop()
  scratch.remove()
  rmSync(open, { recursive: true, force: true })
})

const visitor = async (): Promise<BrowserContext> => {
  if (started.browser === undefined) throw new Error('no browser')
  return started.browser.newContext({ ignoreHTTPSErrors: true })
}

describe('mod_auth_openidc of Debian', () => {
  it('B-OIDC-39, B-OIDC-40, B-IDT-01, B-UI-01, A-PKCE-01 signs a person in over TLS on both sides, with PKCE, and signs out', async () => {
    const context = await visitor()
    const page = await context.newPage()
    await page.goto(`${site}/index.html`)
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(/\/consent\?/)
    await page.locator('button[name=decision][value=allow]').click()
    await page.waitForURL(`${site}/index.html`)
    expect(await page.getByRole('heading').textContent()).toBe('Inside')
    const again = await page.reload()
    expect(again?.headers()['x-person']).toBe('Ada')
    const leaving = encodeURIComponent(`${site}/bye.html`)
    await page.goto(`${site}/callback?logout=${leaving}`)
    await page.waitForURL(
      (url) => url.pathname === '/bye.html' || url.pathname === '/login' || url.pathname === '/oauth2/logout',
    )
    // The session at the site is gone: its next page begins at the issuer.
    const next = await context.request.get(`${site}/index.html`, { maxRedirects: 0 })
    expect(next.status()).toBe(302)
    expect(next.headers()['location']).toContain(`${issuer}/oauth2/authorize?`)
    expect(next.headers()['location']).toContain('code_challenge_method=S256')
    await context.close()
  })

  it('B-OIDC-42, CS-10 lets nobody in who declines', async () => {
    const context = await visitor()
    const page = await context.newPage()
    await page.goto(`${site}/index.html`)
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(/\/consent\?/)
    // What was agreed before is not remembered for somebody who signs in at another browser and says no.
    await page.locator('button[name=decision][value=deny]').click()
    await page.waitForURL(new RegExp(`^${site}/callback`))
    expect(await page.content()).not.toContain('Inside')
    await context.close()
  })
})
