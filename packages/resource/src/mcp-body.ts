import type { IncomingMessage } from 'node:http'

/** A JSON body, or the status that says why there is none. */
export type JsonBody = { readonly value: unknown } | 400 | 413

function parsed(chunks: readonly Uint8Array[]): JsonBody {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))) }
  } catch {
    return 400
  }
}

/** Reads a stream to its end, or until it is too long; then the rest is not read. */
async function readJson(source: AsyncIterable<Uint8Array> | null, most: number): Promise<JsonBody> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of source ?? []) {
      size += chunk.byteLength
      if (size > most) return 413
      chunks.push(chunk)
    }
  } catch {
    // The sender went away in the middle.
    return 400
  }
  return parsed(chunks)
}

export const nodeJson = (req: IncomingMessage, most: number): Promise<JsonBody> =>
  readJson(req.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>, most)

export const fetchJson = (request: Request, most: number): Promise<JsonBody> =>
  readJson(request.body as AsyncIterable<Uint8Array> | null, most)

/** Names of the tools that a JSON-RPC message, or a batch of them, calls. */
export function toolsOf(body: unknown): readonly string[] {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
  return messages.flatMap((message) => {
    if (typeof message !== 'object' || message === null) return []
    const { method, params } = message as Readonly<Record<string, unknown>>
    if (method !== 'tools/call' || typeof params !== 'object' || params === null) return []
    const { name } = params as Readonly<Record<string, unknown>>
    return typeof name === 'string' ? [name] : []
  })
}
