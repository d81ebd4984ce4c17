import { maxCertificateChain, readCertificate, type ClientCertificate } from './certificate.ts'
import { recentlyUsed, type RecentlyUsed } from './recently-used.ts'

/** How a proxy writes the certificate of its client: as RFC 9440 says, or as PEM with percent encoding (`$ssl_client_escaped_cert` of nginx). */
export const certificateForms = ['rfc9440', 'nginx'] as const
export type CertificateForm = (typeof certificateForms)[number]

/** Why a forwarded certificate does not count. */
export type CertificateFault = 'multiple' | 'syntax'

/** What came of the certificate of a request. */
export type PresentedCertificate = ClientCertificate | CertificateFault

/** The header of each form. */
export const certificateHeaders: Readonly<Record<CertificateForm, string>> = {
  rfc9440: 'client-cert',
  nginx: 'ssl-client-cert',
}

/** Headers in which somebody may try to pass a certificate off, whether they are read here or not (MT-01). */
export const certificateClaims = [
  'client-cert',
  'client-cert-chain',
  'ssl-client-cert',
  'x-client-cert',
  'x-forwarded-client-cert',
  'x-ssl-client-cert',
] as const

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** Longest header that is read (B-MTLS-12). */
const maxText = 16_384
const byteSequence = /^:([A-Za-z0-9+/]+={0,2}):$/
const escapedPem = /^-----BEGIN CERTIFICATE-----\n((?:[A-Za-z0-9+/]{1,76}={0,2}\n){1,300})-----END CERTIFICATE-----\n?$/

function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The DER bytes of a byte sequence of RFC 8941 section 3.3.5, which must be a certificate. */
function fromByteSequence(text: string): Buffer | undefined {
  const der = strictBase64(byteSequence.exec(text)?.[1] ?? '')
  return der !== undefined && readCertificate(der) !== undefined ? der : undefined
}

function fromEscapedPem(text: string): Buffer | undefined {
  let pem: string
  try {
    pem = decodeURIComponent(text)
  } catch {
    return undefined
  }
  const der = strictBase64((escapedPem.exec(pem)?.[1] ?? '').replaceAll('\n', ''))
  return der !== undefined && readCertificate(der) !== undefined ? der : undefined
}

function chainOf(text: string | undefined): readonly Buffer[] | undefined {
  if (text === undefined || text === '') return []
  const parts = text.split(',')
  if (parts.length > maxCertificateChain) return undefined
  const chain = parts.map((part) => fromByteSequence(part.trim()))
  return chain.every((der) => der !== undefined) ? chain : undefined
}

function read(text: string, chainText: string | undefined, form: CertificateForm): PresentedCertificate {
  if (text.length > maxText || (chainText?.length ?? 0) > maxText) return 'syntax'
  // Two headers come joined with a comma, which neither form has anywhere: a proxy added its own to that of the client.
  if (text.includes(',')) return 'multiple'
  const der = form === 'rfc9440' ? fromByteSequence(text) : fromEscapedPem(text)
  const chain = form === 'rfc9440' ? chainOf(chainText) : []
  return der === undefined || chain === undefined ? 'syntax' : { der, chain }
}

/** Reads the certificate out of the headers of a trusted proxy; `undefined` where there is none. */
export type CertificateReader = (headers: Headers) => PresentedCertificate | undefined

/** Certificates that are kept so that the same header need not be read again: clients come again and again. */
const most = 500

/**
 * A reader for one form (B-MTLS-12). Exactly one value, clean base64, one whole certificate and nothing behind it; a
 * certificate of a later request with the same header is the same object. It is for the caller to know that the peer is a
 * proxy that is trusted.
 */
export function createCertificateReader(form: CertificateForm): CertificateReader {
  const known: RecentlyUsed<ClientCertificate> = recentlyUsed(most)
  const name = certificateHeaders[form]
  return (headers) => {
    const sent = headers[name]
    const chain = form === 'rfc9440' ? headers['client-cert-chain'] : undefined
    if (sent === undefined || sent === '') return chain === undefined || chain === '' ? undefined : 'syntax'
    if (typeof sent !== 'string' || (chain !== undefined && typeof chain !== 'string')) return 'multiple'
    const key = chain === undefined ? sent : `${sent} ${chain}`
    const before = known.get(key)
    if (before !== undefined) return before
    const found = read(sent, chain, form)
    if (typeof found !== 'string') known.set(key, found)
    return found
  }
}
