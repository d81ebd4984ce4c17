import { createBrowser, formsOf, type Browser, type TestIssuer, type TestIssuerOptions } from '@sallyport/testing'
import type { HttpRequest, HttpResponse } from '@sallyport/server/model'
import { nodeListener } from '@sallyport/server/adapters/node'
import { connect as connectTo } from 'node:net'
import { newRealIssuer } from '../real-pages.ts'
import { loopbackRedirect, type Person } from './mcp-client.ts'
import { listen, notesListener, notesResource, type Listening } from './mcp-notes.ts'

export const documentAddress = 'https://assistant.example.com/client.json'

export const assistantDocument = {
  client_id: documentAddress,
  client_name: 'Desk assistant',
  redirect_uris: [loopbackRedirect],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
}

export type World = {
  readonly issuer: TestIssuer
  /** Address of the MCP server, which is its resource identifier too. */
  readonly notes: URL
  /** Somebody at a browser of their own. */
  readonly somebody: () => { readonly browser: Browser; readonly person: Person; readonly pages: readonly string[] }
  readonly close: () => void
}

/** Asks over a socket what the driver would hand over in the same process. */
const overHttp =
  (origin: string) =>
  async ({ method, path, query, headers, body }: HttpRequest): Promise<HttpResponse> => {
    const answer = await fetch(`${origin}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      redirect: 'manual',
      headers: headers as Record<string, string>,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    })
    const sent: Record<string, string | string[]> = Object.fromEntries(answer.headers)
    sent['set-cookie'] = answer.headers.getSetCookie()
    return { status: answer.status, headers: sent, body: Buffer.from(await answer.arrayBuffer()) }
  }

const person =
  (browser: Browser, pages: string[], { username, password }: TestIssuer['alice']): Person =>
  async (address) => {
    let visit = await browser.open(address.href)
    for (let steps = 0; visit.leftFor === undefined; steps++) {
      const form = formsOf(visit.answer.text).find(({ id }) => id === 'login-form' || id === 'consent-form')
      if (form === undefined || steps > 3) throw new Error(`no way on: ${visit.answer.text.slice(0, 500)}`)
      if (form.id === 'consent-form') pages.push(visit.answer.text)
      const fields = form.id === 'login-form' ? { username, password } : { decision: 'allow' }
      visit = await browser.submit(visit, form.id ?? '', fields)
    }
    return new URL(visit.leftFor).searchParams
  }

export type WorldOptions = TestIssuerOptions & {
  /** Path of the issuer. */
  readonly path?: string
  /** Scopes that the tool `add_note` needs besides. */
  readonly addNote?: readonly string[]
}

/** An authorization server, an MCP server and the host of a metadata document, each behind a port of its own. */
export async function newWorld({ path = '', addNote, ...options }: WorldOptions = {}): Promise<World> {
  const listening: Listening[] = [await listen(), await listen()]
  const documents = await listen((_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(assistantDocument))
  })
  listening.push(documents)
  const [front, back] = listening as [Listening, Listening]
  const notes = new URL(`${back.origin}/mcp`)
  const issuer = await newRealIssuer({
    issuer: `${front.origin}${path}`,
    start: Math.floor(Date.now() / 1000),
    resources: [notesResource(notes.href)],
    clients: [],
    // The way out is the server's own; only where a name leads is a matter of this test.
    outbound: {
      resolve: () => Promise.resolve(['93.184.215.14']),
      connect: () => Promise.resolve(connectTo(Number(new URL(documents.origin).port), '127.0.0.1')),
    },
    ...options,
  })
  front.server.on('request', nodeListener({ ...issuer.server, handle: issuer.handle }))
  back.server.on('request', notesListener({ resource: notes.href, issuer: issuer.issuer, addNote }, issuer.clock.now))
  return {
    issuer,
    notes,
    somebody: () => {
      const pages: string[] = []
      const browser = createBrowser({ handle: overHttp(front.origin), origin: front.origin, now: issuer.clock.now })
      return { browser, pages, person: person(browser, pages, issuer.alice) }
    },
    close: () => {
      for (const { server } of listening) server.close().closeAllConnections()
    },
  }
}
