import { PolicyError } from './policy.ts'

/** Mutual TLS (RFC 8705): who asks clients for certificates, and what they are held against. */
export type MutualTlsOptions = {
  /**
   * Origin of the host that asks for certificates, where that is another than the issuer's: the metadata then name the
   * endpoints there, and nothing else is served there (RFC 8705 section 5).
   */
  readonly url?: string | undefined
}

/** Mutual TLS as one issuer has it; there is none where an operator did not ask for it. */
export type MutualTls = {
  /** Origin of the other host; `undefined` where the issuer's own asks for certificates. */
  readonly origin: string | undefined
  /** The same as a Host header has it. */
  readonly host: string | undefined
}

const fault = (problem: string): PolicyError =>
  new PolicyError([{ key: 'mutualTls.url', problem, fix: 'use the origin alone, such as https://mtls.id.example.com' }])

/** Throws PolicyError for an address that is none. */
export function createMutualTls(
  options: MutualTlsOptions | undefined,
  issuer: { readonly origin: string; readonly secure: boolean },
): MutualTls | undefined {
  if (options === undefined) return undefined
  const { url } = options
  if (url === undefined) return { origin: undefined, host: undefined }
  if (!URL.canParse(url)) throw fault('is no address')
  const { origin, host, protocol } = new URL(url)
  if (url !== origin && url !== `${origin}/`) throw fault('has more than an origin')
  if (protocol !== 'https:' && (protocol !== 'http:' || issuer.secure)) throw fault('is no https address')
  return origin === issuer.origin ? { origin: undefined, host: undefined } : { origin, host }
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
const paths = ['token', 'pushed', 'introspect', 'revoke', 'userinfo', 'deviceAuthorization']

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
