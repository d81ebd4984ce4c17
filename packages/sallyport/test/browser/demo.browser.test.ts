import { AxeBuilder } from '@axe-core/playwright'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../../../../scripts/browser.ts'
import { startDemo, type RunningDemo } from './running-demo.ts'

let demo: RunningDemo
let browser: Browser

beforeAll(async () => {
  ;[demo, browser] = await Promise.all([startDemo(), launchBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})

const phone = { viewport: { width: 390, height: 844 } }
const desktop = { viewport: { width: 1280, height: 900 } }

/** A page of a fresh browser that fails the test on anything the browser complains about. */
async function visit(options: BrowserContextOptions, look: (page: Page, context: BrowserContext) => Promise<void>) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  await look(page, context)
  await context.close()
  expect(complaints).toEqual([])
}

/** Signs in and agrees on the real pages. */
async function signIn(page: Page): Promise<void> {
  await page.waitForURL(/\/login\?/)
  expect(await page.getByLabel('User name').inputValue()).toBe('demo')
  await page.getByLabel('Password').fill(demo.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function runFlow(page: Page): Promise<void> {
  await page.goto(`${demo.url}/`)
  await page.getByRole('button', { name: 'Run the flow' }).click()
  await signIn(page)
  await page.waitForURL(/\/consent\?/)
  await page.locator('button[name=decision][value=allow]').click()
  await page.waitForURL(`${demo.app}/`)
}

async function isSound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)).toEqual([])
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(overflow).toBeLessThanOrEqual(0)
}

/** `name=value` of a message on the page. */
const parameterOf = (text: string, name: string): string =>
  new RegExp(`[?&\\s]${name}=([^&\\s]+)`).exec(text)?.[1] ?? ''

describe('the flow', () => {
  it('A-PKCE-06, A-BEAR-07, A-ISS-02 runs live and shows every message as it was sent', async () => {
    await visit(desktop, async (page) => {
      await runFlow(page)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Both doors opened.')
      const step = (number: number) => page.locator(`#step-${number}`)
      const [verifier = '', digest = '', challenge = ''] = await step(1).locator('.value').allTextContents()
      const { createHash } = await import('node:crypto')
      const hashed = createHash('sha256').update(verifier, 'ascii').digest()
      expect(digest.replaceAll(' ', '')).toBe(hashed.toString('hex'))
      expect(challenge).toBe(hashed.toString('base64url'))
      const [sent = '', callback = '', redeemed = ''] = await Promise.all(
        [2, 3, 4].map(async (number) => (await step(number).locator('.wire').first().textContent()) ?? ''),
      )
      expect(parameterOf(sent, 'code_challenge')).toBe(challenge)
      expect(sent).not.toContain(verifier)
      expect(callback).not.toContain(verifier)
      expect(parameterOf(redeemed, 'code')).toBe(parameterOf(callback, 'code'))
      expect(redeemed).toContain(`code_verifier=${verifier}`)
      expect(await step(6).locator('.checks .failed').count()).toBe(0)
      expect(await step(6).locator('.token dt').allTextContents()).toEqual(
        expect.arrayContaining(['iss', 'sub', 'aud', 'exp', 'iat', 'nonce', 'at_hash', 'client_id', 'jti', 'scope']),
      )
      for (const row of await step(6).locator('.token .meanings > div').all())
        expect(await row.locator('dd').count()).toBe(2)
      expect(await step(7).locator('.status').textContent()).toBe('200 OK')
      // What the browser was told, and what it said while somebody signed in; the password is not among it.
      for (const number of [2, 3])
        expect(await step(number).locator('.status').first().textContent()).toBe('303 See Other')
      const onPages = (await step(2).textContent()) ?? ''
      expect(onPages).toContain('password=••••••••')
      expect(onPages).toContain('POST /consent')
    })
  })

  it('A-REDIR-17, A-REDIR-14 leaves no code in the address, and goes to no address from outside', async () => {
    await visit(desktop, async (page) => {
      const callbacks: { status: number; policy: string | undefined }[] = []
      page.on('response', (response) => {
        if (new URL(response.url()).searchParams.has('code'))
          callbacks.push({ status: response.status(), policy: response.headers()['referrer-policy'] })
      })
      await runFlow(page)
      expect(callbacks).toEqual([{ status: 303, policy: 'no-referrer' }])
      expect(new URL(page.url()).search).toBe('')
    })
    for (const target of ['https://evil.example', '//evil.example', '/\\evil.example'])
      for (const name of ['return_to', 'next', 'redirect']) {
        const answer = await fetch(`${demo.app}/?${name}=${encodeURIComponent(target)}`, { redirect: 'manual' })
        expect(answer.headers.get('location') ?? '').not.toContain('evil')
        expect(await answer.text()).not.toContain('evil.example')
      }
  })

  it('A-AUTHZ-12 says so when the person declines', async () => {
    await visit(desktop, async (page) => {
      await page.goto(`${demo.url}/`)
      await page.getByRole('button', { name: 'Run the flow' }).click()
      await signIn(page)
      await page.locator('button[name=decision][value=deny]').click()
      await page.waitForURL(`${demo.app}/`)
      await page.getByText('You said no, so there is no code.').waitFor()
    })
  })

  it('B-LOG-01 signs out and comes back to the start page', async () => {
    await visit(desktop, async (page) => {
      await runFlow(page)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL((url) => url.href === `${demo.url}/` || url.pathname === '/oauth2/logout')
      if (page.url() !== `${demo.url}/`) await page.locator('main button').first().click()
      await page.waitForURL(`${demo.url}/`)
      await page.getByRole('button', { name: 'Run the flow' }).click()
      await page.waitForURL(/\/login\?/)
    })
  })
})

