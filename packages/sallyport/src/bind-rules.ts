import { isIPv4 } from 'node:net'
import type { ConfigFault } from './config/layers.ts'
import type { Config } from './config/load.ts'

/** True for addresses that only programs of this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/**
 * The public listener speaks plain http: it may only be reached from this machine or through a proxy that ends TLS
 * (A-BCP-04, HH-10).
 */
export function bindFaults({ http }: Config): readonly ConfigFault[] {
  if (isLoopback(http.host) || http.trustedProxies.length > 0) return []
  return [
    {
      key: 'http.host',
      origin: http.host,
      problem: 'plain http would be reachable from other machines',
      fix: 'bind to 127.0.0.1, or name the proxy that ends TLS in http.trustedProxies',
      kind: 'weak',
    },
  ]
}
