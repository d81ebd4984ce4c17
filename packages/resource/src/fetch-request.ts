import type { ClientCertificate } from '@sallyport/protocol'
import type { RequestParts } from './credentials.ts'
import { maxFormBytes } from './node-request.ts'

/** What a host knows and a web-standard request does not tell. */
export type RequestInfo = {
  /** The certificate that the client proved in the TLS handshake, with this host or with a proxy that it trusts. */
  readonly certificate?: ClientCertificate | undefined
}

async function peek(request: Request): Promise<string> {
  const body: AsyncIterable<Uint8Array> | null = request.clone().body
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size > maxFormBytes) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The parts of a web-standard request. Repeated headers were joined by a comma there, which is neither a token nor a proof. */
export function fetchRequestParts(request: Request): RequestParts {
  const authorization = request.headers.get('authorization')
  const proof = request.headers.get('dpop')
  const { pathname, search } = new URL(request.url)
  return {
    authorization: authorization === null ? [] : [authorization],
    query: search.slice(1),
    contentType: request.headers.get('content-type') ?? undefined,
    formBody: () => peek(request),
    proof: { proofs: proof === null ? [] : [proof], method: request.method, path: pathname },
  }
}

/** The answer of a handler, whose headers may be fixed, with more headers. */
export function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  if (Object.keys(headers).length === 0) return response
  const all = new Headers(response.headers)
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers: all })
}
