import { parseIssuer } from '@sallyport/server'
import type { Config } from '../config/load.ts'
import { bad, ok, type Finding } from './finding.ts'

type Looked = {
  readonly findings: readonly Finding[]
  /** The server's clock in seconds, when it answered. */
  readonly serverTime: number | undefined
}

const patience = 5000

/** Where clients read about the issuer, and what stands there. */
export async function issuerFindings(config: Config, stored: string | undefined): Promise<Looked> {
  if (stored === undefined)
    return {
      findings: [bad('issuer', 'the store knows none', 'run: sallyport migrate --issuer URL')],
      serverTime: undefined,
    }
  if (config.issuer !== undefined && config.issuer !== stored) {
    const message = `the configuration says ${config.issuer}, the store belongs to ${stored}`
    return {
      findings: [bad('issuer', message, 'use the issuer of the store, or another store')],
      serverTime: undefined,
    }
  }
  const { secure, origin, basePath } = parseIssuer(stored)
  const plain = secure ? [] : [ok('issuer', `${stored} is plain http, which is for development on this machine`)]
  const looked = await look(`${origin}${basePath}/.well-known/openid-configuration`, stored)
  return { findings: [...plain, ...looked.findings], serverTime: looked.serverTime }
}

async function look(url: string, issuer: string): Promise<Looked> {
  let response: Response
  try {
    response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(patience) })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
    const remedy = 'start the server, or look at DNS, TLS and the proxy in front of it'
    return { findings: [bad('issuer', `${url} does not answer ${cause}`.trimEnd(), remedy)], serverTime: undefined }
  }
  const serverTime = Date.parse(response.headers.get('date') ?? '') / 1000
  const document = (await response.json().catch(() => ({}))) as { readonly issuer?: unknown }
  const findings =
    response.status === 200 && document.issuer === issuer
      ? [ok('issuer', `${url} answers for ${issuer}`)]
      : [
          bad(
            'issuer',
            `${url} answers ${response.status} for another issuer`,
            'let the proxy pass this address on to this server',
          ),
        ]
  return { findings, serverTime: Number.isNaN(serverTime) ? undefined : serverTime }
}
