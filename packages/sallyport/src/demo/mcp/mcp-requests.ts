import type { Answered, World } from '../client-requests.ts'
import { gateAddress, type DemoClient } from '../demo.ts'
import { exchange } from '../exchange.ts'

const json = { Accept: 'application/json' }

/** Calls the MCP server, as the client of it that this app plays. */
export const callGate = (
  { demo }: World,
  message: { readonly method: string; readonly params?: object },
  token?: string,
): Promise<Answered> =>
  exchange({
    method: 'POST',
    url: gateAddress(demo.addresses),
    headers: {
      Accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    json: { jsonrpc: '2.0', id: 1, ...message },
  })

export const callTool = (world: World, name: string, token: string): Promise<Answered> =>
  callGate(world, { method: 'tools/call', params: { name, arguments: {} } }, token)

export const hello = {
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'desk-assistant', version: '1.0.0' },
  },
} as const

export const fetchJson = (url: string): Promise<Answered> => exchange({ url, headers: json })

/** What the client says about itself when it registers (RFC 7591 section 2). */
export const selfDescription = (redirectUri: string) => ({
  client_name: 'Desk assistant',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: [redirectUri],
})

export const register = (endpoint: string, description: object): Promise<Answered> =>
  exchange({ method: 'POST', url: endpoint, headers: json, json: description })

/** Trades the code of a public client for a token for one server (RFC 8707 section 2.2). */
export const redeemForGate = (
  { demo }: World,
  client: DemoClient,
  { code, verifier }: { readonly code: string; readonly verifier: string },
): Promise<Answered> =>
  exchange({
    method: 'POST',
    url: `${demo.addresses.issuer}/oauth2/token`,
    headers: json,
    form: {
      grant_type: 'authorization_code',
      client_id: client.id,
      code,
      code_verifier: verifier,
      redirect_uri: client.redirectUri,
      resource: gateAddress(demo.addresses),
    },
  })

/** A token that a machine of the demo gets for itself, at one audience and with a scope of it. */
export function machineToken({ demo }: World, resource: string, scope: string): Promise<Answered> {
  const { id, secret = '' } = demo.clients.api
  const authorization = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')
  return exchange({
    method: 'POST',
    url: `${demo.addresses.issuer}/oauth2/token`,
    headers: { ...json, Authorization: `Basic ${authorization}` },
    form: { grant_type: 'client_credentials', resource, scope },
  })
}
