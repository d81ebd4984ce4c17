import { parseStrictJson, refuse } from '@sallyport/protocol'
import { header } from './http.ts'
import type { HttpRequest } from './model/http.ts'

const jsonType = /^application\/json *(?:; *charset *= *"?utf-8"? *)?$/i

/** Largest JSON document, also where the policy lets forms be larger. */
const maxBytes = 65_536

/** Reads the body as one JSON object: uncompressed, UTF-8, bounded, no member twice (A-DCR-01, DC-11). */
export function readJsonBody(request: HttpRequest): Readonly<Record<string, unknown>> {
  if (request.fault !== undefined) throw refuse(request.fault)
  const encoding = header(request, 'content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw refuse('encoding')
  if (!jsonType.test(header(request, 'content-type') ?? ''))
    throw refuse('registration_body', { detail: 'content type' })
  const body = request.body ?? new Uint8Array(0)
  if (body.length > maxBytes) throw refuse('size')
  const document = parseStrictJson(body)
  if (typeof document === 'string') throw refuse('registration_body', { detail: document })
  return document
}
