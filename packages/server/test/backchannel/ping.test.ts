import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { backchannelGrant } from '@sallyport/server/model'
import { afterEach, describe, expect, it } from 'vitest'
import { eventsOf, expectRefusal, expectTokens } from '../fixtures.ts'
import { bankIssuer, counter, type Bank } from './fixtures.ts'

type Received = { readonly headers: IncomingHttpHeaders; readonly method: string | undefined; readonly body: string }

const listening: Server[] = []
afterEach(() => {
  for (const server of listening.splice(0)) server.close().closeAllConnections()
})

type Receiver = { readonly url: string; readonly received: Received[] }

/** A client's notification endpoint; answers with each status in turn, and with the last one from then on. */
async function receiver(...statuses: readonly number[]): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (body += part))
    request.on('end', () => {
      const status = statuses[Math.min(received.length, statuses.length - 1)] ?? 204
      received.push({ headers: request.headers, method: request.method, body })
      const location = { location: 'http://127.0.0.1:9/elsewhere' }
      response.writeHead(status, status === 301 ? location : {}).end(status === 204 ? undefined : 'thank you')
    })
  })
  listening.push(server)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping`, received }
}

const token = 'notification-token-of-128-bits'

const pinged = (url: string): Promise<Bank> =>
  bankIssuer(
    { issuer: 'http://127.0.0.1:7636', outbound: { loopback: true } },
    { backchannelNotificationEndpoint: url },
  )

const outcomes = ({ issuer }: Bank): readonly (string | undefined)[] =>
  issuer.records.measures.filter(({ name }) => name === 'backchannel_pings').map(({ labels }) => labels['outcome'])

async function decide(bank: Bank, decision: 'allow' | 'deny' = 'allow') {
  const begun = await bank.issuer.beginRequest(bank.client, { client_notification_token: token })
  await bank.issuer.answerRequest({ decision })
  return begun
}

describe('ping mode', () => {
  it.each([204, 200])('B-CIBA-06 tells the client with its own token that there is an answer (%i)', async (status) => {
    const { url, received } = await receiver(status)
    const bank = await pinged(url)
    const begun = await decide(bank)
    await expect.poll(() => outcomes(bank)).toEqual(['delivered'])
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ auth_req_id: begun.authReqId }),
    })
    expectTokens(await bank.issuer.pollRequest(begun))
  })

  it('B-CIBA-06 tells it of a refusal as well, and not which it was', async () => {
    const { url, received } = await receiver(204)
    const bank = await pinged(url)
    const begun = await decide(bank, 'deny')
    await expect.poll(() => received.map(({ body }) => body)).toEqual([`{"auth_req_id":"${begun.authReqId}"}`])
    expectRefusal(await bank.issuer.pollRequest(begun), 'access_denied')
  })

  it.each([301, 401, 403, 400])(
    'B-CIBA-06 neither follows nor repeats after %i, and the flow goes on',
    async (status) => {
      const { url, received } = await receiver(status, 204)
      const bank = await pinged(url)
      const begun = await decide(bank)
      await expect.poll(() => outcomes(bank)).toEqual(['failed'])
      expect(received).toHaveLength(1)
      expectTokens(await bank.issuer.pollRequest(begun))
    },
  )

  it('B-CIBA-06 tries again where the client was not itself, and says where it was not reached', async () => {
    const { url, received } = await receiver(500, 204)
    const bank = await pinged(url)
    await decide(bank)
    await expect.poll(() => outcomes(bank), { timeout: 10_000 }).toEqual(['delivered'])
    expect(received).toHaveLength(2)
    const silent = await receiver(204)
    for (const server of listening) server.close().closeAllConnections()
    const gone = await pinged(silent.url)
    await decide(gone)
    await expect.poll(() => eventsOf(gone.issuer, 'fetch.failed')[0]?.detail['purpose']).toBe('ping')
  })

  it('B-CIBA-06 needs a token that others cannot guess and a header can carry', async () => {
    const bank = await pinged('http://127.0.0.1:9/ping')
    for (const client_notification_token of [undefined, 'short', 'x'.repeat(1025), `${token} two`, `${token}"`])
      expectRefusal(await bank.issuer.askPerson(bank.client, { client_notification_token }), 'invalid_request')
    const polling = await bank.issuer.addClient(counter)
    expect((await bank.issuer.askPerson(polling)).status).toBe(200)
  })

  it('B-CIBA-06 is kept so that the store alone can tell nobody', async () => {
    const { url } = await receiver(204)
    const bank = await pinged(url)
    const begun = await bank.issuer.beginRequest(bank.client, { client_notification_token: token })
    const [view] = await bank.issuer.store.devices.listWaiting(bank.issuer.alice.subject, bank.issuer.clock.now())
    const kept = JSON.stringify(view)
    expect(kept).not.toContain(token)
    expect(kept).not.toContain(begun.authReqId)
  })

  it('B-CIBA-06 is for https addresses of clients that use the grant', async () => {
    const add = (backchannelNotificationEndpoint: string, grants = counter.grantTypes) =>
      bankIssuer({}, { backchannelNotificationEndpoint, grantTypes: grants })
    await expect(add('http://bank.test/ping')).rejects.toThrow(/must be an https URL/)
    await expect(add('http://127.0.0.1:8000/ping')).rejects.toThrow(/must be an https URL/)
    await expect(add('https://user@bank.test/ping')).rejects.toThrow(/user information/)
    const plain = counter.grantTypes?.filter((grant) => grant !== backchannelGrant)
    await expect(add('https://bank.test/ping', plain)).rejects.toThrow(/is for clients with the grant/)
    expect((await add('https://bank.test/ping')).client.record.backchannelNotificationEndpoint).toBe(
      'https://bank.test/ping',
    )
  })
})
