/** Attributes that every cookie of the server has; only its lifetime differs. */
export type CookieOptions = {
  /** Seconds until the browser drops it; `undefined` for the browser session; 0 clears it. */
  readonly maxAge: number | undefined
  /** False only where the issuer is plain http on the loopback interface, for development. */
  readonly secure: boolean
}

/** The name under which a cookie travels: `__Host-` pins it to this host, this path and TLS (A-UI-05). */
export const cookieName = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name)

/** A `Set-Cookie` value: opaque, HttpOnly, SameSite=Lax, whole host, no Domain. */
export function setCookie(name: string, value: string, options: CookieOptions): string {
  const lifetime = options.maxAge === undefined ? '' : `; Max-Age=${options.maxAge}`
  return `${cookieName(name, options.secure)}=${value}; Path=/; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}${lifetime}`
}

/**
 * The one cookie that a script may read and that goes along from frames of other sites: it is worth nothing, and only changes
 * when the session does (B-LOG-15). Without TLS browsers keep no such cookie, so there it stays on its own site.
 */
export function setReadableCookie(name: string, value: string, { maxAge, secure }: CookieOptions): string {
  const lifetime = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  return `${cookieName(name, secure)}=${value}; Path=/; ${secure ? 'SameSite=None; Secure' : 'SameSite=Lax'}${lifetime}`
}

/**
 * The value of a cookie in a `Cookie` header; `undefined` when it is absent or present twice, since then somebody else
 * may have planted one of them.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let found: string | undefined
  let start = 0
  while (start < header.length) {
    let end = header.indexOf(';', start)
    if (end === -1) end = header.length
    while (header.charCodeAt(start) === 32) start++
    if (header.startsWith(name, start) && header.charCodeAt(start + name.length) === 61) {
      if (found !== undefined) return undefined
      found = header.slice(start + name.length + 1, end).trim()
    }
    start = end + 1
  }
  return found === '' ? undefined : found
}
