import { parseDistinguishedName, sameName } from '@sallyport/protocol'
import { isIP } from 'node:net'
import type { CertificateNames } from '../model/certificate.ts'
import type { Client } from '../model/client.ts'

/** The members of which a client of `tls_client_auth` has exactly one (RFC 8705 section 2.1.2), with their names in metadata. */
export const subjectMembers = {
  tlsClientAuthSubjectDn: 'tls_client_auth_subject_dn',
  tlsClientAuthSanDns: 'tls_client_auth_san_dns',
  tlsClientAuthSanUri: 'tls_client_auth_san_uri',
  tlsClientAuthSanIp: 'tls_client_auth_san_ip',
  tlsClientAuthSanEmail: 'tls_client_auth_san_email',
} as const

export type SubjectMember = keyof typeof subjectMembers
export type SubjectMembers = Pick<Client, SubjectMember>

export const subjectNames = Object.keys(subjectMembers) as readonly SubjectMember[]

/** The members under their names in metadata; those without a value are left out of JSON. */
export const subjectMetadata = (client: SubjectMembers): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(subjectNames.map((name) => [subjectMembers[name], client[name]]))

const longest = 1000
const hostName =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/

/** What is wrong with a value; wildcards would name more than one, so they are no name (B-MTLS-04). */
const problems: Readonly<Record<SubjectMember, (value: string) => string | undefined>> = {
  tlsClientAuthSubjectDn: (value) =>
    parseDistinguishedName(value) === undefined
      ? 'must be a distinguished name such as CN=app,O=Example (RFC 4514)'
      : undefined,
  tlsClientAuthSanDns: (value) => (hostName.test(value) ? undefined : 'must be one host name, without a wildcard'),
  tlsClientAuthSanUri: (value) => (URL.canParse(value) ? undefined : 'must be an absolute URI'),
  tlsClientAuthSanIp: (value) => (isIP(value) === 0 ? 'must be an IPv4 or IPv6 address' : undefined),
  tlsClientAuthSanEmail: (value) => (emailParts(value) === undefined ? 'must be an e-mail address' : undefined),
}

/** What is wrong with the value of a member. */
export function subjectProblem(member: SubjectMember, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > longest) return 'must be a short text'
  return problems[member](value)
}

/** Part before the last @ as it is, and the host without regard to case (RFC 5280 section 7.5). */
function emailParts(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  const host = address.slice(at + 1)
  return at > 0 && hostName.test(host) ? `${address.slice(0, at)}@${host.toLowerCase()}` : undefined
}

/** The bytes of an address, however it is written. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // The platform's reader gives the one shortest form, with an IPv4 part as two groups.
  const host = new URL(`http://[${address.split('%', 1)[0] ?? ''}]/`).hostname.slice(1, -1)
  const [head = '', tail] = host.split('::')
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))
  const left = groups(head)
  const right = groups(tail ?? '')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** Whether a certificate is that of the client: by the one member that it was registered with, and by no other (MT-03). */
export function namesClient(client: SubjectMembers, names: CertificateNames): boolean {
  const member = subjectNames.find((name) => client[name] !== undefined)
  const value = member === undefined ? undefined : client[member]
  if (member === undefined || value === undefined) return false
  switch (member) {
    case 'tlsClientAuthSubjectDn': {
      const registered = parseDistinguishedName(value)
      return registered !== undefined && sameName(registered, names.subject)
    }
    case 'tlsClientAuthSanDns':
      return names.dns.some((name) => name.toLowerCase() === value.toLowerCase())
    case 'tlsClientAuthSanUri':
      return names.uri.includes(value)
    case 'tlsClientAuthSanIp':
      return names.ip.some((bytes) => addressBytes(value).equals(bytes))
    case 'tlsClientAuthSanEmail':
      return names.email.some(
        (address) => emailParts(address) !== undefined && emailParts(address) === emailParts(value),
      )
  }
}
