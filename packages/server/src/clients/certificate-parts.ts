import { readCertificate, type DistinguishedName, type NameAttribute } from '@sallyport/protocol'
import type { X509Certificate } from 'node:crypto'
import type { Certificate, CertificateRevocationList, Extension } from 'pkijs'
import type { CertificateNames } from '../model/certificate.ts'

/** A certificate as OpenSSL reads it, and as its parts: the one knows about signatures, the other about what is written in it. */
export type ParsedCertificate = { readonly certificate: X509Certificate; readonly parts: Certificate }

/** Loaded with the first certificate: no server without mutual TLS needs it. */
const pki = () => import('pkijs')
const asn1 = () => import('asn1js')

/** Reads a certificate to its end; `undefined` for what cannot be read, whatever is wrong with it. Never throws (B-MTLS-13). */
export async function parseCertificate(der: Uint8Array): Promise<ParsedCertificate | undefined> {
  const certificate = readCertificate(der)
  if (certificate === undefined) return undefined
  const { Certificate } = await pki()
  try {
    return { certificate, parts: Certificate.fromBER(new Uint8Array(der)) }
  } catch {
    return undefined
  }
}

/** Lists of revoked certificates, of DER bytes. Throws for what is none. */
export async function parseRevocationLists(
  lists: readonly Uint8Array[],
): Promise<readonly CertificateRevocationList[]> {
  const { CertificateRevocationList } = await pki()
  return lists.map((der) => CertificateRevocationList.fromBER(new Uint8Array(der)))
}

export const extensionOf = ({ parts }: ParsedCertificate, id: string): Extension | undefined =>
  parts.extensions?.find(({ extnID }) => extnID === id)

/** Most names that are looked at (B-MTLS-13). */
const maxNames = 100
const alternativeName = '2.5.29.17'
const kinds: Readonly<Record<number, 'email' | 'dns' | 'uri'>> = { 1: 'email', 2: 'dns', 6: 'uri' }

/** Whom a certificate names; `undefined` where that cannot be read, or is too much. */
export async function namesOf(parsed: ParsedCertificate): Promise<CertificateNames | undefined> {
  try {
    const subject = await subjectOf(parsed)
    const names = { subject, dns: [] as string[], uri: [] as string[], email: [] as string[], ip: [] as Uint8Array[] }
    const extensions = parsed.parts.extensions?.filter(({ extnID }) => extnID === alternativeName) ?? []
    if (extensions.length > 1) return undefined
    const parsedValue: unknown = extensions[0]?.parsedValue
    const entries = hasNames(parsedValue) ? parsedValue.altNames : []
    if ((extensions.length === 1 && entries.length === 0) || entries.length > maxNames) return undefined
    for (const { type, value } of entries) {
      const kind = kinds[type]
      if (kind !== undefined && typeof value === 'string') names[kind].push(value)
      else if (type === 7) names.ip.push(octets(value))
    }
    return names
  } catch {
    return undefined
  }
}

type AlternativeNames = { readonly altNames: readonly { readonly type: number; readonly value: unknown }[] }

const hasNames = (value: unknown): value is AlternativeNames =>
  typeof value === 'object' && value !== null && 'altNames' in value && Array.isArray(value.altNames)

const octets = (value: unknown): Uint8Array =>
  (value as { readonly valueBlock: { readonly valueHexView: Uint8Array } }).valueBlock.valueHexView

/** The name with its sets of attributes, which the parts have lost; so it is read from its bytes. */
async function subjectOf({ parts }: ParsedCertificate): Promise<DistinguishedName> {
  const { fromBER, ObjectIdentifier, Sequence, Set: Asn1Set } = await asn1()
  const { result } = fromBER(parts.subject.toSchema().toBER())
  if (!(result instanceof Sequence)) throw new Error('a name is a sequence')
  return result.valueBlock.value.map((rdn) => {
    if (!(rdn instanceof Asn1Set)) throw new Error('a part of a name is a set')
    return rdn.valueBlock.value.map((entry): NameAttribute => {
      const [type, value] = entry instanceof Sequence ? entry.valueBlock.value : []
      const text: unknown = (value?.valueBlock as { readonly value?: unknown } | undefined)?.value
      if (!(type instanceof ObjectIdentifier) || typeof text !== 'string') throw new Error('an attribute has a text')
      return [type.valueBlock.toString(), text]
    })
  })
}
