import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { isIPv4 } from 'node:net'
import {
  bits,
  boolean,
  implicit,
  integer,
  octets,
  oid,
  printable,
  sequence,
  set,
  tagged,
  time,
  utf8,
  type Der,
} from './der.ts'

/** One or several attributes, each a short name or a dotted OID with its text. */
export type TestRdn = readonly (readonly [type: string, text: string])[]

export type TestCertificateOptions = {
  /** In the order of the certificate, the widest first; default: one CN. */
  readonly subject?: readonly TestRdn[]
  readonly names?: readonly {
    readonly dns?: string
    readonly uri?: string
    readonly email?: string
    readonly ip?: string
  }[]
  /** What the key may be used for; `any` leaves the extension out. */
  readonly usage?: 'client' | 'server' | 'any'
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** A private key that is used again, as at a renewal. */
  readonly key?: KeyObject
  /** A public key whose private half nobody has. */
  readonly publicKey?: KeyObject
  readonly ca?: boolean
  readonly pathLength?: number
  /** Further extensions, as they stand in the certificate. */
  readonly extensions?: readonly Uint8Array[]
}

export type TestCertificate = {
  /** PEM. */
  readonly certificate: string
  /** PKCS #8 as PEM. */
  readonly key: string
  readonly privateKey: KeyObject
  readonly der: Uint8Array
  readonly serial: Uint8Array
  /** `x5t#S256` (RFC 8705 section 3.1). */
  readonly thumbprint: string
}

/** A certification authority of a test. */
export type TestAuthority = TestCertificate & {
  /** A certificate of this authority. */
  issue(commonName: string, options?: TestCertificateOptions): TestCertificate
  /** An authority below this one. */
  authority(commonName: string, options?: TestCertificateOptions): TestAuthority
  /** A list of revoked certificates (RFC 5280 section 5), as PEM. */
  revocationList(revoked: readonly TestCertificate[], until?: Date): string
}

const attributes: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  UID: '0.9.2342.19200300.100.1.1',
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const day = 86_400_000

const name = (rdns: readonly TestRdn[]): Der =>
  sequence(
    ...rdns.map((rdn) =>
      set(
        ...rdn.map(([type, text]) =>
          sequence(oid(attributes[type] ?? type), type === 'C' ? printable(text) : utf8(text)),
        ),
      ),
    ),
  )

const pem = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** An extension of a certificate (RFC 5280 section 4.2). */
export const extension = (id: string, critical: boolean, content: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(content))

const addressBytes = (address: string): Buffer =>
  isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : Buffer.from(ipv6Hex(address), 'hex')

function ipv6Hex(address: string): string {
  const [head = '', tail = ''] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('')
}

function extensionsOf({
  names,
  usage = 'client',
  ca = false,
  pathLength,
  extensions = [],
}: TestCertificateOptions): Der {
  const all: Uint8Array[] = []
  if (ca) {
    all.push(
      extension('2.5.29.19', true, sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]))),
    )
    all.push(extension('2.5.29.15', true, bits(Buffer.from([0x06]), 1)))
  } else if (usage !== 'any') {
    const purpose = usage === 'client' ? '1.3.6.1.5.5.7.3.2' : '1.3.6.1.5.5.7.3.1'
    all.push(extension('2.5.29.37', false, sequence(oid(purpose))))
  }
  const general = (names ?? []).map(({ dns, uri, email, ip }) => {
    if (dns !== undefined) return implicit(2, Buffer.from(dns))
    if (uri !== undefined) return implicit(6, Buffer.from(uri))
    return email === undefined ? implicit(7, addressBytes(ip ?? '127.0.0.1')) : implicit(1, Buffer.from(email))
  })
  if (general.length > 0) all.push(extension('2.5.29.17', false, sequence(...general)))
  return sequence(...all, ...extensions)
}

type Issuer = { readonly subject: Der; readonly key: KeyObject }
let serials = 0

function build(subject: Der, issuer: Issuer | undefined, options: TestCertificateOptions): TestCertificate {
  const privateKey = options.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const publicKey = (options.publicKey ?? createPublicKey(privateKey)).export({ type: 'spki', format: 'der' })
  const serial = Buffer.from([0x40, (serials >> 8) & 0xff, serials++ & 0xff])
  const now = Date.now()
  const validity = sequence(
    time(options.notBefore ?? new Date(now - day)),
    time(options.notAfter ?? new Date(now + day)),
  )
  const extensions = extensionsOf(options)
  const signed = sequence(
    tagged(0, integer(2)),
    integer(serial),
    ecdsaWithSha256,
    issuer?.subject ?? subject,
    validity,
    subject,
    publicKey,
    ...(extensions.length > 2 ? [tagged(3, extensions)] : []),
  )
  const signature = sign('sha256', signed, issuer?.key ?? privateKey)
  const der = sequence(signed, ecdsaWithSha256, bits(signature))
  return {
    certificate: pem('CERTIFICATE', der),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    privateKey,
    der,
    serial,
    thumbprint: createHash('sha256').update(der).digest('base64url'),
  }
}

function revocationList(issuer: Issuer, revoked: readonly TestCertificate[], until: Date): string {
  const entries = revoked.map(({ serial }) => sequence(integer(serial), time(new Date(Date.now() - day))))
  const signed = sequence(
    integer(1),
    ecdsaWithSha256,
    issuer.subject,
    time(new Date(Date.now() - day)),
    time(until),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
  )
  return pem('X509 CRL', sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, issuer.key))))
}

const subjectOf = (commonName: string, { subject }: TestCertificateOptions): Der =>
  name(subject ?? [[['CN', commonName]]])

function authorityOf(commonName: string, parent: Issuer | undefined, options: TestCertificateOptions): TestAuthority {
  const subject = subjectOf(commonName, options)
  const own = build(subject, parent, { ca: true, ...options })
  const issuer: Issuer = { subject, key: own.privateKey }
  return {
    ...own,
    issue: (leaf, more = {}) => build(subjectOf(leaf, more), issuer, more),
    authority: (below, more = {}) => authorityOf(below, issuer, more),
    revocationList: (revoked, until = new Date(Date.now() + day)) => revocationList(issuer, revoked, until),
  }
}

/** An authority that trusts itself alone. For tests: nothing about it is protected. */
export const createTestAuthority = (commonName: string, options: TestCertificateOptions = {}): TestAuthority =>
  authorityOf(commonName, undefined, options)

/** A certificate that nobody but its own key has signed, as clients of `self_signed_tls_client_auth` have. */
export const selfSignedCertificate = (commonName: string, options: TestCertificateOptions = {}): TestCertificate =>
  build(subjectOf(commonName, options), undefined, options)
