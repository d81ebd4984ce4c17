import type { Page } from 'playwright-core'
import { password, username } from './sallyport.ts'

async function signIn(page: Page): Promise<void> {
  await page.waitForURL(/\/login\?/)
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/consent\?/)
}

/** Signs in and agrees on the real pages, as a person does, and waits for the application to come back. */
export async function signInAndAgree(page: Page, home: string | RegExp): Promise<void> {
  await signIn(page)
  await page.locator('button[name=decision][value=allow]').click()
  await page.waitForURL(home)
}

/** Signs in and agrees, and catches the answer on its way to the application. */
export async function interceptAnswer(page: Page): Promise<URL> {
  await signIn(page)
  const fields = await page.$$eval('form input[type=hidden]', (inputs) =>
    inputs.map((input) => [(input as HTMLInputElement).name, (input as HTMLInputElement).value]),
  )
  const { origin, pathname } = new URL(page.url())
  const form = { ...(Object.fromEntries(fields) as Record<string, string>), decision: 'allow' }
  const { request } = page.context()
  const posted = await request.post(`${origin}${pathname}`, { form, headers: { origin }, maxRedirects: 0 })
  const resumed = await request.get(posted.headers()['location'] ?? '', { maxRedirects: 0 })
  return new URL(resumed.headers()['location'] ?? '')
}

/** Agrees to be signed out, where the server asks. */
export async function signedOut(page: Page, home: string): Promise<void> {
  await page.waitForURL((url) => url.href === home || url.pathname === '/oauth2/logout')
  if (page.url() === home) return
  await page.locator('main button').first().click()
  await page.waitForURL(home)
}
