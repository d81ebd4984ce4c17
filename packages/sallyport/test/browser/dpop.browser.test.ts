import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClientKey, dpopProof, type ClientKey, type ProofChanges } from '@sallyport/testing'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { desktop, heading, isSound, phone, useDemo } from './demo-in-browser.ts'

const stage = useDemo()
const { visit } = stage

/** From the landing page to the token that was bound and used. */
async function fetchToken(page: Page): Promise<void> {
  await page.goto(`${stage.demo.url}/`)
  await page.getByRole('button', { name: 'Fetch a bound token' }).click()
  await page.waitForURL(`${stage.demo.app}/dpop`)
}

describe('the bound token of the demo', () => {
  it('B-DPOP-16, B-DPOP-17, B-DPOP-27 is got with a proof and used with another, and every message is shown', async () => {
    await visit(desktop, async (page) => {
      await fetchToken(page)
      expect(await heading(page)).toBe('The token and its key were in.')
      const [keys = '', token = '', call = ''] = await page.locator('.step').allInnerTexts()
      const thumbprint = /is ([\w-]{43})\./.exec(keys)?.[1] ?? ''
      expect(thumbprint).toHaveLength(43)
      expect(token).toMatch(/DPoP: ey[^]*"token_type":"DPoP"[^]*DPoP proof[^]*htm[^]*POST[^]*Access token/)
      expect(token).toContain(`{"jkt":"${thumbprint}"}`)
      expect(call).toMatch(/Authorization: DPoP ey[^]*200 OK[^]*A proof of possession, and no token[^]*ath/)
    })
  })

  it.each([
    ['token-without-key', /Bearer ey[^]*error="invalid_token"[^]*error="invalid_dpop_proof"/, /jwt\.rejected cnf/],
    ['proof-by-another-key', /The access token is bound to another key/, /dpop\.proof\.rejected jkt mismatch/],
    ['replayed-proof', /200 OK[^]*used before/, /dpop\.proof\.replayed[^]*high/],
    ['changed-address', /made for another address[^]*not signed by its key/, /dpop\.proof\.rejected htu/],
    ['token-without-binding', /400 Bad Request[^]*invalid_request/, /token\.request\.rejected proof missing/],
  ])('B-DPOP-35, DP-01, DP-04, DP-12 refuses the attack %s', async (id, ...evidence) => {
    await visit(desktop, async (page) => {
      await page.goto(`${stage.demo.app}/dpop`)
      await page.locator(`#dpop-attack-${id} button`).click()
      await page.waitForURL(`${stage.demo.app}/dpop/attacks/${id}`)
      expect(await page.locator('.banner .verdict').textContent()).toBe('Refused')
      const told = await page.locator('.story').innerText()
      expect(evidence.filter((one) => !one.test(told))).toEqual([])
      await page.getByRole('link', { name: 'All of them' }).click()
      await page.waitForURL(/#attacks$/)
      expect(await page.locator('.attacks .verdict').allTextContents()).toEqual(['Refused'])
    })
  })

  it('A-UI-02 can be used with the keyboard alone', async () => {
    await visit(desktop, async (page) => {
      await page.goto(`${stage.demo.app}/dpop`)
      const isFocused = (id: string) =>
        page.evaluate((wanted) => document.activeElement?.closest(`#${wanted}`) !== null, id)
      const tabTo = async (id: string): Promise<void> => {
        for (let presses = 0; presses < 60 && !(await isFocused(id)); presses++) await page.keyboard.press('Tab')
        expect(await isFocused(id)).toBe(true)
      }
      await tabTo('dpop-run')
      await page.keyboard.press('Enter')
      await expect.poll(() => heading(page), { timeout: 15_000 }).toBe('The token and its key were in.')
      await tabTo('dpop-attack-replayed-proof')
      await page.keyboard.press('Enter')
      await page.waitForURL(`${stage.demo.app}/dpop/attacks/replayed-proof`)
    })
  })

  it.each([
    ['phone', phone, 'light'],
    ['desktop', desktop, 'dark'],
  ] as const)('A-UI-02 fits a %s and is sound for assistive technology', async (_name, size, colorScheme) => {
    await visit({ ...size, colorScheme }, async (page) => {
      await page.goto(`${stage.demo.app}/dpop`)
      await isSound(page)
      await fetchToken(page)
      await isSound(page)
      await page.locator('#dpop-attack-changed-address button').click()
      await page.waitForURL(`${stage.demo.app}/dpop/attacks/changed-address`)
      await isSound(page)
    })
  })

  it('A-UI-02 works without JavaScript', async () => {
    await visit({ ...phone, javaScriptEnabled: false }, async (page) => {
      await fetchToken(page)
      expect(await heading(page)).toBe('The token and its key were in.')
      await page.locator('#dpop-attack-token-without-key button').click()
      expect(await page.locator('.banner .verdict').textContent()).toBe('Refused')
    })
  })

  it('CS-01 starts nothing for a form of another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const path of ['/dpop/run', '/dpop/attack'])
      expect((await fetch(`${stage.demo.app}${path}`, { method: 'POST', headers, redirect: 'manual' })).status).toBe(
        403,
      )
    expect((await fetch(`${stage.demo.app}/dpop/attacks/nothing`, { redirect: 'manual' })).status).toBe(303)
  })
})

