import type { IncomingMessage } from 'node:http'

const maxForm = 4096

/** A small form; `undefined` when it is larger than any form of the demo. */
export async function readForm(req: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxForm) return undefined
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

/**
 * True when a form was sent by a page of the app or of the issuer. Browsers say so themselves; what says nothing is no
 * browser and carries nobody's cookies.
 */
export function fromOurPages(req: IncomingMessage, origins: readonly string[]): boolean {
  const site = req.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'same-site' || site === 'none'
  const { origin } = req.headers
  return origin === undefined || origins.includes(origin)
}

/** True when the request was made under the name of the app: a foreign name that leads here must not read its pages. */
export const isForUs = (req: IncomingMessage, origin: string): boolean => req.headers.host === new URL(origin).host
