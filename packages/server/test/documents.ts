import type { Connect, Client } from '@sallyport/server'
import type { Authorized, TestClient, TestIssuer } from '@sallyport/testing'
import { Duplex } from 'node:stream'
import { newIssuer } from './fixtures.ts'

export const documentUrl = 'https://app.example.com/client.json'
export const documentRedirect = 'https://app.example.com/callback'

/** A document that is right. */
export const goodDocument = {
  client_id: documentUrl,
  client_name: 'Example App',
  redirect_uris: [documentRedirect],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
}

/** What the host of the documents answers now; a test changes it as it goes. */
export type DocumentHost = {
  status: string
  headers: string[]
  body: string
  /** Requests as they came. */
  readonly requests: string[]
}

/** The other end of a connection, in memory. */
function served(host: DocumentHost): Duplex {
  let seen = ''
  const stream: Duplex = new Duplex({
    read: () => undefined,
    write: (part: Buffer, _, done) => {
      seen += part.toString('latin1')
      done()
      if (!seen.includes('\r\n\r\n')) return
      host.requests.push(seen.split('\r\n')[0] ?? '')
      const head = [`HTTP/1.1 ${host.status}`, ...host.headers, `content-length: ${Buffer.byteLength(host.body)}`]
      stream.push(`${head.join('\r\n')}\r\n\r\n${host.body}`)
    },
  })
  return stream
}

export type DocumentIssuer = {
  readonly issuer: TestIssuer
  readonly host: DocumentHost
  /** The client of the document, as the flow driver wants it. */
  readonly client: TestClient
  readonly ask: (parameters?: Record<string, string | undefined>) => Promise<Authorized>
}

/** An issuer that accepts documents, and a host that has one. */
export async function documentIssuer(
  options: Parameters<typeof newIssuer>[0] = {},
  url = documentUrl,
): Promise<DocumentIssuer> {
  const host: DocumentHost = {
    status: '200 OK',
    headers: ['content-type: application/json'],
    body: JSON.stringify({ ...goodDocument, client_id: url }),
    requests: [],
  }
  const connect: Connect = () => Promise.resolve(served(host))
  const issuer = await newIssuer({
    metadataDocuments: { accept: 'any' },
    ...options,
    outbound: { connect, resolve: () => Promise.resolve(['93.184.215.14']), ...options.outbound },
  })
  const record: Client = { ...issuer.clients.P.record, id: url, redirectUris: [documentRedirect], scope: ['openid'] }
  const client: TestClient = { id: url, secret: undefined, method: 'none', redirectUri: documentRedirect, record }
  return { issuer, host, client, ask: (parameters = {}) => issuer.authorize({ client, parameters }) }
}
