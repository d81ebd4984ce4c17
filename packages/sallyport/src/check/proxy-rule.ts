import { BlockList, isIPv4 } from 'node:net'
import type { CheckFinding } from './finding.ts'
import type { Subject } from './subject.ts'

/** The largest ranges that anybody has to themselves: 10.0.0.0/8 (RFC 1918) and fc00::/7 (RFC 4193). */
const widest = { ipv4: 8, ipv6: 7 } as const

const mappedBits = 96
const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', mappedBits, 'ipv6')

/** True for a range that holds addresses of strangers, also when it writes IPv4 as IPv6 (RFC 4291 section 2.5.5.2). */
export function isAnybody(range: string): boolean {
  const [address = '', written] = range.split('/')
  if (written === undefined) return false
  const bits = Number(written)
  if (isIPv4(address)) return bits < widest.ipv4
  if (bits < widest.ipv6) return true
  if (bits >= mappedBits) return mapped.check(address, 'ipv6') && bits - mappedBits < widest.ipv4
  const list = new BlockList()
  list.addSubnet(address, bits, 'ipv6')
  return list.check('::ffff:8.8.8.8', 'ipv6')
}

/** Whoever is taken for a proxy says where a request comes from, and so goes round every limit by network (A-GEN-06). */
export function proxyFindings({ config, resolved }: Subject): readonly CheckFinding[] {
  return config.http.trustedProxies.filter(isAnybody).map((range) => ({
    rule: 'proxy-anybody',
    key: 'http.trustedProxies',
    origin: resolved.get('http.trustedProxies')?.origin ?? 'default',
    problem: `${range} lets strangers say where their requests come from`,
    fix: 'name the addresses of the proxies, or the network they alone are in',
  }))
}
