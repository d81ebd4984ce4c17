import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { seconds } from '@sallyport/protocol'
import type { PersonNotice } from '@sallyport/accounts'
import { afterEach, describe, expect, it } from 'vitest'
import { flagLayer } from '../src/config/layers.ts'
import { loadConfig, type Config } from '../src/config/load.ts'
import { createMetrics } from '../src/metrics.ts'
import { noticeDelivery, noticeFaults } from '../src/notice-delivery.ts'

const secret = 'n'.repeat(32)
const notice: PersonNotice = {
  ...{
    kind: 'request_waits',
    issuer: 'https://as.test',
    subject: 'user_1',
    username: 'alice',
    at: seconds(1_800_000_000),
  },
  ...{ clientId: 'client_1', clientName: 'Bank counter', bindingMessage: 'W4SCT', expiresAt: seconds(1_800_000_120) },
  claims: { email: 'alice@people.test', email_verified: true, locale: 'de' },
  pageUrl: 'https://as.test/account/requests',
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string }

async function receiver(): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close().closeAllConnections())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

const configured = async (webhook: string): Promise<Config> =>
  loadConfig({
    flags: flagLayer({}),
    files: [],
    profile: undefined,
    environment: { SALLYPORT_NOTICES__WEBHOOK: webhook, SALLYPORT_NOTICES__SECRET: secret },
  })

describe('notices to people', () => {
  it('B-CIBA-07, A-DEV-13 reach the webhook signed, with who is to be told and where the person decides', async () => {
    const { url, received } = await receiver()
    const metrics = createMetrics()
    const notices = noticeDelivery(await configured(url), metrics)
    await notices.send?.(notice)
    await notices.send?.({
      ...{ kind: 'device_approved', issuer: 'https://as.test', subject: 'user_1', username: 'alice', claims: {} },
      ...{ clientId: 'client_2', clientName: 'Television', at: seconds(1_800_000_000), scope: ['openid', 'read'] },
      ...{ authorizationId: 'a', deviceNetwork: '203.0.113.9', network: '192.0.2.1' },
      pageUrl: 'https://as.test/account/apps',
    })
    await expect.poll(() => received).toHaveLength(2)
    await notices.close()
    const [first, second] = received
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      ...{ kind: 'request_waits', sub: 'user_1', username: 'alice', email: 'alice@people.test', locale: 'de' },
      ...{ client_name: 'Bank counter', binding_message: 'W4SCT', expires_at: '2027-01-15T08:02:00.000Z' },
      url: 'https://as.test/account/requests',
    })
    expect(JSON.parse(second?.body ?? '')).toMatchObject({ kind: 'device_approved', device_network: '203.0.113.9' })
    expect(second?.body).not.toContain('email')
    const [, time, mark] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(first?.headers['sallyport-signature'])) ?? []
    expect(mark).toBe(createHmac('sha256', secret).update(`${time}.${first?.body}`).digest('hex'))
    expect(first?.headers['sallyport-notice']).toBe((JSON.parse(first?.body ?? '') as { id: string }).id)
  })

  it('B-CIBA-07 go nowhere without a webhook, and to none without https and a secret', async () => {
    const nowhere = await loadConfig({ flags: flagLayer({}), files: [], profile: undefined, environment: {} })
    expect(noticeDelivery(nowhere, createMetrics()).send).toBeUndefined()
    const keys = (webhook: string, key: string | undefined) =>
      noticeFaults({ notices: { webhook, secret: key } }, (place) => place).map((fault) => fault.key)
    expect(keys('https://messages.test/hook', secret)).toEqual([])
    expect(keys('http://messages.test/hook', secret)).toEqual(['notices.webhook'])
    expect(keys('https://messages.test/hook', 'short')).toEqual(['notices.secret'])
  })
})
