import type { RequestParts } from './bearer-credentials.ts'
import { maxFormBytes } from './node-request.ts'

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

/** The parts of a web-standard request. Repeated headers were joined by a comma there, which is no token syntax. */
export function fetchRequestParts(request: Request): RequestParts {
  const authorization = request.headers.get('authorization')
  return {
    authorization: authorization === null ? [] : [authorization],
    query: new URL(request.url).search.slice(1),
    contentType: request.headers.get('content-type') ?? undefined,
    formBody: () => peek(request),
  }
}
