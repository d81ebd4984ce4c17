import { isIPv4 } from 'node:net'
import type { ConfigFault } from './config/layers.ts'
import type { Config } from './config/load.ts'

/** True for addresses that only programs of this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/**
 * A public listener that speaks plain http may only be reached from this machine or through a proxy that ends TLS
 * (A-BCP-04, HH-10).
 */
export function bindFaults({ http, tls }: Config): readonly ConfigFault[] {
  if (tls.cert !== undefined || isLoopback(http.host) || http.trustedProxies.length > 0) return []
  return [
    {
      key: 'http.host',
      origin: http.host,
      problem: 'plain http would be reachable from other machines',
      fix: 'set tls.cert and tls.key, bind to 127.0.0.1, or name the proxy that ends TLS in http.trustedProxies',
      kind: 'weak',
    },
  ]
}
