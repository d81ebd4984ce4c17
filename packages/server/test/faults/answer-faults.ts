import type { HttpRequest, HttpResponse } from '@sallyport/server'

const textOf = (body: HttpResponse['body']): string =>
  typeof body === 'string' ? body : Buffer.from(body).toString('utf8')

const leak = /\n\s+at |node:internal|\.ts:\d|[A-Z]\w*Error: |\[object |undefined<|\/packages\//

const ownAddress =
  /^(?:https:\/\/as\.test\/|\/(?:login|consent|account-choice)\?interaction=[\w-]{43}$|\/(?:device|account\/apps)(?:\?[\w=]+)?$|https:\/\/(?:app|web|post|evil)\.test\/(?:cb|bye)(?:\?|$)|http:\/\/127\.0\.0\.1(?::\d+)?\/cb\?|com\.example\.app:\/cb\?|https:\/\/tool\.example\/cb\?)/

/** Documentation is written text: it may show what no answer may tell. */
const isDocumentation = (path: string): boolean => path.startsWith('/docs')

/** What is wrong with an answer, whatever the request was. */
export function faultOf({ status, headers, body }: HttpResponse, { method, path }: HttpRequest): string | undefined {
  if (!Number.isInteger(status) || status < 200 || status >= 500) return `status ${status}`
  for (const [name, value] of Object.entries(headers))
    for (const one of typeof value === 'string' ? [value] : value)
      if (/[\r\n\u0000]/.test(one) || !/^[a-z-]+$/.test(name)) return `header ${name}: ${one}`
  const location = headers['location']
  if (location !== undefined && (status !== 303 || !ownAddress.test(String(location))))
    return `${status} to ${String(location)}`
  const text = textOf(body)
  if (!isDocumentation(path) && leak.test(text)) return `tells ${text.slice(0, 300)}`
  const bodyless = status === 304 || status === 204 || method === 'HEAD'
  if (headers['content-type'] === 'application/json' && !(bodyless && text === '')) JSON.parse(text)
  return headers['x-request-id'] === undefined ? 'no request id' : undefined
}

/** A request as a failure shows it. */
export const describeRequest = (request: HttpRequest): string =>
  JSON.stringify({
    ...request,
    body: request.body === undefined ? undefined : Buffer.from(request.body).toString('latin1'),
  }).slice(0, 3000)
