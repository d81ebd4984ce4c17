import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { CommandFailure, exitCode, usage } from '../failure.ts'
import { listen } from '../public-listener.ts'

/** A loopback address that waits for the browser to come back. */
export type Callback = {
  readonly redirectUri: string
  /** The parameters of the first answer that carries our state; fails after `timeout` seconds. */
  answer(timeout: number): Promise<URLSearchParams>
  /** Stops listening, once the browser had a moment to fetch the page that ends its way. */
  close(): Promise<void>
}

/** Milliseconds a browser gets to follow the redirect to the closing page. */
const moment = 1000

const page = (text: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${text}</title></head><body><p>${text}</p></body></html>`

/** Answers with another state that are let pass: anybody on this machine, and any page, may send some. */
const maxStrangers = 20

/**
 * Listens where the registered redirect URI leads: at its port, or at any free one when it names none. Only an answer with
 * our state ends it; of others no one can say that they belong to what was begun here (A-REDIR-16, A-AUTHZ-10).
 */
export async function waitForCallback(registered: string, state: string): Promise<Callback> {
  const url = URL.canParse(registered) ? new URL(registered) : undefined
  const host = url?.hostname.replaceAll(/[[\]]/g, '') ?? ''
  if (url === undefined || url.protocol !== 'http:' || !['127.0.0.1', '::1', 'localhost'].includes(host))
    throw usage('--redirect-uri must be an http address of this machine, such as http://127.0.0.1/callback')
  const first = Promise.withResolvers<URLSearchParams>()
  const shown = Promise.withResolvers<undefined>()
  // Nobody may be waiting yet, or any more.
  first.promise.catch(() => undefined)
  let answered = false
  let strangers = 0
  const server = createServer((req, res) => {
    const target = new URL(req.url ?? '/', url)
    const expected = req.method === 'GET' && target.pathname === url.pathname
    const headers = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', connection: 'close' }
    if (expected && target.search !== '' && !isOurs(target.searchParams, state)) {
      if (++strangers > maxStrangers) first.reject(tooMany())
      res.writeHead(400, { ...headers, 'content-type': 'text/html; charset=utf-8' })
      res.end(page('This is no answer to the sign-in that was begun in the terminal.'))
      return
    }
    if (expected && target.search !== '') {
      // On to an address without the code, so that none stays in the history of the browser (A-REDIR-17).
      answered = true
      first.resolve(target.searchParams)
      res.writeHead(303, { ...headers, location: url.pathname }).end()
      return
    }
    res.writeHead(expected ? 200 : 404, { ...headers, 'content-type': 'text/html; charset=utf-8' })
    res.end(page(expected ? 'Done. You can close this window and go back to the terminal.' : 'Nothing here.'))
    if (expected) res.once('finish', () => shown.resolve(undefined))
  })
  const port = await listen(server, host === 'localhost' ? '127.0.0.1' : host, Number(url.port), false)
  const redirectUri = url.port === '' ? withPort(registered, port) : registered
  return {
    redirectUri,
    answer: (timeout) => withTimeout(first.promise, timeout),
    close: async () => {
      // Nobody comes to fetch a page when no answer came.
      await Promise.race([shown.promise, pause(answered ? moment : 0)])
      server.close()
      server.closeAllConnections()
    },
  }
}

const isOurs = (answer: URLSearchParams, state: string): boolean => {
  const [sent, ...more] = answer.getAll('state')
  return sent === state && more.length === 0
}

const tooMany = (): CommandFailure =>
  new CommandFailure(
    exitCode.failed,
    `more than ${maxStrangers} answers with another state came; somebody else sends them, so no tokens were asked for`,
  )

/** The registered text with a port put in and nothing else changed, since the rest is compared byte for byte. */
const withPort = (uri: string, port: number): string => uri.replace(/^(http:\/\/(?:\[[^\]]*\]|[^/?:]*))/, `$1:${port}`)

async function withTimeout(answer: Promise<URLSearchParams>, timeout: number): Promise<URLSearchParams> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new CommandFailure(exitCode.failed, `the browser did not come back within ${timeout} seconds`))
    }, timeout * 1000)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
