/** Largest document that is read, in bytes, and the time it may take, in milliseconds (B-JWK-10). */
const maxBytes = 64 * 1024
const timeLimit = 5000

export type FetchedDocument = {
  readonly body: Readonly<Record<string, unknown>>
  /** `max-age` of the answer in seconds; `undefined` when it names none. */
  readonly maxAge: number | undefined
}

const loopback = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?(?:\/|$)/

/** Tokens and keys travel over https only; http is for this machine alone, in development (A-BEAR-08). */
export const isSecureUrl = (url: string): boolean =>
  URL.canParse(url) && (url.startsWith('https://') || loopback.test(url))

export function requireSecureUrl(name: string, url: string): void {
  if (!isSecureUrl(url)) throw new TypeError(`${name} must be an https URL, or http on the loopback interface: ${url}`)
}

async function readCapped(response: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let size = 0
  const body: AsyncIterable<Uint8Array> | null = response.body
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new Error(`the document is larger than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

const maxAgeOf = (response: Response): number | undefined => {
  const value = /(?:^|[\s,])max-age=(\d{1,9})/.exec(response.headers.get('cache-control') ?? '')?.[1]
  return value === undefined ? undefined : Number(value)
}

/**
 * Fetches a JSON object: no redirects, 5 s, 64 KiB, the right content type, otherwise it rejects.
 */
export async function fetchDocument(fetcher: typeof fetch, url: string): Promise<FetchedDocument> {
  const response = await fetcher(url, {
    redirect: 'error',
    headers: { accept: 'application/json, application/jwk-set+json' },
    signal: AbortSignal.timeout(timeLimit),
  })
  const text = await readText(response, url, ['application/json', 'application/jwk-set+json'])
  return { body: parseObject(text, url), maxAge: maxAgeOf(response) }
}

/** Posts a form, within the same bounds; what comes back is text of the media type that was asked for, otherwise it rejects. */
export async function postForm(
  fetcher: typeof fetch,
  url: string,
  form: Readonly<Record<string, string>>,
  { accept, authorization }: { readonly accept: string; readonly authorization: string },
): Promise<string> {
  const response = await fetcher(url, {
    method: 'POST',
    redirect: 'error',
    headers: { accept, authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    signal: AbortSignal.timeout(timeLimit),
  })
  return readText(response, url, [accept])
}

async function readText(response: Response, url: string, types: readonly string[]): Promise<string> {
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!types.includes(type)) throw new Error(`${url} answered with content type ${type === '' ? 'none' : type}`)
  return readCapped(response)
}

/** A JSON object, or an error that says what it is of. */
export function parseObject(text: string, url: string): Readonly<Record<string, unknown>> {
  const body: unknown = JSON.parse(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Error(`${url} holds no JSON object`)
  return body as Record<string, unknown>
}
