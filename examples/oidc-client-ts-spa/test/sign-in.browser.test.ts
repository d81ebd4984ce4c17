import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, preview, type PreviewServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { surround, type Surroundings } from '../../test/example.ts'
import { signedOut, signInAndAgree } from '../../test/person.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

let around: Surroundings
let outDir: string
let app: PreviewServer

/** Builds the application as it would be shipped, and serves the files. */
async function serve(clientId: string): Promise<PreviewServer> {
  const { sallyport, api, origin } = around
  vi.stubEnv('VITE_ISSUER', sallyport.issuer)
  vi.stubEnv('VITE_CLIENT_ID', clientId)
  vi.stubEnv('VITE_API', api)
  outDir = mkdtempSync(join(tmpdir(), 'sallyport-spa-'))
  const shared = { root, configFile: false, logLevel: 'error' } as const
  await build({ ...shared, build: { outDir, emptyOutDir: true } })
  const port = Number(new URL(origin).port)
  return preview({ ...shared, build: { outDir }, preview: { host: '127.0.0.1', port, strictPort: true } })
}

beforeAll(async () => {
  around = await surround()
  const { sallyport, origin } = around
  const redirect = ['--redirect-uri', `${origin}/callback`, '--post-logout-redirect-uri', `${origin}/`]
  const scope = ['--scope', 'openid profile offline_access orders.read']
  const { id } = await sallyport.client(['--type', 'spa', '--name', 'Example', ...redirect, ...scope])
  app = await serve(id)
})

afterAll(async () => {
  await app.close()
  await around.close()
  rmSync(outDir, { recursive: true, force: true })
})

describe('a browser-only application built on oidc-client-ts', () => {
  it('A-SPA-01, A-SPA-03, A-CORS-02, A-RT-02 signs a person in, calls the API, refreshes and signs out', async () => {
    const { page, context } = await around.open()
    const home = `${around.origin}/`
    await page.goto(home)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await signInAndAgree(page, home)
    await page.getByText('Signed in as user_').waitFor()
    expect(page.url()).toBe(home)

    const orders = page.locator('#orders')
    await page.getByRole('button', { name: 'Show my orders' }).click()
    await page.getByText('200 orders of user_').waitFor()
    const before = await orders.textContent()
    await page.getByRole('button', { name: 'Refresh the tokens' }).click()
    await expect.poll(() => orders.textContent()).toBe('')
    await page.getByText('Signed in as user_').waitFor()
    await page.getByRole('button', { name: 'Show my orders' }).click()
    await page.getByText('200 orders of user_').waitFor()
    expect(await orders.textContent()).not.toBe(before)

    // Nothing that could be used stands in any storage or script-readable cookie.
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    )
    // Two segments of a JWT: three letters alone happen in random values.
    expect(stored).not.toMatch(/eyJ[\w-]+\.eyJ/)
    expect(stored).not.toContain('refresh_token')

    await page.getByRole('button', { name: 'Sign out' }).click()
    await signedOut(page, home)
    await page.getByText('Nobody is signed in').waitFor()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(/\/login\?/)
    await context.close()
  })

  it('A-SPA-02, A-ISS-02 uses no answer that comes without the issuer, in another name, or twice named', async () => {
    const { page, context } = await around.open()
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    for (const tail of [
      '',
      '&iss=https%3A%2F%2Fevil.example',
      `&iss=${encodeURIComponent(around.sallyport.issuer)}&iss=x`,
    ]) {
      await page.goto(`${around.origin}/callback?code=abc&state=def${tail}`)
      await page.getByText('It did not work: the answer came from somebody else').waitFor()
    }
    expect(requests.filter((url) => url.includes('/oauth2/token'))).toEqual([])
    await context.close()
  })
})
