import type { IncomingMessage } from 'node:http'
import type { CertificateSource } from './client-certificate.ts'
import type { RequestParts } from './credentials.ts'

/** Bytes of a form body that are looked at. */
export const maxFormBytes = 64 * 1024

/**
 * Reads the start of a body and puts it back, so that the handler finds the stream untouched. Putting back has to happen
 * before the stream tells its end, hence in the same turn in which its last bytes were taken. A sender who goes away in
 * the middle gets no answer, so what came until then will do: nobody's crash may depend on it.
 */
function peek(req: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (): void => {
      req.off('readable', take).off('error', finish).off('close', finish)
      const body = Buffer.concat(chunks)
      if (body.length > 0 && !req.destroyed) req.unshift(body)
      resolve(body.toString('utf8'))
    }
    const take = (): void => {
      while (req.readableLength > 0 && size <= maxFormBytes) {
        const chunk = req.read() as Buffer | null
        if (chunk === null) break
        chunks.push(chunk)
        size += chunk.length
      }
      if (req.complete || size > maxFormBytes) finish()
    }
    req.on('readable', take).on('error', finish).on('close', finish)
  })
}

/**
 * Every value of a header, read from the raw list: `headers` keeps only the first, and the getter that keeps all can be
 * made to throw by a header named `__proto__` (CVE-2026-21710).
 */
function headerValues({ rawHeaders }: IncomingMessage, name: string): readonly string[] {
  const values: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '')
  return values
}

/** Routers that cut off the part of the address that led to them keep the whole of it here. */
const wholeUrl = ({ url = '', originalUrl }: IncomingMessage & { readonly originalUrl?: unknown }): string =>
  typeof originalUrl === 'string' ? originalUrl : url

/** The parts of a request of node:http. */
export function nodeRequestParts(req: IncomingMessage, certificateOf?: CertificateSource): RequestParts {
  const url = wholeUrl(req)
  const mark = url.indexOf('?')
  return {
    authorization: headerValues(req, 'authorization'),
    query: mark === -1 ? '' : url.slice(mark + 1),
    contentType: req.headers['content-type'],
    formBody: () => peek(req),
    certificate: certificateOf?.(req),
    proof: {
      proofs: headerValues(req, 'dpop'),
      method: req.method ?? '',
      path: mark === -1 ? url : url.slice(0, mark),
    },
  }
}
