import type { IncomingMessage } from 'node:http'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  certificateForms,
  certificateThumbprint,
  createCertificateReader,
  type CertificateForm,
  type PresentedCertificate,
} from '@sallyport/protocol'

/** How an API gets to see the certificates of its clients (RFC 8705 section 3, RFC 9440). */
export type CertificateOptions = {
  /**
   * `socket`: from TLS connections to this server, which has to ask for certificates (`requestCert`). Otherwise in which form
   * the proxies in front write them into a header: `rfc9440` is `Client-Cert`, `nginx` is `ssl-client-cert`.
   */
  readonly from: 'socket' | CertificateForm
  /** Addresses and CIDR ranges of those proxies. The header of anybody else is ignored. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Told the address of a peer whose header was ignored: somebody tries to pass a certificate off. */
  readonly onUntrusted?: ((peer: string) => void) | undefined
}

/** Finds the certificate of a request; `undefined` where there is none. */
export type CertificateSource = (req: IncomingMessage) => PresentedCertificate | undefined

function proxyList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
    if (family === undefined) throw new TypeError(`trustedProxies: ${range} is neither an address nor a range`)
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

const trusts = (list: BlockList, address: string): boolean =>
  isIPv4(address) ? list.check(address, 'ipv4') : isIPv6(address) && list.check(address, 'ipv6')

/** Makes what finds certificates. Throws TypeError for options with which anybody could say which one he has. */
export function createCertificateSource({
  from,
  trustedProxies = [],
  onUntrusted,
}: CertificateOptions): CertificateSource {
  if (from === 'socket') return ofSocket
  if (!certificateForms.includes(from))
    throw new TypeError(`from must be socket, ${certificateForms.join(' or ')}: ${String(from)}`)
  if (trustedProxies.length === 0) throw new TypeError('trustedProxies must name the proxies that pass certificates on')
  const list = proxyList(trustedProxies)
  const read = createCertificateReader(from)
  return (req) => {
    const peer = (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const found = read(req.headers)
    if (trusts(list, peer)) return found
    if (found !== undefined) onUntrusted?.(peer)
    return undefined
  }
}

/** What was proven in the handshake of the connection; whoever has no TLS has proven nothing. */
function ofSocket({ socket }: IncomingMessage): PresentedCertificate | undefined {
  const { encrypted, getPeerX509Certificate } = socket as Partial<TLSSocket>
  const own = encrypted === true ? getPeerX509Certificate?.call(socket) : undefined
  return own === undefined ? undefined : { der: own.raw, chain: [] }
}

/** What is wrong with the certificate of a request for a token that is bound to one (B-MTLS-07). */
export function certificateFault(
  thumbprint: string,
  presented: PresentedCertificate | undefined,
): 'certificate_missing' | 'certificate_syntax' | 'certificate_mismatch' | undefined {
  if (presented === undefined) return 'certificate_missing'
  if (typeof presented === 'string') return 'certificate_syntax'
  return certificateThumbprint(presented.der) === thumbprint ? undefined : 'certificate_mismatch'
}