describe('the attacks', () => {
  /** Starts one attack from the start page of a browser that nobody used, and waits for its result. */
  async function attack(page: Page, id: string): Promise<string> {
    await page.goto(`${demo.url}/`)
    await page.locator(`#attack-${id} button`).click()
    await page.waitForURL((url) => url.pathname === '/login' || url.pathname === `/attacks/${id}`)
    if (page.url().includes('/login')) await signIn(page)
    await page.waitForURL(`${demo.app}/attacks/${id}`)
    expect(await page.locator('.banner .verdict').textContent()).toBe('Refused')
    expect(await page.locator('.clauses li').count()).toBeGreaterThan(0)
    return page.locator('.story').innerText()
  }

  const refused = (id: string, ...evidence: readonly (string | RegExp)[]) =>
    visit(desktop, async (page) => {
      const text = await attack(page, id)
      expect(evidence.filter((piece) => !new RegExp(piece).test(text))).toEqual([])
    })

  it('PK-01, A-PKCE-01 refuses a request without a challenge', () =>
    refused('no-challenge', '303 See Other', /error=invalid_request/, /pkce_required/, /authz\.request\.rejected/))

  it('PK-02, A-PKCE-02 refuses plain', () =>
    refused('plain-challenge', '303 See Other', /error=invalid_request/, /code_challenge_method=plain/))

  it('A-REDIR-01, A-REDIR-12 refuses a redirect URI that is off by one character, on a page that leads nowhere', () =>
    refused('redirect-uri', '400 Bad Request', /callbacK/, /authz\.redirect_uri\.mismatch/))

  it('A-PKCE-06, A-CODE-05 refuses a wrong verifier, and then the right one', () =>
    refused('wrong-verifier', /invalid_grant[^]*invalid_grant/, /token\.pkce\.failed mismatch/))

  it('CO-01, A-CODE-03 refuses a replayed code and ends the tokens of the first redemption', () =>
    refused('replayed-code', /Before:[^]*After:[^]*"active":false/, /token\.code\.replayed/))

  it('CO-04, A-CODE-06 refuses the code of another client', () =>
    refused('foreign-code', /invalid_grant/, /token\.code\.client_mismatch/))

  it('A-ISS-02 does not use an answer without iss', () => refused('missing-iss', /wrong[^]*nothing/, /The app stops/))

  it('A-ISS-02 does not use an answer in the name of another issuer', () =>
    refused('wrong-iss', /login\.attacker\.example/, /The app stops/))

  it('A-RT-03 refuses a retired refresh token and ends the family', () =>
    refused('replayed-refresh-token', /"active":false/, /token\.refresh\.reuse_detected/))

  it('TX-03 refuses an access token at another audience', () =>
    refused('foreign-audience', /401 Unauthorized/, /error="invalid_token"/, /jwt\.rejected aud/))

  it('TX-01 refuses an ID Token in place of an access token', () =>
    refused('id-token-as-access-token', /401 Unauthorized/, /jwt\.rejected typ/, /"active":false/))

  it('A-PKCE-01, A-CODE-03, A-RT-03 refuses all of them in a row', async () => {
    await visit(desktop, async (page) => {
      await runFlow(page)
      await page.getByRole('button', { name: 'Try all 11' }).click()
      await page.waitForURL(`${demo.app}/#attacks`)
      expect(await page.locator('.attacks .verdict').allTextContents()).toEqual(Array<string>(11).fill('Refused'))
      // One alone after the row leads to its own page, whether the browser travels for it or not.
      for (const id of ['wrong-verifier', 'id-token-as-access-token']) {
        await page.locator(`#attack-${id} button`).click()
        await page.waitForURL(`${demo.app}/attacks/${id}`)
        await page.goto(`${demo.app}/`)
      }
    })
  })
})

