import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { Connect, OutboundOptions } from '@sallyport/server'
import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { onTestFinished } from 'vitest'

/** How an application answers a logout token. */
type Answering = (response: ServerResponse, token: string) => void

/** An application as a web server of its own. */
export type RelyingParty = {
  /** Its name on the internet, as far as the issuer knows. */
  readonly host: string
  readonly port: number
  readonly logoutUri: string
  /** Everything that was posted to it. */
  readonly posts: { readonly url: string; readonly type: string; readonly body: URLSearchParams }[]
  /** The claims of every logout token, in the order in which they came. */
  readonly told: () => readonly Readonly<Record<string, unknown>>[]
  /** How it answers from now on. */
  answer: Answering
}

export const ok: Answering = (response) => {
  response.writeHead(200, { 'cache-control': 'no-store' }).end()
}
export const withStatus =
  (status: number, headers: Record<string, string> = {}): Answering =>
  (response) => {
    response.writeHead(status, headers).end('no')
  }
export const hang: Answering = () => undefined

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const part of request) body += String(part)
  return body
}

/** Starts an application. It ends with the test. */
export async function relyingParty(host: string): Promise<RelyingParty> {
  const posts: RelyingParty['posts'] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const body = new URLSearchParams(text)
      posts.push({ url: request.url ?? '', type: request.headers['content-type'] ?? '', body })
      party.answer(response, body.get('logout_token') ?? '')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const party: RelyingParty = {
    host,
    port: (server.address() as AddressInfo).port,
    logoutUri: `https://${host}/logout?by=op`,
    posts,
    told: () => posts.map(({ body }) => decodeJwt(body.get('logout_token') ?? '').claims),
    answer: ok,
  }
  return party
}

/** A network in which each name leads to its application; TLS ends before it. */
export function networkOf(...parties: readonly RelyingParty[]): OutboundOptions {
  const toParty: Connect = ({ host }, signal) =>
    new Promise((resolve, reject) => {
      const party = parties.find((one) => one.host === host)
      if (party === undefined) return reject(new Error('nobody there'))
      const socket = connect({ host: '127.0.0.1', port: party.port, signal })
      socket.once('error', reject)
      socket.once('connect', () => resolve(socket))
    })
  return { connect: toParty, resolve: () => Promise.resolve(['93.184.215.14']) }
}

/** Tells what is due, as upkeep does, some seconds from now. */
export async function later(issuer: TestIssuer, seconds: number): Promise<void> {
  issuer.clock.advance(seconds)
  await issuer.server.maintain()
}
