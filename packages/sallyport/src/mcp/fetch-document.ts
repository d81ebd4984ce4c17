/** What came from one address: a JSON object, or why there is none. */
export type Fetched = {
  readonly url: string
  readonly status: number | undefined
  readonly headers: Headers
  readonly document: Readonly<Record<string, unknown>> | undefined
  readonly fault: string | undefined
}

const patience = 5000
/** Most bytes of a document. */
export const largest = 64 * 1024
const loopback = /^(127\.0\.0\.1|\[::1\]|localhost)$/

/** Whether credentials may travel there: https, or plain http on this very machine. */
export const isSafeTransport = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))

export const isLoopback = ({ hostname }: URL): boolean => loopback.test(hostname)

/** Asks one address, bounded in time and size and without following it elsewhere. Never throws for what it finds. */
export async function fetchDocument(url: string, init: RequestInit = {}): Promise<Fetched> {
  const nothing = { url, headers: new Headers(), document: undefined }
  if (!URL.canParse(url) || !isSafeTransport(new URL(url)))
    return { ...nothing, status: undefined, fault: 'is no https address' }
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(patience) })
    const text = await readBounded(response)
    const document = text === undefined ? undefined : objectIn(text)
    const fault = text === undefined ? `answers more than ${largest} bytes` : faultOf(response.status, document)
    return { url, status: response.status, headers: response.headers, document, fault }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
    return { ...nothing, status: undefined, fault: `does not answer ${cause}`.trimEnd() }
  }
}

function faultOf(status: number, document: object | undefined): string | undefined {
  if (status !== 200) return `answers ${status}`
  return document === undefined ? 'answers something that is no JSON object' : undefined
}

/** The body, or undefined when it is too large; then the rest is not read. */
async function readBounded({ body }: Response): Promise<string | undefined> {
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > largest) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export function objectIn(text: string): Fetched['document'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}
