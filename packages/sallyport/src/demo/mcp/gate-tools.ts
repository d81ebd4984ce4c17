/** A message of JSON-RPC, as far as it matters here. */
type Message = { readonly id: unknown; readonly method: string; readonly params: Readonly<Record<string, unknown>> }

/** An answer; `undefined` for a notification, which gets none. */
export type RpcAnswer = Readonly<Record<string, unknown>> | undefined

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

function messageOf(body: unknown): Message | undefined {
  const { jsonrpc, id, method, params } = record(body)
  return jsonrpc === '2.0' && typeof method === 'string' ? { id, method, params: record(params) } : undefined
}

const newestVersion = '2025-11-25'
const noArguments = { type: 'object', properties: {}, additionalProperties: false }

const tools = [
  { name: 'who_is_there', description: 'Tells who stands at the gate', inputSchema: noArguments },
  { name: 'open_gate', description: 'Opens the gate', inputSchema: noArguments },
]

/** What a tool says; `undefined` when there is no such tool. */
function said(tool: unknown, subject: string): string | undefined {
  if (tool === 'who_is_there') return 'A carter with two barrels of lantern oil, and a friar.'
  return tool === 'open_gate' ? `The gate is open, in the name of ${subject}.` : undefined
}

const initialized = ({ params }: Message) => ({
  protocolVersion: typeof params['protocolVersion'] === 'string' ? newestVersion : '2025-03-26',
  capabilities: { tools: {} },
  serverInfo: { name: 'gatehouse', version: '1.0.0' },
})

/** The MCP server of the demo: two tools, no state. It is small on purpose; a real one uses a library. */
export function answerMessage(body: unknown, subject: string): RpcAnswer {
  const message = messageOf(body)
  if (message === undefined) return { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid request' } }
  const { id, method, params } = message
  if (id === undefined) return undefined
  const done = (result: object): RpcAnswer => ({ jsonrpc: '2.0', id, result })
  const failed = (code: number, text: string): RpcAnswer => ({ jsonrpc: '2.0', id, error: { code, message: text } })
  switch (method) {
    case 'initialize':
      return done(initialized(message))
    case 'ping':
      return done({})
    case 'tools/list':
      return done({ tools })
    case 'tools/call': {
      const text = said(params['name'], subject)
      return text === undefined ? failed(-32602, 'Unknown tool') : done({ content: [{ type: 'text', text }] })
    }
    default:
      return failed(-32601, 'Method not found')
  }
}
