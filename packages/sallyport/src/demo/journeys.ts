import { STATUS_CODES } from 'node:http'
import type { HttpRequest, HttpResponse } from '@sallyport/server'
import { pageLeftOut, type Exchange, type HeaderLine } from './exchange.ts'

/** What browsers said to the issuer between leaving an app and coming back, and what they were answered. */
export type Journeys = {
  add(request: HttpRequest, response: HttpResponse): void
  /** The messages of the attempt with this `state` parameter, in order; once. */
  take(state: string): readonly Exchange[]
}

const maxJourneys = 50
const maxMessages = 20
const maxBody = 4096
const places = new Set(['/oauth2/authorize', '/oauth2/resume', '/login', '/login/code', '/consent', '/account-choice'])

/** Cookies belong to the browser alone; names do not know ports, so there are some of other programs as well. */
const unseen = new Set(['cookie', 'set-cookie'])
const dots = '••••••••'

const lines = (headers: Readonly<Record<string, string | readonly string[] | undefined>>): readonly HeaderLine[] =>
  Object.entries(headers).flatMap(([name, value]): readonly HeaderLine[] => {
    if (value === undefined) return []
    const values = typeof value === 'string' ? [value] : value
    return values.map((one) => [name, unseen.has(name) ? '(kept out of this page)' : one] as const)
  })

/** A form as it was sent, but for the password and the code: dots, of a number that says nothing. */
function bodyOf({ body }: HttpRequest): string {
  if (body === undefined || body.length > maxBody) return ''
  return Buffer.from(body)
    .toString('utf8')
    .replaceAll(/(^|&)(password|code)=[^&]*/gi, `$1$2=${dots}`)
}

const pageOf = (body: HttpResponse['body']): string => (body.length === 0 ? '' : pageLeftOut)

function exchangeOf(origin: string, request: HttpRequest, { status, headers, body }: HttpResponse): Exchange {
  const query = request.query === '' ? '' : `?${request.query}`
  return {
    request: {
      method: request.method,
      url: `${origin}${request.path}${query}`,
      headers: lines(request.headers),
      body: bodyOf(request),
    },
    answer: { status, statusText: STATUS_CODES[status] ?? '', headers: lines(headers), body: pageOf(body) },
  }
}

const parameter = (text: string, name: string): string | undefined => new URLSearchParams(text).get(name) ?? undefined

/** Kept in memory, bounded in number: the oldest journey goes when there are too many. */
export function createJourneys(issuer: string): Journeys {
  const { origin, pathname } = new URL(issuer)
  const base = pathname.replace(/\/$/, '')
  const journeys = new Map<string, Exchange[]>()
  /** The `state` of the attempt that an interaction belongs to. */
  const states = new Map<string, string>()
  const bounded = <Value>(map: Map<string, Value>): void => {
    const [oldest] = map.keys()
    if (map.size > maxJourneys && oldest !== undefined) map.delete(oldest)
  }
  const begin = (request: HttpRequest, response: HttpResponse): string | undefined => {
    const state = parameter(request.query, 'state')
    if (state === undefined) return undefined
    const handle = parameter(String(response.headers['location'] ?? '').split('?')[1] ?? '', 'interaction')
    if (handle !== undefined) states.set(handle, state)
    bounded(states)
    journeys.set(state, [])
    bounded(journeys)
    return state
  }
  return {
    add: (request, response) => {
      const place = request.path.slice(base.length)
      if (!places.has(place) || !request.path.startsWith(base)) return
      const handle = parameter(request.query, 'interaction') ?? parameter(bodyOf(request), 'interaction')
      const state = place === '/oauth2/authorize' ? begin(request, response) : states.get(handle ?? '')
      const messages = journeys.get(state ?? '')
      if (messages !== undefined && messages.length < maxMessages) messages.push(exchangeOf(origin, request, response))
    },
    take: (state) => {
      const found = journeys.get(state) ?? []
      journeys.delete(state)
      return found
    },
  }
}
