import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FetchRequest, FetchResult } from '../model/outbound.ts'
import type { FetchTarget } from './target.ts'

const maxHeaderBytes = 8192

/** Fixed: it says what asks and nothing about this installation. */
const userAgent = 'Sallyport'

const failed = (fault: 'redirect' | 'timeout' | 'size' | 'encoding' | 'response'): FetchResult => ({ ok: false, fault })

function requestOptions(target: FetchTarget, request: FetchRequest, socket: Duplex): RequestOptions {
  const { content } = request
  return {
    createConnection: () => socket,
    method: content === undefined ? 'GET' : 'POST',
    path: target.path,
    maxHeaderSize: maxHeaderBytes,
    insecureHTTPParser: false,
    headers: {
      host: target.authority,
      'user-agent': userAgent,
      accept: request.accept,
      // A compressed body could be any size once it is open, so none is asked for and none is taken.
      'accept-encoding': 'identity',
      connection: 'close',
      ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
      ...(content === undefined
        ? {}
        : { 'content-type': content.type, 'content-length': String(Buffer.byteLength(content.body)) }),
    },
  }
}

/** What is wrong with an answer as far as its headers tell. */
function headFault(response: IncomingMessage, maxBytes: number): FetchResult | undefined {
  const status = response.statusCode ?? 0
  if (status >= 300 && status < 400 && status !== 304) return failed('redirect')
  const encoding = response.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return failed('encoding')
  return Number(response.headers['content-length'] ?? 0) > maxBytes ? failed('size') : undefined
}

/** One request and its answer over a connection that stands; the connection ends with it. Never rejects. */
export async function exchange(
  target: FetchTarget,
  request: FetchRequest,
  socket: Duplex,
  signal: AbortSignal,
): Promise<FetchResult> {
  const http = await import('node:http')
  return new Promise((resolve) => {
    const settle = (result: FetchResult): void => {
      resolve(result)
      socket.destroy()
    }
    const broken = (): void => settle(failed(signal.aborted ? 'timeout' : 'response'))
    if (signal.aborted) return broken()
    signal.addEventListener('abort', broken, { once: true })
    socket.on('error', broken)
    const outgoing = http.request(requestOptions(target, request, socket))
    outgoing.on('error', broken)
    outgoing.on('response', (response) => {
      const fault = headFault(response, request.maxBytes)
      if (fault !== undefined) return settle(fault)
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > request.maxBytes) return settle(failed('size'))
        parts.push(part)
      })
      response.on('error', broken)
      response.on('aborted', broken)
      response.on('end', () => settle(response.complete ? answerOf(response, parts) : failed('response')))
    })
    outgoing.end(request.content?.body)
  })
}

const answerOf = (response: IncomingMessage, parts: readonly Buffer[]): FetchResult => ({
  ok: true,
  status: response.statusCode ?? 0,
  contentType: (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
  cacheControl: response.headers['cache-control'] ?? '',
  body: Buffer.concat(parts),
})
