import { connect as connectPlain, isIP } from 'node:net'
import type { Connect, Resolve } from '../model/outbound.ts'

/**
 * Asks the name servers for both families. Not the system's resolver: it works on the threads that files and keys need,
 * and it knows names of the local network.
 */
export const resolveName: Resolve = async (host) => {
  const { Resolver } = await import('node:dns/promises')
  const resolver = new Resolver({ timeout: 1500, tries: 1 })
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  if (addresses.length === 0) throw new Error('no address')
  return addresses
}

/**
 * Connects to the address alone; the name is only what the certificate is held against. Said in full, because an
 * environment variable can turn verification off for whoever does not.
 */
export const connectTo: Connect = async ({ address, port, host, secure }, signal) => {
  const tls = await import('node:tls')
  return new Promise((resolve, reject) => {
    const socket = secure
      ? tls.connect({
          host: address,
          port,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ALPNProtocols: ['http/1.1'],
          minVersion: 'TLSv1.2',
          rejectUnauthorized: true,
        })
      : connectPlain({ host: address, port })
    const give = (): void => void socket.destroy(new Error('gave up'))
    signal.addEventListener('abort', give, { once: true })
    socket.once('error', reject)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', give)
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
