import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closed, surround, type Surroundings } from '../../test/example.ts'
import { interceptAnswer, signedOut, signInAndAgree } from '../../test/person.ts'
import { watchFetch } from '../../test/watch-fetch.ts'
import { startApp } from '../src/app.ts'

let around: Surroundings
let app: Server

beforeAll(async () => {
  around = await surround()
  const { sallyport, origin, api } = around
  const redirect = ['--redirect-uri', `${origin}/callback`, '--post-logout-redirect-uri', `${origin}/`]
  const scope = ['--scope', 'openid profile offline_access orders.read']
  const { id, secret } = await sallyport.client(['--type', 'web', '--name', 'Example', ...redirect, ...scope])
  app = await startApp({ issuer: sallyport.issuer, clientId: id, clientSecret: secret, origin, api })
})

afterAll(async () => {
  await closed(app)
  await around.close()
})

describe('an application built on openid-client', () => {
  it('A-AUTHZ-15, A-BEAR-07, A-RT-02, B-LOG-01 signs a person in, calls the API, refreshes and signs out', async () => {
    const { page, context } = await around.open()
    const home = `${around.origin}/`
    await page.goto(home)
    await page.getByRole('button', { name: 'Sign in' }).click()
    const watch = watchFetch()
    await signInAndAgree(page, home)
    expect(watch.stop()).toContain('/oauth2/token')
    expect(await page.locator('#who').textContent()).toContain('Signed in as Ada')

    await page.getByRole('button', { name: 'Show my orders' }).click()
    const before = await page.locator('#orders').textContent()
    expect(before).toMatch(/^200 orders of user_/)
    await page.getByRole('button', { name: 'Refresh the tokens' }).click()
    await page.getByRole('button', { name: 'Show my orders' }).click()
    const after = await page.locator('#orders').textContent()
    expect(after).toMatch(/^200 orders of user_/)
    expect(after).not.toBe(before)

    const stored = JSON.stringify(await context.storageState())
    // Two segments of a JWT: three letters alone happen in random values.
    expect(stored).not.toMatch(/eyJ[\w-]+\.eyJ/)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signedOut(page, home)
    expect(await page.locator('#who').count()).toBe(0)
    // The session at the server is over too: signing in asks for the password again.
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(/\/login\?/)
    await context.close()
  })

  it.each([
    ['without the issuer', undefined],
    ['in another name', 'https://evil.example'],
    ['with a slash too many', 'slash'],
  ])('A-ISS-02 makes no token request for an answer %s', async (_name, change) => {
    const { page, context } = await around.open()
    await page.goto(`${around.origin}/`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    const answer = await interceptAnswer(page)
    if (change === undefined) answer.searchParams.delete('iss')
    else answer.searchParams.set('iss', change === 'slash' ? `${around.sallyport.issuer}/` : change)
    const watch = watchFetch()
    await page.goto(answer.href)
    expect(await page.locator('#problem').textContent()).toContain('It did not work')
    expect(watch.stop()).not.toContain('/oauth2/token')
    await context.close()
  })
})
