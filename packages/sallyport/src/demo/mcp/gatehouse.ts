import type { IncomingMessage, ServerResponse } from 'node:http'
import { createResourceMetadata, createVerifier, protectMcp, type McpCall, type Verifier } from '@sallyport/resource'
import { isForUs } from '../app-requests.ts'
import { gateAddress, gateScopes } from '../demo.ts'
import { rejectedToken, type ProtectedOptions } from '../rejected-token.ts'
import { answerMessage } from './gate-tools.ts'

const say = (res: ServerResponse, status: number, line: string): void => {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
  res.end(`${line}\n`)
}

/** Hands the message to the tools; a server that keeps no sessions has nothing to stream and nothing to end. */
function answer(req: IncomingMessage, res: ServerResponse, { body, caller }: McpCall): void {
  if (req.method !== 'POST') {
    res.writeHead(405, { allow: 'POST' }).end()
    return
  }
  const message = answerMessage(body, caller.extra.subject)
  if (message === undefined) res.writeHead(202).end()
  else
    res
      .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(message, null, 2))
}

/** The protected MCP server of the demo (Streamable HTTP), guarded like any MCP server would be. */
export function gatehouse(options: ProtectedOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const { addresses, onEvent, random } = options
  const resource = gateAddress(addresses)
  const metadata = createResourceMetadata({
    resource,
    authorizationServers: [addresses.issuer],
    name: 'Gatehouse',
    scopes: [gateScopes.look],
  })
  const verifier = createVerifier({ issuer: addresses.issuer, audience: resource })
  const guarded = (reporting: Verifier) =>
    protectMcp(reporting, {
      metadata,
      scope: [gateScopes.look],
      tools: { open_gate: [gateScopes.open] },
      maxBytes: 64 * 1024,
    }).node(answer)
  return (req, res) => {
    const requestId = random.id(12)
    res.setHeader('x-request-id', requestId)
    // A name of somebody else that leads to this machine is not ours (DNS rebinding).
    if (!isForUs(req, addresses.mcp)) {
      say(res, 421, `This is ${addresses.mcp}.`)
      return
    }
    if (metadata.node(req, res)) return
    if ((req.url ?? '/').split('?')[0] !== '/mcp') {
      say(
        res,
        req.url === '/' ? 200 : 404,
        `The demo MCP server. It speaks MCP at ${resource}, with tokens of ${addresses.issuer}.`,
      )
      return
    }
    const rejected: Verifier['rejected'] = (reason) => {
      onEvent(rejectedToken(options, { requestId, reason, surface: 'demo_mcp' }))
    }
    guarded({ ...verifier, rejected })(req, res).catch(() => {
      res.destroy()
    })
  }
}
