import { clockSkew, maxCertificateChain, seconds, type ClientCertificate, type Seconds } from '@sallyport/protocol'
import type { CertificateRevocationList } from 'pkijs'
import type { VouchedCertificate } from '../model/certificate.ts'
import { extensionOf, namesOf, parseCertificate, type ParsedCertificate } from './certificate-parts.ts'

/** What client certificates are held against: authorities, and what those took back. */
export type TrustedAuthorities = {
  readonly anchors: readonly ParsedCertificate[]
  /** `undefined` where nobody takes certificates back. */
  readonly revocationLists: readonly CertificateRevocationList[] | undefined
}

/** A path from the client's certificate to a trusted authority. */
type Path = readonly [ParsedCertificate, ...ParsedCertificate[]]

/** Extensions that are looked at here; a critical one that is not among them is a condition that nobody would check (RFC 5280 section 4.2). */
const known: ReadonlySet<string> = new Set(['2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.32', '2.5.29.37'])
const nameConstraints = '2.5.29.30'
const basicConstraints = '2.5.29.19'
const keyUsage = '2.5.29.15'
const clientAuthentication = '1.3.6.1.5.5.7.3.2'

/** SHA-256 and better with RSA, RSA-PSS or ECDSA, and Ed25519: older digests can be forged. */
const algorithms: ReadonlySet<string> = new Set([
  ...['1.2.840.113549.1.1.10', '1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'],
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4', '1.3.101.112'],
])

/** Signatures that one request may cost, however its certificates refer to each other. */
const maxSignatures = 30

/**
 * Whether a certificate leads to a trusted authority and may be used for client authentication (RFC 5280 section 6, B-MTLS-02):
 * signatures, names, validity, authorities that are authorities, path length, purposes, revocation. What is not understood is
 * refused: an authority with name constraints, a critical extension of another kind. A text says what is wrong, for the operator.
 */
export async function validCertificate(
  trusted: TrustedAuthorities,
  { der, chain }: ClientCertificate,
  now: Seconds,
): Promise<VouchedCertificate | string> {
  const leaf = await parseCertificate(der)
  if (leaf === undefined) return 'it cannot be read'
  if (chain.length > maxCertificateChain) return 'its chain is too long'
  const sent = await Promise.all(chain.map(parseCertificate))
  const links = sent.filter((link) => link !== undefined)
  const own = leafFault(leaf)
  if (own !== undefined) return own
  const path = findPath(leaf, links, trusted, now)
  if (typeof path === 'string') return path
  const until = path.map(({ certificate }) => certificate.validToDate.getTime() / 1000)
  const { revocationLists } = trusted
  if (revocationLists !== undefined) {
    const checked = await revocation(path, revocationLists, now)
    if (typeof checked === 'string') return checked
    until.push(checked)
  }
  const names = await namesOf(leaf)
  return names === undefined ? 'its names cannot be read' : { names, until: seconds(Math.min(...until)) }
}

/** For what a certificate may be used; without the extension for everything (RFC 5280 section 4.2.1.12). */
const servesClients = ({ certificate: { keyUsage: purposes } }: ParsedCertificate): boolean =>
  (purposes as readonly string[] | undefined)?.includes(clientAuthentication) !== false

function leafFault(leaf: ParsedCertificate): string | undefined {
  if (!servesClients(leaf)) return 'it is not for client authentication'
  const bits = bitsOf(leaf)
  // Digital signature, or key agreement, as handshakes prove them.
  return bits === undefined || (bits & 0x88) !== 0 ? undefined : 'its key is not for signatures'
}

/** The first bits of the key usage; `undefined` without the extension. */
function bitsOf(parsed: ParsedCertificate): number | undefined {
  const extension = extensionOf(parsed, keyUsage)
  if (extension === undefined) return undefined
  const value = extension.parsedValue as { readonly valueBlock?: { readonly valueHexView?: Uint8Array } } | undefined
  return value?.valueBlock?.valueHexView?.[0] ?? 0
}

const isTaken = ({ parts }: ParsedCertificate): boolean =>
  algorithms.has(parts.signatureAlgorithm.algorithmId) &&
  (parts.extensions ?? []).every(({ critical, extnID }) => !critical || known.has(extnID))

