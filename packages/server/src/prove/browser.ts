import { after, cookieName, lookupKey, OAuthError, type Random, type Seconds } from '@sallyport/protocol'
import { newBrowserHandle } from '../authorization/browser.ts'
import type { HttpRequest, HttpResponse } from '../model/http.ts'
import type { Store } from '../model/store.ts'
import type { Secrets } from '../secrets.ts'
import type { Server } from '../server.ts'

/** The person of the browser. */
export const subject = 'person-of-the-proof'

/** A browser in which somebody is signed in, without any page. */
export type Browser = {
  readonly sessionId: string
  readonly cookie: string
  signIn(): Promise<void>
}

type BrowserParts = {
  readonly store: Store
  readonly secrets: Secrets
  readonly random: Random
  readonly now: () => Seconds
  readonly secure: boolean
}

/** Opens a browser with a session. */
export async function openBrowser({ store, secrets, random, now, secure }: BrowserParts): Promise<Browser> {
  const handle = random.handle()
  const sessionId = random.id(12)
  const signIn = (): Promise<void> =>
    store.startSession(
      {
        ...{ id: sessionId, digest: lookupKey(handle), subject, network: '192.0.2.1', userAgent: 'proof' },
        authentication: { time: now(), acr: undefined, amr: ['pwd'] },
        ...{ createdAt: now(), seenAt: now(), expiresAt: after(now(), 86_400) },
      },
      undefined,
      [],
    )
  await signIn()
  const cookies = { 'sallyport-session': handle, 'sallyport-browser': newBrowserHandle(secrets, random) }
  const cookie = Object.entries(cookies)
    .map(([name, value]) => `${cookieName(name, secure)}=${value}`)
    .join('; ')
  return { sessionId, cookie, signIn }
}

const handleIn = /\/consent\?interaction=([\w-]{43})$/

/**
 * Where an answer leads to the page that asks the person, the person agrees to everything, and the answer is what comes of
 * that. Any other answer stays as it is.
 */
export async function agreed(
  server: Server,
  answer: HttpResponse,
  requestOf: (method: 'GET' | 'POST', path: string, text: string) => HttpRequest,
): Promise<HttpResponse> {
  const [, handle] = handleIn.exec(String(answer.headers['location'])) ?? []
  if (handle === undefined) return answer
  const text = `interaction=${handle}`
  try {
    const page = requestOf('GET', '/consent', text)
    const { csrf } = await server.interactions(page).find(page)
    const form = requestOf('POST', '/consent', `${text}&csrf=${csrf}`)
    const host = server.interactions(form)
    const open = await host.find(form)
    host.form(form, open)
    const scope = open.scopes.map(({ name }) => name)
    await host.decide(form, open, { allow: true, scope, remember: true })
  } catch (error) {
    // The page is then the last answer there was.
    if (error instanceof OAuthError) return answer
    throw error
  }
  return server.handle(requestOf('GET', '/oauth2/resume', text))
}
