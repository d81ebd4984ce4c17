import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6, type BlockList } from 'node:net'

/** The address at the other end of the socket. */
export const peerOf = (req: IncomingMessage): string => (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '')

export const trusts = (list: BlockList, address: string): boolean =>
  isIPv4(address) ? list.check(address, 'ipv4') : isIPv6(address) && list.check(address, 'ipv6')
