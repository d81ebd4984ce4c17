import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * Special-use addresses of the IANA registries (RFC 6890 and what was registered since), with the class that events name.
 * The carve-outs that IANA calls globally reachable (AS112, AMT, PCP anycast) are here as well: no client lives there.
 */
const v4: readonly (readonly [network: string, prefix: number, name: string])[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'shared'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link_local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'protocol'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.31.196.0', 24, 'protocol'],
  ['192.52.193.0', 24, 'protocol'],
  ['192.88.99.0', 24, 'transition'],
  ['192.168.0.0', 16, 'private'],
  ['192.175.48.0', 24, 'protocol'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
]

const v6: readonly (readonly [network: string, prefix: number, name: string])[] = [
  ['::', 128, 'unspecified'],
  ['::1', 128, 'loopback'],
  ['::', 96, 'transition'],
  ['::ffff:0:0', 96, 'mapped'],
  ['::ffff:0:0:0', 96, 'transition'],
  ['64:ff9b:1::', 48, 'private'],
  ['100::', 64, 'discard'],
  ['100:0:0:1::', 64, 'protocol'],
  // Teredo, benchmarking, ORCHID and the rest of the IETF's own block.
  ['2001::', 23, 'protocol'],
  ['2001:db8::', 32, 'documentation'],
  ['2002::', 16, 'transition'],
  ['2620:4f:8000::', 48, 'protocol'],
  ['3fff::', 20, 'documentation'],
  ['5f00::', 16, 'protocol'],
  ['fc00::', 7, 'private'],
  ['fe80::', 10, 'link_local'],
  ['fec0::', 10, 'private'],
  ['ff00::', 8, 'multicast'],
]

type Range = { readonly name: string; readonly list: BlockList }

function range(network: string, prefix: number, family: 'ipv4' | 'ipv6', name: string): Range {
  const list = new BlockList()
  list.addSubnet(network, prefix, family)
  return { name, list }
}

const v4Ranges = v4.map(([network, prefix, name]) => range(network, prefix, 'ipv4', name))
// Networks that have IPv6 only reach the rest through 64:ff9b::/96: an address there is what it leads to (RFC 6052).
const nat64Ranges = v4.map(([network, prefix, name]) => range(`64:ff9b::${network}`, 96 + prefix, 'ipv6', name))
const v6Ranges = [...v6.map(([network, prefix, name]) => range(network, prefix, 'ipv6', name)), ...nat64Ranges]

const nat64 = range('64:ff9b::', 96, 'ipv6', 'transition').list
const globalUnicast = range('2000::', 3, 'ipv6', 'global').list

/** The class of an address that no fetch may go to; `undefined` for an address of the public internet (A-CIMD-08). */
export function specialUse(address: string): string | undefined {
  if (isIPv4(address)) return v4Ranges.find(({ list }) => list.check(address, 'ipv4'))?.name
  // A zone belongs to an interface of this machine.
  if (address.includes('%')) return 'link_local'
  if (!isIPv6(address)) return 'unknown'
  const known = v6Ranges.find(({ list }) => list.check(address, 'ipv6'))
  if (known !== undefined) return known.name
  return globalUnicast.check(address, 'ipv6') || nat64.check(address, 'ipv6') ? undefined : 'unassigned'
}
