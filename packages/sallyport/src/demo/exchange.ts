import { request as sendRequest, type IncomingMessage } from 'node:http'

export type HeaderLine = readonly [name: string, value: string]

/** A request as it went over the wire. */
export type SentRequest = {
  readonly method: string
  readonly url: string
  readonly headers: readonly HeaderLine[]
  readonly body: string
}

/** An answer as it came back. */
export type ReceivedAnswer = {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly HeaderLine[]
  readonly body: string
}

/** One request and its answer; without one where only the browser saw it. */
export type Exchange = {
  readonly request: SentRequest
  readonly answer: ReceivedAnswer | undefined
}

export type RequestWish = {
  readonly method?: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as application/x-www-form-urlencoded. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as application/json. */
  readonly json?: unknown
}

/** Answers of the demo's own servers are small; more than this is not kept. */
const maxBody = 256 * 1024
const timeLimit = 10_000

const pairs = (raw: readonly string[]): HeaderLine[] =>
  Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] ?? '', raw[2 * index + 1] ?? ''])

async function readText(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= maxBody) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function sentRequest({ method = 'GET', url, headers = {}, form, json }: RequestWish): SentRequest {
  const body = json !== undefined ? JSON.stringify(json) : new URLSearchParams(form).toString()
  const lines: HeaderLine[] = [['Host', new URL(url).host], ...Object.entries(headers)]
  if (form !== undefined || json !== undefined) {
    const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json'
    lines.push(['Content-Type', type], ['Content-Length', String(Buffer.byteLength(body))])
  }
  return { method, url, headers: [...lines, ['Connection', 'close']], body }
}

/**
 * Sends a request and keeps both sides as they were on the wire: every header line is set here, none is added. Follows no
 * redirects, because the redirect is what people are to see. Rejects when nobody answers.
 */
export function exchange(wish: RequestWish): Promise<Exchange & { readonly answer: ReceivedAnswer }> {
  const sent = sentRequest(wish)
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(sent.url, { method: sent.method, headers: sent.headers.flat(), timeout: timeLimit })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${sent.url} did not answer in 10 s`)))
    outgoing.on('error', reject)
    outgoing.on('response', (message) => {
      readText(message).then((body) => {
        const answer = {
          status: message.statusCode ?? 0,
          statusText: message.statusMessage ?? '',
          headers: pairs(message.rawHeaders),
          body,
        }
        resolve({ request: sent, answer })
      }, reject)
    })
    outgoing.end(sent.body)
  })
}

/** Headers that would show what belongs to other programs on this host name, since cookies do not know ports. */
const unseen = new Set(['cookie'])

/** Stands in the place of a page that its person has seen. */
export const pageLeftOut = '(the page that you saw, left out here)'

/** A request that a browser sent to us. */
export function received(req: IncomingMessage, origin: string): Exchange {
  const headers = pairs(req.rawHeaders).map(([name, value]): HeaderLine => [
    name,
    unseen.has(name.toLowerCase()) ? '(kept out of this page)' : value,
  ])
  return {
    request: { method: req.method ?? 'GET', url: `${origin}${req.url ?? '/'}`, headers, body: '' },
    answer: undefined,
  }
}

export const answerHeader = (answer: ReceivedAnswer | undefined, name: string): string | undefined =>
  answer?.headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1]

/** The members of a JSON answer; empty when it is not a JSON object. */
export function answerJson(answer: ReceivedAnswer | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(answer?.body ?? '')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** A text member of a JSON answer. */
export function textMember(answer: ReceivedAnswer | undefined, name: string): string | undefined {
  const value = answerJson(answer)[name]
  return typeof value === 'string' ? value : undefined
}
