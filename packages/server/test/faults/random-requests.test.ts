import type { HttpRequest, HttpResponse } from '@sallyport/server'
import { createTestIssuer } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { realPeople } from '../real-pages.ts'
import { createDice } from './dice.ts'
import { gather, unsent } from './material.ts'
import { makeRequest } from './request-grammar.ts'

const requests = 100_000
const perRound = 1000
const slowest = 200

const seed = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? 20_270_115)

const textOf = (body: HttpResponse['body']): string =>
  typeof body === 'string' ? body : Buffer.from(body).toString('utf8')

const leak = /\n\s+at |node:internal|\.ts:\d|[A-Z]\w*Error: |\[object |undefined<|\/packages\//

const ownAddress =
  /^(?:https:\/\/as\.test\/|\/(?:login|consent|account-choice)\?interaction=[\w-]{43}$|https:\/\/(?:app|web|post|evil)\.test\/(?:cb|bye)(?:\?|$)|http:\/\/127\.0\.0\.1(?::\d+)?\/cb\?|com\.example\.app:\/cb\?)/

/** What is wrong with an answer, whatever the request was. */
function faultOf({ status, headers, body }: HttpResponse, method: string): string | undefined {
  if (!Number.isInteger(status) || status < 200 || status >= 500) return `status ${status}`
  for (const [name, value] of Object.entries(headers))
    for (const one of typeof value === 'string' ? [value] : value)
      if (/[\r\n\u0000]/.test(one) || !/^[a-z-]+$/.test(name)) return `header ${name}: ${one}`
  const location = headers['location']
  if (location !== undefined && (status !== 303 || !ownAddress.test(String(location))))
    return `${status} to ${String(location)}`
  const text = textOf(body)
  if (leak.test(text)) return `tells ${text.slice(0, 300)}`
  const bodyless = status === 304 || method === 'HEAD'
  if (headers['content-type'] === 'application/json' && !(bodyless && text === '')) JSON.parse(text)
  return headers['x-request-id'] === undefined ? 'no request id' : undefined
}

const describeRequest = (request: HttpRequest): string =>
  JSON.stringify({
    ...request,
    body: request.body === undefined ? undefined : Buffer.from(request.body).toString('latin1'),
  }).slice(0, 3000)

it(
  'IN-12 100 000 random and damaged requests: no 5xx, nothing told, nothing slower than 200 ms',
  { timeout: 300_000 },
  async () => {
    const issuer = await createTestIssuer({ seed: String(seed), algorithms: ['ES256', 'RS256'], people: realPeople() })
    const dice = createDice(seed)
    const answered = new Map<number, number>()

    const timed = async (request: HttpRequest): Promise<number> => {
      const from = performance.now()
      const response = await issuer.server.handle(request)
      const took = performance.now() - from
      const fault = faultOf(response, request.method)
      if (fault !== undefined) throw new Error(`${fault}\nfor ${describeRequest(request)}`)
      answered.set(response.status, (answered.get(response.status) ?? 0) + 1)
      return took
    }

    for (let done = 0; done < requests; done += perRound) {
      const material = await gather(issuer)
      const sent = [...issuer.records.exchanges.map(({ request }) => request), ...(await unsent(issuer))]
      for (let index = 0; index < perRound; index++) {
        const request = makeRequest(dice, material, sent)
        // A pause of the machine is not a slow request: only what is slow again counts.
        if ((await timed(request)) > slowest && (await timed(request)) > slowest && (await timed(request)) > slowest)
          throw new Error(`slow: ${describeRequest(request)}`)
      }
      expect(issuer.records.faults).toEqual([])
      issuer.forget()
      issuer.clock.advance(120)
      await issuer.server.maintain()
    }
    // The grammar reaches both sides of every door, not only the first check.
    for (const status of [200, 303, 400, 401, 403, 404, 405]) expect(answered.get(status) ?? 0).toBeGreaterThan(100)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  },
)
