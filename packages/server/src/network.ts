import { isIPv4, isIPv6 } from 'node:net'

/** The eight groups of an IPv6 address, canonical. */
function groups(address: string): readonly string[] {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...middle, ...right].map((group) => Number.parseInt(group, 16).toString(16))
}

/**
 * The network a request is counted under (A-RATE-04): an IPv4 address, also when written as an IPv4-mapped IPv6 address,
 * or the first 64 bits of an IPv6 address. Anything else is `unknown`.
 */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address
  const bare = address.split('%')[0] ?? ''
  const mapped = /^::ffff:([0-9.]+)$/i.exec(bare)?.[1]
  if (mapped !== undefined && isIPv4(mapped)) return mapped
  if (!isIPv6(bare)) return 'unknown'
  const lastColon = bare.lastIndexOf(':')
  const plain = bare.includes('.') ? `${bare.slice(0, lastColon)}:0:0` : bare
  return `${groups(plain).slice(0, 4).join(':')}::/64`
}