const isNow = ({ certificate }: ParsedCertificate, now: Seconds): boolean =>
  certificate.validFromDate.getTime() / 1000 <= now + clockSkew && certificate.validToDate.getTime() / 1000 > now

/** How many authorities may stand below this one; `undefined` for any number. */
function pathLength(parsed: ParsedCertificate): number | undefined {
  const value = extensionOf(parsed, basicConstraints)?.parsedValue as
    { readonly pathLenConstraint?: number | { readonly valueBlock: { readonly valueDec: number } } } | undefined
  const limit = value?.pathLenConstraint
  return typeof limit === 'object' ? limit.valueBlock.valueDec : limit
}

/** Whether an authority may have signed what leads to it so far. */
function mayIssue(authority: ParsedCertificate, below: Path, now: Seconds): boolean {
  const limit = pathLength(authority)
  return (
    authority.certificate.ca &&
    servesClients(authority) &&
    isTaken(authority) &&
    extensionOf(authority, nameConstraints) === undefined &&
    isNow(authority, now) &&
    // Those between the client's certificate and this authority.
    (limit === undefined || below.length - 1 <= limit)
  )
}

function findPath(
  leaf: ParsedCertificate,
  links: readonly ParsedCertificate[],
  { anchors }: TrustedAuthorities,
  now: Seconds,
): Path | string {
  if (!isNow(leaf, now)) return 'it is not valid now'
  if (!isTaken(leaf)) return 'it has a condition or a signature that is not taken here'
  if (anchors.some((anchor) => anchor.certificate.raw.equals(leaf.certificate.raw))) return 'it is that of an authority'
  let left = maxSignatures
  const signed = (by: ParsedCertificate, one: ParsedCertificate): boolean => {
    if (left === 0 || !one.certificate.checkIssued(by.certificate)) return false
    left--
    return one.certificate.verify(by.certificate.publicKey)
  }
  const extended = (path: Path): Path | undefined => {
    const last = path.at(-1) ?? leaf
    const anchor = anchors.find((one) => mayIssue(one, path, now) && signed(one, last))
    if (anchor !== undefined) return [...path, anchor]
    if (path.length > maxCertificateChain) return undefined
    for (const link of links) {
      // Certificates that have signed each other lead nowhere.
      if (path.includes(link) || !mayIssue(link, path, now) || !signed(link, last)) continue
      const found = extended([...path, link])
      if (found !== undefined) return found
    }
    return undefined
  }
  return extended([leaf]) ?? 'it leads to no trusted authority'
}

/** Until when it is known that nothing of a path was taken back; a text where something was, or where nobody can tell any more. */
async function revocation(
  path: Path,
  lists: readonly CertificateRevocationList[],
  now: Seconds,
): Promise<number | string> {
  let until = Number.POSITIVE_INFINITY
  for (const [index, { parts }] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1]
    if (issuer === undefined) break
    const list = await currentList(issuer, lists, now)
    if (list === undefined) return 'there is no revocation list in force of its issuer'
    if (list.isCertificateRevoked(parts)) return 'it was revoked'
    until = Math.min(until, (list.nextUpdate?.value.getTime() ?? 0) / 1000)
  }
  return until
}

const signsLists = 0x02

async function currentList(
  issuer: ParsedCertificate,
  lists: readonly CertificateRevocationList[],
  now: Seconds,
): Promise<CertificateRevocationList | undefined> {
  if (((bitsOf(issuer) ?? signsLists) & signsLists) === 0) return undefined
  for (const list of lists) {
    const { thisUpdate, nextUpdate, crlExtensions, signatureAlgorithm } = list
    const begun = thisUpdate.value.getTime() / 1000 <= now + clockSkew
    const inForce = begun && nextUpdate !== undefined && nextUpdate.value.getTime() / 1000 > now
    const whole = crlExtensions?.extensions.some(({ critical }) => critical) !== true
    if (!inForce || !whole || !algorithms.has(signatureAlgorithm.algorithmId)) continue
    if (await signedBy(list, issuer)) return list
  }
  return undefined
}

async function signedBy(list: CertificateRevocationList, { parts }: ParsedCertificate): Promise<boolean> {
  try {
    return await list.verify({ issuerCertificate: parts })
  } catch {
    return false
  }
}
