import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { begin, end, finish, meet, orders, refresh, type Attempt, type Settings, type Tokens } from './sign-in.ts'

type Session = { attempt?: Attempt | undefined; tokens?: Tokens; orders?: string | undefined }

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
const button = (path: string, text: string): string =>
  `<form method="post" action="${path}"><button>${text}</button></form>`

function home({ tokens, orders: listed }: Session): string {
  if (tokens === undefined) return button('/sign-in', 'Sign in')
  const buttons =
    button('/orders', 'Show my orders') + button('/refresh', 'Refresh the tokens') + button('/sign-out', 'Sign out')
  return (
    `<p id="who">Signed in as ${escape(tokens.subject)}</p>${buttons}` +
    (listed === undefined ? '' : `<pre id="orders">${escape(listed)}</pre>`)
  )
}

const show = (res: ServerResponse, status: number, body: string): void => {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
  res.writeHead(status, headers)
  res.end(
    `<!doctype html><html lang="en"><head><title>My library</title></head><body><main>${body}</main></body></html>`,
  )
}

const seeOther = (res: ServerResponse, url: string | URL): void => {
  res.writeHead(303, { location: String(url), 'cache-control': 'no-store' }).end()
}

/** The application; resolves when it listens. */
export async function startApp(settings: Settings): Promise<Server> {
  const parties = await meet(settings)
  const sessions = new Map<string, Session>()

  const idOf = (req: IncomingMessage): string => /(?:^|; )library=([\w-]{43})/.exec(req.headers.cookie ?? '')?.[1] ?? ''
  const startSession = (req: IncomingMessage, res: ServerResponse, session: Session): void => {
    sessions.delete(idOf(req))
    const id = randomBytes(32).toString('base64url')
    sessions.set(id, session)
    res.setHeader('set-cookie', `library=${id}; Path=/; HttpOnly; SameSite=Lax`)
  }

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const session = sessions.get(idOf(req)) ?? {}
    const { tokens } = session
    const route = `${req.method} ${req.url?.split('?')[0]}`
    if (route === 'GET /') return show(res, 200, home(session))
    if (route === 'POST /sign-in') {
      const { attempt, url } = await begin(parties, settings)
      startSession(req, res, { attempt })
      return seeOther(res, url)
    }
    if (route === 'GET /callback' && session.attempt !== undefined) {
      const callback = new URL(req.url ?? '', settings.origin)
      startSession(req, res, { tokens: await finish(parties, settings, callback, session.attempt) })
    } else if (route === 'POST /orders' && tokens !== undefined) {
      session.orders = await orders(parties, settings, tokens)
    } else if (route === 'POST /refresh' && tokens !== undefined) {
      session.tokens = await refresh(parties, tokens)
      session.orders = undefined
    } else if (route === 'POST /sign-out' && tokens !== undefined) {
      sessions.delete(idOf(req))
      return seeOther(res, await end(parties, settings, tokens))
    } else return show(res, 404, '<p>There is nothing here.</p>')
    seeOther(res, '/')
  }

  const server = createServer((req, res) => {
    answer(req, res).catch((error: unknown) => {
      show(res, 400, `<p id="problem">It did not work: ${error instanceof Error ? escape(error.name) : ''}</p>`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(Number(new URL(settings.origin).port), '127.0.0.1', resolve)
  })
  return server
}
