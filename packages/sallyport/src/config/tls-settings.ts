import { certificateForms, type CertificateForm } from '@sallyport/protocol'
import { choice, port, text } from './kinds.ts'
import { setting } from './setting.ts'

export const tlsCert = setting(
  'tls.cert',
  text,
  'PEM file of the certificate of the public listener, with its chain: the server then speaks TLS itself',
)
export const tlsKey = setting('tls.key', text, 'PEM file of the private key of that certificate')

/** Where client certificates come from. */
export const certificateSources = ['off', 'direct', 'proxy'] as const
export type CertificateOrigin = (typeof certificateSources)[number]

export const mtlsAccept = setting(
  'mtls.accept',
  choice(certificateSources),
  'Where client certificates come from: nowhere, from a TLS listener of our own, or from the proxies in http.trustedProxies',
  { fallback: 'off' as CertificateOrigin },
)
export const mtlsPort = setting('mtls.port', port, 'Port of the listener that asks clients for certificates (direct)', {
  fallback: 7638,
})
export const mtlsUrl = setting(
  'mtls.url',
  text,
  'Origin at which clients reach the host that asks for certificates; the metadata name the endpoints there',
)
export const mtlsProxyHeader = setting(
  'mtls.proxyHeader',
  choice(certificateForms),
  'How proxies pass certificates on: Client-Cert of RFC 9440, or ssl-client-cert with $ssl_client_escaped_cert of nginx',
  { fallback: 'rfc9440' as CertificateForm },
)
export const mtlsTrustAnchors = setting(
  'mtls.trustAnchors',
  text,
  'PEM file of the authorities whose word about clients counts (tls_client_auth); none when left out',
)
export const mtlsRevocationLists = setting(
  'mtls.revocationLists',
  text,
  'PEM file of the revocation lists of those authorities; a certificate without a list in force is then refused',
)
