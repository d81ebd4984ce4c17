/** Only what RFC 3986 section 2 lets stand in a URI; the platform's reader would repair the rest in silence. */
const written = /^https?:\/\/(?![/?#])[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/i

const withUser = /^https?:\/\/[^/]*@/i
const escape = /%[0-9A-Fa-f]{2}/g
const brokenEscape = /%(?![0-9A-Fa-f]{2})/
const unreserved = /[A-Za-z0-9\-._~]/

function normalEscape(text: string): string {
  const character = String.fromCharCode(Number.parseInt(text.slice(1), 16))
  return unreserved.test(character) ? character : text.toUpperCase()
}

/**
 * The address of a request as proofs are compared with it: without query and fragment, in the normal form of RFC 3986
 * sections 6.2.2 and 6.2.3 (B-DPOP-09, B-DPOP-10). The case of the path and a closing slash stay significant. `undefined`
 * for what is no complete http or https address.
 */
export function normalTarget(uri: string): string | undefined {
  if (!written.test(uri) || brokenEscape.test(uri)) return undefined
  const end = uri.search(/[?#]/)
  // Unreserved characters first: an escaped dot is a dot, and may be part of a dot segment.
  const text = (end < 0 ? uri : uri.slice(0, end)).replaceAll(escape, normalEscape)
  if (withUser.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return `${url.protocol}//${url.host}${url.pathname}`
}
