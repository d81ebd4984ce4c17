const shape = /^(https?):\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?(\/[\x21-\x7e]*)?$/i

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Longest identifier of a resource. */
export const maxResourceLength = 512

/**
 * The canonical form of a resource identifier (RFC 8707 section 2, A-RES-01, A-RES-05): scheme and host in lower case, a lone
 * slash after the host left out, everything else as it was sent. `undefined` for what is no such identifier: not https
 * (http is for the loopback interface), with a user name, a query or a fragment, not ASCII, or too long.
 */
export function canonicalResource(text: string): string | undefined {
  if (text.length > maxResourceLength || text.includes('?') || text.includes('#') || !URL.canParse(text))
    return undefined
  const [, scheme = '', host = '', port = '', path = ''] = shape.exec(text) ?? []
  if (host === '') return undefined
  const lower = host.toLowerCase()
  if (scheme.toLowerCase() === 'http' && !loopback.has(lower)) return undefined
  return `${scheme.toLowerCase()}://${lower}${port}${path === '/' ? '' : path}`
}

const wellKnown = '/.well-known/oauth-protected-resource'

/**
 * Where the document of a resource is (RFC 9728 section 3.1, A-PRM-01): the well-known part stands between host and path. By
 * text, since an identifier is compared by code point and nothing of it may be normalised.
 */
export function resourceMetadataUrl(resource: string): string {
  const origin = /^[a-z]+:\/\/[^/?]+/i.exec(resource)?.[0] ?? ''
  const rest = resource.slice(origin.length)
  return `${origin}${wellKnown}${rest.replace(/^\/(?=\?|$)/, '')}`
}
