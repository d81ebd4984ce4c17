import type { HttpResponse } from '@sallyport/server/model'

/** An answer of the server, easy to look at. */
export type Answer = {
  readonly status: number
  readonly headers: HttpResponse['headers']
  /** The body as text. */
  readonly text: string
  /** The body as a JSON object. Throws when it is none. */
  readonly json: Readonly<Record<string, unknown>>
  readonly location: string | undefined
  /** Values of `Set-Cookie`, in order. */
  readonly cookies: readonly string[]
  /** Parameters in the query of `location`; empty without one. */
  readonly parameters: URLSearchParams
}

/** One header of an answer as text; repeated ones are joined with a line break. */
export function headerOf(answer: Pick<Answer, 'headers'>, name: string): string | undefined {
  const value = answer.headers[name]
  return value === undefined || typeof value === 'string' ? value : value.join('\n')
}

export function answerOf({ status, headers, body }: HttpResponse): Answer {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8')
  const location = headerOf({ headers }, 'location')
  const cookies = headers['set-cookie'] ?? []
  return {
    status,
    headers,
    text,
    get json() {
      const value: unknown = JSON.parse(text)
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not a JSON object')
      return value as Record<string, unknown>
    },
    location,
    cookies: typeof cookies === 'string' ? [cookies] : cookies,
    parameters: new URLSearchParams(location?.includes('?') === true ? location.slice(location.indexOf('?') + 1) : ''),
  }
}
