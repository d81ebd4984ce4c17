import { canonicalResource } from '@sallyport/protocol'

/** The issuer identifier cannot be used as it is; the message says what to do. */
export class IssuerError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'IssuerError'
  }
}

export type Issuer = {
  readonly issuer: string
  readonly origin: string
  readonly basePath: string
  readonly secure: boolean
  /** The issuer as a resource identifier is written: without a lone closing slash (RFC 8707 section 2). */
  readonly resource: string
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Checks an issuer identifier (RFC 8414 section 2, A-GEN-01, A-META-03): https, or http where the host is this machine
 * itself; no query, no fragment, no user information, written the way a URL parser would write it.
 */
export function parseIssuer(text: string): Issuer {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new IssuerError(`issuer ${JSON.stringify(text)} is not a URL; use something like https://id.example.com`)
  }
  const secure = url.protocol === 'https:'
  if (!secure && url.protocol !== 'http:') throw new IssuerError('the issuer must be an https URL')
  if (!secure && !loopbackHosts.has(url.hostname)) {
    throw new IssuerError(`the issuer ${text} is plain http; use https, or a loopback address for development`)
  }
  if (text.includes('?') || text.includes('#')) throw new IssuerError('the issuer must have no query and no fragment')
  if (url.username !== '' || url.password !== '') throw new IssuerError('the issuer must have no user information')
  const basePath = url.pathname.replace(/\/$/, '')
  if (text !== `${url.origin}${url.pathname}` && text !== `${url.origin}${basePath}`) {
    throw new IssuerError(`write the issuer as ${url.origin}${basePath}`)
  }
  return { issuer: text, origin: url.origin, basePath, secure, resource: canonicalResource(text) ?? text }
}
