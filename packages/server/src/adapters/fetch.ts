import type { ClientCertificate } from '@sallyport/protocol'
import type { HttpFault, HttpRequest } from '../model/http.ts'
import type { Server } from '../server.ts'

/** What a host knows and a web-standard request does not tell. */
export type FetchInfo = {
  readonly remoteAddress: string
  /** The certificate that the client proved in the TLS handshake. */
  readonly certificate?: ClientCertificate | undefined
}

async function readBody(
  request: Request,
  limit: number,
): Promise<{ body: Uint8Array | undefined; fault: HttpFault | undefined }> {
  if (request.body === null || request.method === 'GET' || request.method === 'HEAD')
    return { body: undefined, fault: undefined }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > limit) return { body: undefined, fault: 'size' }
    chunks.push(chunk)
  }
  return { body: Buffer.concat(chunks), fault: undefined }
}

/** A `(Request) => Response` handler, for hosts that speak the web's own types. */
export function fetchHandler(server: Server): (request: Request, info: FetchInfo) => Promise<Response> {
  return async (request, info) => {
    const url = new URL(request.url)
    const { body, fault } = await readBody(request, server.maxBodyBytes)
    const record: HttpRequest = {
      method: request.method,
      path: url.pathname,
      query: url.search.slice(1),
      headers: Object.fromEntries(request.headers),
      body,
      remoteAddress: info.remoteAddress,
      certificate: info.certificate,
      fault,
    }
    const response = await server.handle(record)
    const headers = new Headers()
    for (const [name, value] of Object.entries(response.headers)) {
      for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one)
    }
    const bodyless = response.status === 204 || response.status === 304 || request.method === 'HEAD'
    return new Response(bodyless ? null : (response.body as string | Uint8Array<ArrayBuffer>), {
      status: response.status,
      headers,
    })
  }
}
