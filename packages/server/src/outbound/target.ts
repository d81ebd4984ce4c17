import { isIP } from 'node:net'

export type FetchTarget = {
  /** Host as it stands in `host` and in budgets, with a port that is not the default one. */
  readonly authority: string
  /** Name or address without brackets. */
  readonly host: string
  readonly port: number
  readonly secure: boolean
  /** Path and query. */
  readonly path: string
}

const maxUrl = 2048

const isLoopbackName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost')

/** Names of this machine itself, which no resolver is asked about (RFC 6761 section 6.3), and addresses written as such. */
export function fixedAddresses(host: string): readonly string[] | undefined {
  if (isIP(host) !== 0) return [host]
  return isLoopbackName(host) ? ['127.0.0.1', '::1'] : undefined
}

/**
 * Where a URL leads, or `undefined` for one that is not fetched: https on port 443 or above 1023, no user information, no
 * fragment, no trailing dot. The URL parser writes every form of an IPv4 address (decimal, octal, hexadecimal) as one.
 */
export function fetchTarget(text: string, loopback: boolean): FetchTarget | undefined {
  if (text.length > maxUrl || !/^https?:\/\/[\x21-\x7e]+$/.test(text) || text.includes('#') || text.includes('\\'))
    return undefined
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return undefined
  }
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (
    !secure &&
    !(loopback && url.protocol === 'http:' && (isLoopbackName(host) || host === '127.0.0.1' || host === '::1'))
  )
    return undefined
  if (
    text
      .slice(text.indexOf('//') + 2)
      .split(/[/?]/, 1)[0]
      ?.includes('@') !== false
  )
    return undefined
  if (host === '' || host.endsWith('.')) return undefined
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  if (port !== 443 && port <= 1023) return undefined
  return { authority: url.host, host, port, secure, path: `${url.pathname}${url.search}` }
}
