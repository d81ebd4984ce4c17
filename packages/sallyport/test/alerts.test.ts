import { createHmac } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { seconds } from '@sallyport/protocol'
import type { Alert } from '@sallyport/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { alertFaults } from '../src/alert-delivery.ts'
import { createAlertWebhook, type AlertWebhook } from '../src/alert-webhook.ts'
import { post } from '../src/post.ts'
import type { Post } from '../src/webhook.ts'

const secret = 's'.repeat(32)
const alert = (id: string): Alert => ({
  id,
  kind: 'code_interception',
  verdict: 'suspected_interception',
  clientId: 'client_x',
  count: 1,
  firstAt: seconds(1_800_000_000),
  lastAt: seconds(1_800_000_000),
  requestId: 'request',
  final: false,
})

type Sent = { readonly id: string; readonly headers: Readonly<Record<string, string>>; readonly body: string }

describe('the webhook of alerts', () => {
  const sent: Sent[] = []
  const outcomes: string[] = []
  let answers: (number | Error)[] = []
  let webhook: AlertWebhook

  const fakePost: Post = async (_url, headers, body) => {
    sent.push({ id: headers['sallyport-alert'] ?? '', headers, body })
    const answer = answers.shift() ?? 204
    if (answer instanceof Error) throw answer
    return answer
  }

  beforeEach(() => {
    vi.useFakeTimers()
    sent.length = outcomes.length = 0
    answers = []
    const options = { url: 'https://soc.test/hook', secret, issuer: 'https://as.test', now: () => 1_800_000_005.7 }
    webhook = createAlertWebhook({ ...options, post: fakePost, onOutcome: (outcome) => outcomes.push(outcome) })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('A-LOG-03 delivers an alert signed over time and body', async () => {
    webhook.send(alert('one'))
    await vi.advanceTimersByTimeAsync(0)
    expect(outcomes).toEqual(['delivered'])
    const { headers = {}, body = '' }: Partial<Sent> = sent[0] ?? {}
    expect(JSON.parse(body)).toMatchObject({ id: 'one', kind: 'code_interception', client_id: 'client_x', count: 1 })
    const expected = createHmac('sha256', secret).update(`1800000005.${body}`).digest('hex')
    expect(headers['sallyport-signature']).toBe(`t=1800000005,v1=${expected}`)
  })

  it('A-LOG-03 tries again with longer and longer waits, keeps the order, and gives up at last', async () => {
    answers = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 500 : new Error('refused')))
    webhook.send(alert('one'))
    webhook.send(alert('two'))
    await vi.advanceTimersByTimeAsync(1999)
    expect(sent).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(3999)
    expect(sent).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(sent.map(({ id }) => id)).toEqual([...Array.from({ length: 8 }, () => 'one'), 'two'])
    expect(outcomes).toEqual(['failed', 'delivered'])
  })

  it('A-LOG-03 holds a hundred alerts and counts what is too much', async () => {
    answers = Array.from({ length: 500 }, () => 503)
    for (let index = 0; index < 130; index++) webhook.send(alert(String(index)))
    expect(outcomes.filter((outcome) => outcome === 'dropped')).toHaveLength(30)
    await vi.advanceTimersByTimeAsync(0)
    await webhook.close()
    expect(outcomes).toHaveLength(130)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(sent.length).toBe(101)
  })
})

describe('posting', () => {
  it('A-LOG-03 sends what it is given, and follows no redirect', async () => {
    const seen: string[] = []
    const server = createHttpServer((request, response) => {
      request.on('data', (chunk: Buffer) => seen.push(`${request.url ?? ''} ${chunk.toString()}`))
      request.on('end', () => response.writeHead(307, { location: '/elsewhere' }).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(await post(new URL(`http://127.0.0.1:${port}/hook`), {}, 'a body')).toBe(307)
    expect(seen).toEqual(['/hook a body'])
    await new Promise((resolve) => server.close(resolve))
  })

  it('A-LOG-03 rejects where nobody answers', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    await expect(post(new URL(`http://127.0.0.1:${port}/`), {}, '')).rejects.toThrow()
  })
})

describe('the configuration of alerts', () => {
  it('A-LOG-03 wants https and a secret of some length', () => {
    const keys = (webhook: string | undefined, key: string | undefined) =>
      alertFaults({ alerts: { webhook, secret: key } }, (place) => place).map((fault) => fault.key)
    expect(keys(undefined, undefined)).toEqual([])
    expect(keys('https://soc.test/hook', secret)).toEqual([])
    expect(keys('http://127.0.0.1:9/hook', secret)).toEqual([])
    for (const url of [
      'http://soc.test/',
      'nothing',
      'https://a:b@soc.test/',
      'https://soc.test/#x',
      'ftp://soc.test/',
    ])
      expect(keys(url, secret)).toEqual(['alerts.webhook'])
    for (const key of [undefined, 's'.repeat(31)]) expect(keys('https://soc.test/', key)).toEqual(['alerts.secret'])
  })
})
