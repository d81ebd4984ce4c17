import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { closeLingering } from '@sallyport/server/adapters/node'
import { IncomingMessage as Request, METHODS, ServerResponse as Response } from './node-http.ts'

/** The head of a request, as far as it is needed to say no. */
export type RequestHead = {
  readonly method: string
  readonly target: string
  /** Names as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** What node tells when its parser gave up. */
export type ParserError = NodeJS.ErrnoException & {
  readonly rawPacket?: Buffer | undefined
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
const start = new RegExp(`^${token}{1,64}(?: |$)`)
const requestLine = new RegExp(`^(${token}{1,64}) ([\\x21-\\x7e]{1,8000}) HTTP/1\\.[01]$`)
const fieldLine = new RegExp(`^(${token}{1,200}):([\\t\\x20-\\x7e\\x80-\\xff]*)$`)
const known: ReadonlySet<string> = new Set(METHODS)
const headEnd = '\r\n\r\n'
const maxHead = 16 * 1024

/**
 * The head of a request whose method the runtime's parser does not know (RFC 9110 section 9.1). `undefined` for bytes that
 * are no such head: this is only a way to refuse, so it is stricter than a parser may be, and a method that the parser
 * knows is never taken from here.
 */
export function parseHead(text: string): RequestHead | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const [, method = '', target = ''] = requestLine.exec(first) ?? []
  if (method === '' || known.has(method)) return undefined
  const fields: [string, string][] = []
  let hosts = 0
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    if (name.toLowerCase() === 'host') hosts++
    fields.push([name, value.trim()])
  }
  return hosts === 1 ? { method, target, fields } : undefined
}

/** Fields by name in lower case; repeated ones joined, as node:http does with most. */
function joined(fields: RequestHead['fields']): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = Object.create(null) as IncomingHttpHeaders
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : `${String(headers[key])}, ${value}`
  }
  return headers
}

/** The head as a request without a body, for a listener of node:http. */
export function requestFrom(head: RequestHead, socket: Socket): IncomingMessage {
  const req = new Request(socket)
  req.httpVersionMajor = 1
  req.httpVersionMinor = 1
  req.httpVersion = '1.1'
  req.method = head.method
  req.url = head.target
  req.rawHeaders = head.fields.flat()
  req.headers = joined(head.fields)
  req.complete = true
  req.push(null)
  return req
}

/**
 * A response on a connection that no parser reads any more: the last one, and the connection ends with it. `undefined`
 * while another response has the connection.
 */
export function lastResponse(req: IncomingMessage, socket: Socket): ServerResponse | undefined {
  const res = new Response(req)
  try {
    res.assignSocket(socket)
  } catch {
    return undefined
  }
  res.shouldKeepAlive = false
  res.once('finish', () => {
    res.detachSocket(socket)
    closeLingering(socket)
  })
  return res
}

/** `waiting`: the head has not come to its end; `undefined`: no such head. */
export type Unparsed = RequestHead | 'size' | 'waiting' | undefined

/**
 * Reads what the parser gave up on, in as many parts as it comes and no longer than the parser would take. The limit on
 * time is the parser's own.
 */
export function createUnparsedReader(): (error: ParserError, socket: Socket) => Unparsed {
  const parts = new WeakMap<Socket, string>()
  return ({ code, rawPacket }, socket) => {
    if ((code !== 'HPE_INVALID_METHOD' && code !== 'HPE_INVALID_CONSTANT') || rawPacket === undefined) return undefined
    const text = (parts.get(socket) ?? '') + rawPacket.toString('latin1')
    if (!start.test(text.slice(0, 65))) return undefined
    const end = text.indexOf(headEnd)
    if ((end === -1 ? text.length : end) > maxHead) return 'size'
    if (end === -1) {
      parts.set(socket, text)
      return 'waiting'
    }
    parts.delete(socket)
    return parseHead(text.slice(0, end))
  }
}