describe('the API of the demo', () => {
  const now = () => Date.now() / 1000
  const key: ClientKey = createClientKey('ES256')

  /** A token of the API that is bound to the key. */
  async function boundToken(): Promise<string> {
    const record = JSON.parse(readFileSync(join(stage.demo.folder, 'demo.json'), 'utf8')) as {
      clients: { watch: { id: string; secret: string } }
    }
    const { id, secret } = record.clients.watch
    const uri = `${stage.demo.url}/oauth2/token`
    const answer = await fetch(uri, {
      method: 'POST',
      headers: { dpop: dpopProof(key, { uri, now: now() }), authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders.read', resource: stage.demo.api }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  it('B-DPOP-35, B-DPOP-26 refuses every wrong proof for its own reason, then takes a good one', async () => {
    const token = await boundToken()
    const uri = `${stage.demo.api}/orders`
    const call = async (proof: string | undefined, scheme = 'DPoP'): Promise<readonly [number, string]> => {
      const headers = { authorization: `${scheme} ${token}`, ...(proof === undefined ? {} : { dpop: proof }) }
      const answer = await fetch(uri, { headers })
      expect(answer.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
      const said =
        answer.status === 200 ? '' : ((await answer.json()) as { error_description: string }).error_description
      return [answer.status, said]
    }
    const proof = (changes: ProofChanges = {}, by = key) =>
      dpopProof(by, { method: 'GET', uri, now: now(), accessToken: token }, changes)
    const table: readonly (readonly [string, ProofChanges])[] = [
      ['type', { header: { typ: 'JWT' } }],
      ['algorithm', { header: { alg: 'HS256' } }],
      ['key', { header: { jwk: undefined } }],
      ['not signed', { header: { jwk: createClientKey('ES256').jwk } }],
      ['jti', { claims: { jti: undefined } }],
      ['method', { claims: { htm: 'POST' } }],
      ['address', { claims: { htu: `${stage.demo.app}/orders` } }],
      ['too old', { claims: { iat: Math.floor(now()) - 3600 } }],
      ['from the future', { claims: { iat: Math.floor(now()) + 3600 } }],
      ['another access token', { claims: { ath: 'A'.repeat(43) } }],
    ]
    for (const [words, changes] of table) {
      const [status, said] = await call(proof(changes))
      expect([status, said]).toEqual([401, expect.stringContaining(words) as string])
    }
    expect(await call(undefined)).toEqual([401, expect.stringContaining('needs one DPoP proof') as string])
    expect(await call(proof({}, createClientKey('ES256')))).toEqual([
      401,
      expect.stringContaining('another key') as string,
    ])
    expect((await call(proof(), 'Bearer'))[0]).toBe(401)
    const good = proof()
    expect(await call(good)).toEqual([200, ''])
    expect(await call(good)).toEqual([401, expect.stringContaining('used before') as string])
    const preflight = await fetch(uri, { method: 'OPTIONS' })
    expect(preflight.headers.get('access-control-allow-headers')).toContain('DPoP')
  })
})
