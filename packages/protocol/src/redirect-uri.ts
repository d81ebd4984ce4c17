/** What a client is, as far as its redirect URIs go (OpenID Registration section 2). */
export type ApplicationType = 'web' | 'native'

/** Why a redirect URI may not be registered, as a sentence fragment for the operator. */
export type RedirectUriFault = string

export const maxRedirectUriLength = 2048
export const maxRedirectUris = 20

const loopbackPrefix = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::([0-9]{1,5}))?(?=\/|\?|$)/
const printableAscii = /^[\x21-\x7e]+$/
const privateScheme = /^([a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+):\/(?!\/)[^#]*$/
const forbiddenSchemes = new Set(
  'javascript data file vbscript about blob ws wss ftp mailto intent http https'.split(' '),
)

/** The URI with the port of a loopback address removed, or `undefined` when it is no loopback URI or the port is impossible. */
function withoutLoopbackPort(uri: string): string | undefined {
  const match = loopbackPrefix.exec(uri)
  if (match === null) return undefined
  const port = match[2]
  if (port === undefined) return uri
  const number = Number(port)
  if (number < 1 || number > 65535 || (port.length > 1 && port.startsWith('0'))) return undefined
  return `http://${match[1] ?? ''}${uri.slice(match[0].length)}`
}

/**
 * The registered URI that `requested` equals, byte for byte (OAuth 2.1 section 4.1.1, A-REDIR-01); nothing is parsed or
 * normalised. The one exception is the port of an `http` loopback URI of a native client (A-REDIR-05, -06, -07).
 */
export function matchRedirectUri(
  requested: string,
  registered: readonly string[],
  applicationType: ApplicationType,
): string | undefined {
  if (registered.includes(requested)) return requested
  if (applicationType !== 'native') return undefined
  const bare = withoutLoopbackPort(requested)
  if (bare === undefined) return undefined
  return registered.find((uri) => withoutLoopbackPort(uri) === bare)
}

/** True for an `http` redirect URI to this machine. */
export const isLoopbackRedirect = (uri: string): boolean => loopbackPrefix.test(uri)

/** True when no other application can pose as the owner of the URI: an exact `https` URI (A-AUTHZ-16). */
export const provesClientIdentity = (uri: string): boolean => uri.startsWith('https://')

/** The registered query is kept and the response parameters are appended to it (OAuth 2.1 section 2.3). */
export function appendToRedirectUri(uri: string, parameters: string): string {
  if (!uri.includes('?')) return `${uri}?${parameters}`
  return uri.endsWith('?') || uri.endsWith('&') ? `${uri}${parameters}` : `${uri}&${parameters}`
}

/**
 * What a Content-Security-Policy `form-action` has to name so that a form post may end at this redirect URI: the origin,
 * or the scheme for a private-use scheme and for an IPv6 address, which a policy has no syntax for.
 */
export function formActionSource(uri: string): string {
  const web = /^https?:\/\/[^/?#[]+(?=[/?#]|$)/.exec(uri)
  return web === null ? uri.slice(0, uri.indexOf(':') + 1) : web[0]
}

/**
 * Checks a URI at registration (A-REDIR-02 to -08); `undefined` when it may be registered. `development` is true only
 * for an issuer that is itself plain http on the loopback interface: there a web client may name a loopback address, with
 * its exact port.
 */
export function redirectUriFault(
  uri: string,
  applicationType: ApplicationType,
  development = false,
): RedirectUriFault | undefined {
  if (uri.length > maxRedirectUriLength) return `longer than ${maxRedirectUriLength} characters`
  if (!printableAscii.test(uri)) return 'contains white space, control characters or characters outside ASCII'
  if (uri.includes('#')) return 'contains a fragment'
  if (uri.includes('*')) return 'contains a wildcard; list every URI in full'
  if (uri.includes('\\')) return 'contains a backslash'
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(uri)?.[1]
  if (scheme === undefined) return 'is not absolute with a lower-case scheme'
  if (scheme === 'https') return webUriFault(uri)
  if (scheme === 'http') return httpUriFault(uri, applicationType === 'native' || development)
  if (forbiddenSchemes.has(scheme)) return `uses the scheme ${scheme}`
  if (applicationType !== 'native') return 'uses a private-use scheme, which only a native client may'
  return privateScheme.test(uri)
    ? undefined
    : 'needs a reverse-domain scheme and one slash, as in com.example.app:/callback'
}

function httpUriFault(uri: string, loopbackAllowed: boolean): RedirectUriFault | undefined {
  if (!isLoopbackRedirect(uri)) return 'uses http; only the loopback redirect of a native client may'
  if (!loopbackAllowed) return 'is a loopback address, which only a native client may use'
  if (withoutLoopbackPort(uri) === undefined) return 'has a port outside 1 to 65535'
  return webUriFault(uri)
}

function webUriFault(uri: string): RedirectUriFault | undefined {
  let url: URL
  try {
    url = new URL(uri)
  } catch {
    return 'is not a valid URL'
  }
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?]*@/.test(uri)) return 'contains user information'
  const host = /^https?:\/\/([^/?]*)/.exec(uri)?.[1] ?? ''
  if (host !== host.toLowerCase()) return 'has upper-case letters in its host'
  if (!/^https?:\/\/[^/?]+\//.test(uri)) return 'has no path; register the complete URI'
  if (/\/\.{1,2}(\/|$|\?)/.test(uri) || /\/(%2e|\.){1,2}(\/|$|\?)/i.test(uri)) return 'contains dot segments'
  return undefined
}
