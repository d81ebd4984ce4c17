import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createResourceMetadata, createVerifier, protectMcp, type McpCall } from '@sallyport/resource'
import { laterResourceMembers, type Resource } from '@sallyport/server'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Listening = { readonly server: Server; readonly origin: string }

/** Listens on a free port of the loopback interface; what it answers can be said later. */
export async function listen(listener?: RequestListener): Promise<Listening> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** The API as the operator of the authorization server registered it. */
export const notesResource = (id: string): Resource => ({
  id,
  name: 'Notes',
  scopes: [
    { name: 'notes.read', description: 'Read your notes' },
    { name: 'notes.write', description: 'Write notes for you' },
  ],
  accessTokenLifetime: undefined,
  ...laterResourceMembers,
})

/** An MCP server with two tools, of which the second needs a scope more. */
function notesServer(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  server.registerTool('list_notes', { description: 'Lists notes' }, ({ authInfo }) => ({
    content: [
      { type: 'text', text: JSON.stringify({ subject: authInfo?.extra?.['subject'], token: authInfo?.token }) },
    ],
  }))
  server.registerTool('add_note', { description: 'Adds a note' }, () => ({
    content: [{ type: 'text', text: 'added' }],
  }))
  return server
}

async function answer(req: IncomingMessage, res: ServerResponse, { caller, body }: McpCall): Promise<void> {
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  const server = notesServer()
  res.on('close', () => void server.close())
  await server.connect(transport)
  await transport.handleRequest(Object.assign(req, { auth: { ...caller } }), res, body)
}

export type NotesFacts = {
  readonly resource: string
  readonly issuer: string
  /** Scopes of the second tool. */
  readonly addNote?: readonly string[] | undefined
}

/** Protects the server with tokens of one issuer for `resource`, and serves its document. */
export function notesListener(
  { resource, issuer, addNote = ['notes.write'] }: NotesFacts,
  now: () => number,
): RequestListener {
  const metadata = createResourceMetadata({
    resource,
    authorizationServers: [issuer],
    name: 'Notes',
    scopes: ['notes.read'],
  })
  const verifier = createVerifier({ issuer, audience: resource, now })
  const guarded = protectMcp(verifier, {
    metadata,
    scope: ['notes.read'],
    tools: { add_note: addNote },
  }).node(answer)
  return (req, res) => {
    if (!metadata.node(req, res)) void guarded(req, res)
  }
}
