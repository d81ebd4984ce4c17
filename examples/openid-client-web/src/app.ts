import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { home, problem } from './pages.ts'
import { createSessions, type Session } from './sessions.ts'
import { createSignIn, type Settings } from './sign-in.ts'

const show = (res: ServerResponse, status: number, html: string): void => {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  })
  res.end(html)
}

const seeOther = (res: ServerResponse, location: string): void => {
  res.writeHead(303, { location, 'cache-control': 'no-store' }).end()
}

type Visit = { readonly req: IncomingMessage; readonly res: ServerResponse; readonly session: Session }

/** The application; resolves when it listens. */
export async function startApp(settings: Settings): Promise<Server> {
  const signIn = await createSignIn(settings)
  const sessions = createSessions()

  const routes: Record<string, (visit: Visit) => Promise<void> | void> = {
    'GET /': ({ res, session }) => {
      show(res, 200, home(session))
    },
    'POST /sign-in': async ({ res, session }) => {
      const { attempt, url } = await signIn.begin()
      session.attempt = attempt
      seeOther(res, url.href)
    },
    'GET /callback': async ({ req, res, session }) => {
      const { attempt } = session
      if (attempt === undefined) return show(res, 400, problem('This browser began no sign-in.'))
      session.attempt = undefined
      const tokens = await signIn.finish(new URL(req.url ?? '', settings.origin), attempt)
      sessions.renew(req, res, { tokens })
      seeOther(res, '/')
    },
    'POST /orders': async ({ res, session }) => {
      if (session.tokens !== undefined) session.orders = await signIn.orders(session.tokens)
      seeOther(res, '/')
    },
    'POST /refresh': async ({ res, session }) => {
      if (session.tokens !== undefined) session.tokens = await signIn.refresh(session.tokens)
      session.orders = undefined
      seeOther(res, '/')
    },
    'POST /sign-out': async ({ req, res, session }) => {
      const { tokens } = session
      sessions.renew(req, res, {})
      seeOther(res, tokens === undefined ? '/' : (await signIn.end(tokens)).href)
    },
  }

  const server = createServer((req, res) => {
    const handler = routes[`${req.method} ${req.url?.split('?')[0]}`]
    if (handler === undefined) return show(res, 404, problem('There is nothing here.'))
    // A form from another site must not do anything in somebody's name.
    if (req.method === 'POST' && !['same-origin', 'none'].includes(String(req.headers['sec-fetch-site'] ?? 'none')))
      return show(res, 403, problem('The form came from another site.'))
    Promise.resolve(handler({ req, res, session: sessions.open(req, res) })).catch((error: unknown) => {
      // Only the kind of the error is told: its message may hold what somebody else put into the address.
      show(res, 400, problem(`It did not work: ${error instanceof Error ? error.name : 'unknown error'}`))
    })
  })
  const { port } = new URL(settings.origin)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(Number(port), '127.0.0.1', resolve)
  })
  return server
}
