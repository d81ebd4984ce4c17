import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attempt, Tokens } from './sign-in.ts'

export type Session = { attempt?: Attempt | undefined; tokens?: Tokens | undefined; orders?: string | undefined }

const cookie = 'shop-session'
const most = 1000

/** Sessions in memory, the oldest forgotten first. A real application keeps them where they survive a restart. */
export function createSessions() {
  const sessions = new Map<string, Session>()

  const start = (res: ServerResponse, session: Session): Session => {
    const id = randomBytes(32).toString('base64url')
    sessions.set(id, session)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= most) break
      sessions.delete(oldest)
    }
    // Secure is left out for http://localhost only; behind https add it, and the prefix __Host- to the name.
    res.setHeader('set-cookie', `${cookie}=${id}; Path=/; HttpOnly; SameSite=Lax`)
    return session
  }

  const idOf = (req: IncomingMessage): string =>
    new RegExp(`(?:^|; )${cookie}=([\\w-]{43})(?:;|$)`).exec(req.headers.cookie ?? '')?.[1] ?? ''

  return {
    /** The session of the browser; a new one when it has none. */
    open: (req: IncomingMessage, res: ServerResponse): Session => sessions.get(idOf(req)) ?? start(res, {}),
    /** Gives the session a new name when somebody signs in or out, so that nobody can have planted the old one. */
    renew: (req: IncomingMessage, res: ServerResponse, session: Session): Session => {
      sessions.delete(idOf(req))
      return start(res, session)
    },
  }
}
