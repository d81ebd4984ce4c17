import { BlockList, isIPv4 } from 'node:net'

/** Tells whether an address is one of the given addresses and CIDR ranges, which must be valid. */
export function createNetworkList(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  const family = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6')
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    if (prefix === undefined) list.addAddress(address, family(address))
    else list.addSubnet(address, Number(prefix), family(address))
  }
  return (address) => {
    const bare = address.replace(/^::ffff:/, '')
    return bare !== '' && list.check(bare, family(bare))
  }
}
