import { pemBlocks, readCertificate } from '@sallyport/protocol'
import type { X509Certificate } from 'node:crypto'
import type { CertificateCheck } from './model/certificate.ts'
import { PolicyError } from './policy.ts'

/** Mutual TLS (RFC 8705): who asks clients for certificates, and what they are held against. */
export type MutualTlsOptions = {
  /**
   * Origin of the host that asks for certificates, where that is another than the issuer's: the metadata then name the
   * endpoints there, and nothing else is served there (RFC 8705 section 5).
   */
  readonly url?: string | undefined
  /** For clients of `tls_client_auth`; without them there are none. */
  readonly authorities?: AuthorityFiles | undefined
}

/** Whose word about client certificates counts. */
export type AuthorityFiles = {
  /** Certificates of the authorities, as PEM. */
  readonly anchors: string
  /**
   * Lists of revoked certificates as PEM, asked for at each check so that they can be renewed. Where there are any, an issuer
   * without a list in force vouches for nobody.
   */
  readonly revocationLists?: (() => string) | undefined
}

/** Mutual TLS as one issuer has it; there is none where an operator did not ask for it. */
export type MutualTls = {
  /** Origin of the other host; `undefined` where the issuer's own asks for certificates. */
  readonly origin: string | undefined
  /** The same as a Host header has it. */
  readonly host: string | undefined
  /** `undefined` where no authority is trusted, so that there are no clients of `tls_client_auth`. */
  readonly check: CertificateCheck | undefined
}

const fault = (key: 'url' | 'authorities', problem: string, fix: string): PolicyError =>
  new PolicyError([{ key: `mutualTls.${key}`, problem, fix }])

type Issuer = { readonly origin: string; readonly secure: boolean }

/** Throws PolicyError for an address or an authority that is none. */
export function createMutualTls(
  options: MutualTlsOptions | undefined,
  issuer: Issuer,
  checkWith: (authorities: AuthorityFiles) => CertificateCheck,
): MutualTls | undefined {
  if (options === undefined) return undefined
  const { url, authorities } = options
  requireAuthorities(authorities)
  const other = url === undefined ? undefined : originOf(url, issuer)
  const elsewhere = other !== undefined && other !== issuer.origin
  return {
    origin: elsewhere ? other : undefined,
    host: elsewhere ? new URL(other).host : undefined,
    check: authorities === undefined ? undefined : checkWith(authorities),
  }
}

function originOf(url: string, { secure }: Issuer): string {
  const fix = 'use the origin alone, such as https://mtls.id.example.com'
  if (!URL.canParse(url)) throw fault('url', 'is no address', fix)
  const { origin, protocol } = new URL(url)
  if (url !== origin && url !== `${origin}/`) throw fault('url', 'has more than an origin', fix)
  if (protocol !== 'https:' && (protocol !== 'http:' || secure)) throw fault('url', 'is no https address', fix)
  return origin
}

/** Most authorities, each of which may cost a signature. */
const maxAuthorities = 100

function requireAuthorities(authorities: AuthorityFiles | undefined): void {
  if (authorities === undefined) return
  const fix = 'name certificates of authorities in PEM'
  const anchors = certificatesIn(authorities.anchors)
  if (anchors === undefined) throw fault('authorities', 'has a certificate that cannot be read', fix)
  if (anchors.length === 0 || anchors.length > maxAuthorities)
    throw fault('authorities', `has ${anchors.length} certificates; 1 to ${maxAuthorities} are taken`, fix)
  const other = anchors.find(({ ca }) => !ca)
  if (other !== undefined) throw fault('authorities', `${other.subject} is no authority`, fix)
}

function certificatesIn(pem: string): readonly X509Certificate[] | undefined {
  const read = pemBlocks(pem, 'CERTIFICATE').map(readCertificate)
  return read.every((one) => one !== undefined) ? read : undefined
}

/** Endpoints that clients call themselves, by their names in the metadata (RFC 8705 section 5, B-MTLS-10). */
const aliased = [
  'token_endpoint',
  'pushed_authorization_request_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'device_authorization_endpoint',
  'backchannel_authentication_endpoint',
] as const

type Place = { readonly origin: string; readonly mutualTls: MutualTls | undefined }

const aliasOf = ({ origin }: Place, other: string, address: string): string => `${other}${address.slice(origin.length)}`

/** `mtls_endpoint_aliases` for the endpoints that the metadata name; `undefined` where there is no other host. */
export function endpointAliases(
  place: Place,
  metadata: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | undefined {
  const other = place.mutualTls?.origin
  if (other === undefined) return undefined
  return Object.fromEntries(
    aliased.flatMap((name) => {
      const address = metadata[name]
      return typeof address === 'string' ? [[name, aliasOf(place, other, address)]] : []
    }),
  )
}

/** The same, by their names in the context. */
const paths = ['token', 'pushed', 'introspect', 'revoke', 'userinfo', 'deviceAuthorization', 'backchannel']

/** Whether a path is that of an endpoint on the other host. */
export const isAliased = (
  { endpoints, origin }: Place & { readonly endpoints: Readonly<Record<string, string>> },
  path: string,
): boolean => paths.some((name) => endpoints[name] === `${origin}${path}`)

/** Under which addresses an endpoint is reached: its own, and its alias where there is one. */
export function addressesOf(place: Place, address: string): string | readonly string[] {
  const other = place.mutualTls?.origin
  return other === undefined ? address : [address, aliasOf(place, other, address)]
}
