import type { Command } from 'commander'
import { addCommand, addGroup, type Call } from '../command.ts'
import type { Finding } from '../doctor/finding.ts'
import { exitCode, usage, type ExitCode } from '../failure.ts'
import type { ClientPath } from '../mcp/capabilities.ts'
import { examineMcpServer } from '../mcp/examine-server.ts'
import { isSafeTransport } from '../mcp/fetch-document.ts'

/** Adds `sallyport mcp doctor`. */
export function addMcp(program: Command): void {
  const group = addGroup(program, 'mcp', 'look at MCP servers as clients see them')
  addCommand(
    group,
    'doctor <server-url>',
    'walk the discovery chain of an MCP server and tell what clients will do',
    doctor,
  ).option('--anywhere', 'follow addresses into private networks too, where clients of strangers would stop')
}

async function doctor(
  call: Call,
  { anywhere = false }: { readonly anywhere?: boolean },
  [url = '']: readonly string[],
): Promise<ExitCode> {
  const server = URL.canParse(url) ? new URL(url) : undefined
  if (server === undefined || !isSafeTransport(server))
    throw usage('the address of an MCP server begins with https:// (or is plain http on this machine)')
  server.hash = ''
  const { checks, clients } = await call.terminal.during('looking', examineMcpServer(server, anywhere))
  const healthy = checks.every(({ state }) => state === 'ok')
  call.terminal.data({ healthy, checks, clients }, [...checks.map(checkLine), ...clients.map(clientLine)].join('\n'))
  return healthy ? exitCode.ok : exitCode.found
}

// What strangers answered is shown without characters that steer a terminal.
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?').slice(0, 1000)

function checkLine({ check, state, message, remedy }: Finding): string {
  const text = printable(`${state === 'ok' ? 'ok     ' : 'FINDING'} ${check}: ${message}`)
  return remedy === undefined ? text : `${text}\n        ${remedy}`
}

const clientLine = ({ kind, will, issuer }: ClientPath): string => printable(`A client by ${kind}: ${will} (${issuer})`)
