import {
  certificateClaims,
  createCertificateReader,
  maxCertificateChain,
  type CertificateForm,
  type ClientCertificate,
  type PresentedCertificate,
} from '@sallyport/protocol'
import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { BlockList, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { peerOf, trusts } from './trusts.ts'

export type CertificateOptions = {
  /**
   * Where the certificates of clients come from: the TLS socket itself, or a header of the trusted proxies in one form (RFC
   * 9440 section 2, B-MTLS-11); from nowhere when left out.
   */
  readonly certificates?: 'socket' | CertificateForm | undefined
  /** Told the peer whose certificate header was not believed (MT-01). */
  readonly onCertificateIgnored?: ((peer: string) => void) | undefined
}

/** How the certificate of a request is found; `undefined` for a listener that takes none. */
export type CertificateSource = (req: IncomingMessage) => PresentedCertificate | undefined

const claimsOne = ({ headers }: IncomingMessage): boolean =>
  certificateClaims.some((name) => headers[name] !== undefined)

/**
 * Certificates out of TLS sockets or out of the header of trusted proxies, never out of both: a header counts from a
 * configured peer alone, and whatever else names a certificate is passed over and told (MT-01, B-MTLS-11).
 */
export function certificateSource(
  { certificates, onCertificateIgnored: ignored }: CertificateOptions,
  proxies: BlockList | undefined,
): CertificateSource | undefined {
  if (certificates === undefined) return undefined
  const tell = (req: IncomingMessage): void => {
    if (ignored !== undefined && claimsOne(req)) ignored(peerOf(req))
  }
  if (certificates === 'socket') {
    const known = new WeakMap<Socket, ClientCertificate | 'none'>()
    return (req) => {
      tell(req)
      const { socket } = req
      let found = known.get(socket)
      if (found === undefined) known.set(socket, (found = ofSocket(socket as TLSSocket) ?? 'none'))
      return found === 'none' ? undefined : found
    }
  }
  const read = createCertificateReader(certificates)
  return (req) => {
    if (proxies !== undefined && trusts(proxies, peerOf(req))) return read(req.headers)
    tell(req)
    return undefined
  }
}

/** What was proven in the handshake of this connection, and what the client sent along. */
function ofSocket(socket: TLSSocket): ClientCertificate | undefined {
  const own = socket.encrypted ? socket.getPeerX509Certificate() : undefined
  if (own === undefined) return undefined
  const chain: Buffer[] = []
  let next: X509Certificate | undefined = own.issuerCertificate
  while (next !== undefined && chain.length < maxCertificateChain) {
    chain.push(next.raw)
    next = next.issuerCertificate
  }
  return { der: own.raw, chain }
}