describe('the pages', () => {
  it.each([
    ['phone', phone, 'light'],
    ['phone', phone, 'dark'],
    ['desktop', desktop, 'light'],
    ['desktop', desktop, 'dark'],
  ] as const)('A-UI-02 fit a %s and are sound for assistive technology (%#)', async (_name, size, colorScheme) => {
    await visit({ ...size, colorScheme }, async (page) => {
      await page.goto(`${demo.url}/`)
      await isSound(page)
      await runFlow(page)
      await isSound(page)
      await page.locator('#attack-replayed-code button').click()
      await page.waitForURL(`${demo.app}/attacks/replayed-code`)
      await isSound(page)
      await page.locator('#attack-wrong-iss button, #attack-foreign-code button').first().click()
      await page.waitForURL(/\/attacks\/foreign-code/)
    })
  })

  it('A-UI-02, A-PKCE-06 work without JavaScript, and their results can be read', async () => {
    await visit({ ...phone, javaScriptEnabled: false }, async (page) => {
      await runFlow(page)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Both doors opened.')
      expect(await page.locator('#events li').count()).toBeGreaterThan(0)
      await page.locator('#attack-all button').click()
      await page.waitForURL(`${demo.app}/#attacks`)
      expect(await page.locator('.attacks .verdict').allTextContents()).toEqual(Array<string>(11).fill('Refused'))
    })
  })

  it('A-UI-02, A-PKCE-06 work by keyboard alone', async () => {
    await visit(desktop, async (page) => {
      const reach = async (name: string): Promise<void> => {
        for (let presses = 0; presses < 60; presses++) {
          await page.keyboard.press('Tab')
          if ((await page.evaluate(() => document.activeElement?.textContent?.trim())) === name) return
        }
        throw new Error(`the keyboard does not reach ${name}`)
      }
      await page.goto(`${demo.url}/`)
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
      await reach('Run the flow')
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/login\?/)
      await page.getByLabel('Password').focus()
      await page.keyboard.type(demo.password)
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/consent\?/)
      await reach('Allow')
      await page.keyboard.press('Enter')
      await page.waitForURL(`${demo.app}/`)
      await reach('What each parameter is for')
      await page.keyboard.press('Enter')
      expect(await page.locator('#step-2 .exchange > details').nth(1).getAttribute('open')).not.toBeNull()
    })
  })

  it('A-LOG-01 show security events as they happen', async () => {
    await visit(desktop, async (page) => {
      await page.goto(`${demo.app}/`)
      const appeared = async (): Promise<number> => {
        await fetch(`${demo.api}/orders`, { headers: { authorization: 'Bearer nonsense' } })
        return page.locator('#events li.new').count()
      }
      await expect.poll(appeared, { interval: 100, timeout: 5000 }).toBeGreaterThan(0)
      expect(await page.locator('#events li.new').first().textContent()).toContain('jwt.rejected')
    })
  })

  it('HH-01 show the password under the name of the issuer alone', async () => {
    const text = (response: Response) => response.text()
    const port = new URL(demo.url).port
    expect(await text(await fetch(`${demo.url}/`))).toContain(demo.password)
    const other = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' })
    expect(other.status).toBe(303)
    expect(await text(other)).not.toContain(demo.password)
    const elsewhere = await fetch(`http://127.0.0.1:${new URL(demo.app).port}/`, { redirect: 'manual' })
    expect(elsewhere.status).toBe(303)
    expect(await text(elsewhere)).not.toContain(demo.password)
  })

  it('CS-01 start nothing for a form of another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    const response = await fetch(`${demo.app}/run`, { method: 'POST', headers, redirect: 'manual' })
    expect(response.status).toBe(403)
  })
})

it('AR-01 keep the plain password in a file for its owner alone, and nothing of it in the store', () => {
  const file = join(demo.folder, 'demo.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { password, clients } = JSON.parse(readFileSync(file, 'utf8')) as {
    password: string
    clients: Record<string, { secret?: string }>
  }
  const store = ['store.db', 'store.db-wal'].map((name) => readFileSync(join(demo.folder, name), 'latin1')).join('')
  expect(store).not.toContain(password)
  for (const { secret } of Object.values(clients)) if (secret !== undefined) expect(store).not.toContain(secret)
})
