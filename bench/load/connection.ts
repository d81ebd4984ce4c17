import { createConnection } from 'node:net'

/** An HTTP answer. `head` ends with its last header's line break; `body` is one character a byte (latin1). */
export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** One keep-alive HTTP/1.1 connection that carries one request at a time. */
export interface Connection {
  /** Sends a complete request text and resolves the answer. Rejects when the connection breaks first. */
  send(request: string): Promise<Answer>
  close(): void
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/**
 * Opens a connection to a loopback port. Written by hand because node:http spends about as much per request as the
 * servers measured here, and would then be what is measured.
 */
export function openConnection(host: string, port: number): Promise<Connection> {
  return new Promise((resolveOpen, rejectOpen) => {
    let received = ''
    let waiting: Waiting | undefined
    const socket = createConnection({ host, port, noDelay: true })
    const fail = (error: Error): void => {
      const interrupted = waiting
      waiting = undefined
      interrupted?.reject(error)
      rejectOpen(error)
    }
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      received = received === '' ? chunk : received + chunk
      const answer = readAnswer(received)
      if (answer === undefined || waiting === undefined) return
      const { resolve } = waiting
      waiting = undefined
      received = ''
      resolve(answer)
    })
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the server closed the connection')))
    socket.on('connect', () => {
      resolveOpen({
        send: (request) =>
          new Promise((resolve, reject) => {
            if (socket.destroyed) return reject(new Error('the connection is closed'))
            waiting = { resolve, reject }
            socket.write(request, 'latin1')
          }),
        close: () => socket.destroy(),
      })
    })
  })
}

/** The answer in `text`, or undefined while some of it is still on its way. */
function readAnswer(text: string): Answer | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = text.slice(0, headEnd + 2)
  const status = Number(head.slice(9, 12))
  const bodyStart = headEnd + 4
  const length = headerOf(head, 'content-length')
  if (length !== undefined) {
    const bodyEnd = bodyStart + Number(length)
    return text.length < bodyEnd ? undefined : { status, head, body: text.slice(bodyStart, bodyEnd) }
  }
  if (headerOf(head, 'transfer-encoding') === undefined) return { status, head, body: '' }
  const body = readChunks(text, bodyStart)
  return body === undefined ? undefined : { status, head, body }
}

function readChunks(text: string, start: number): string | undefined {
  let body = ''
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (text.length < next) return undefined
    if (size === 0) return body
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = next
  }
}

const spellings = new Map<string, readonly string[]>(
  ['content-length', 'transfer-encoding', 'location', 'set-cookie'].map((name) => [
    name,
    [`\r\n${name.replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase())}: `, `\r\n${name}: `],
  ]),
)

/** The first value of a header, looked for in the two spellings in use: `Content-Length` and `content-length`. */
export function headerOf(head: string, name: string): string | undefined {
  for (const spelling of spellings.get(name) ?? []) {
    const at = head.indexOf(spelling)
    if (at !== -1) return head.slice(at + spelling.length, head.indexOf('\r\n', at + spelling.length))
  }
  return undefined
}

/** All `Set-Cookie` lines of an answer, in order; none costs one search. */
export function setCookiesOf(head: string): string[] {
  const values: string[] = []
  for (const spelling of spellings.get('set-cookie') ?? []) {
    for (let at = head.indexOf(spelling); at !== -1; at = head.indexOf(spelling, at + 1)) {
      values.push(head.slice(at + spelling.length, head.indexOf('\r\n', at + spelling.length)))
    }
  }
  return values
}
