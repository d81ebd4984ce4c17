import type { SignedReport } from '@sallyport/server/prove'
import type { Config } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { objectIn } from './mcp/fetch-document.ts'

/** Most bytes of a signed report; one of a server with every door open has a quarter of that. */
const largestReport = 4 * 1024 * 1024

const patience = 5000

/** A signed report in a text; `undefined` when it holds something else. Whether it is genuine is another question. */
export function reportIn(text: string): SignedReport | undefined {
  const { report, signature } = (text.length > largestReport ? undefined : objectIn(text)) ?? {}
  if (typeof signature !== 'string' || typeof report !== 'object' || report === null) return undefined
  return { report: report as SignedReport['report'], signature }
}

/** Where health and metrics of this configuration are asked for from this machine. */
function managementUrl({ management: { host, port } }: Config): string {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const address = everywhere[host] ?? host
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** The newest report of the running server, as it says at its management port. */
export async function lastProof(config: Config): Promise<SignedReport> {
  const url = `${managementUrl(config)}/proof`
  const { status, text } = await ask(url)
  const found = reportIn(text)
  if (status === 200 && found !== undefined) return found
  const { status: why } = objectIn(text) ?? {}
  const told = typeof why === 'string' ? why.slice(0, 200) : `it answers ${status}`
  throw new CommandFailure(status === 503 ? exitCode.missing : exitCode.failed, `there is no report at ${url}: ${told}`)
}

async function ask(url: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patience) })
    return { status: response.status, text: await readBounded(response) }
  } catch {
    const hint = 'is the server running, and are management.host and management.port its own?'
    throw new CommandFailure(exitCode.unreachable, `${url} does not answer; ${hint}`)
  }
}

/** The body, or nothing of it when it is too large. */
async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > largestReport) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
