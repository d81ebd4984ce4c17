import { setCookiesOf } from './connection.ts'

interface Cookie {
  readonly path: string
  readonly value: string
}

/** The cookies of one browser towards one server: name, value and path, which is all a login on one host needs. */
export interface CookieJar {
  readonly cookies: Map<string, Cookie>
  /** The Cookie header for the hot path, kept until a cookie changes. */
  readonly prepared: Map<string, string>
}

export const createCookieJar = (): CookieJar => ({ cookies: new Map(), prepared: new Map() })

/** Takes over what an answer sets. A server may repeat a cookie's value in each answer; that changes nothing here. */
export function keepCookies(jar: CookieJar, head: string): void {
  for (const line of setCookiesOf(head)) {
    const pairEnd = line.indexOf(';')
    const pair = pairEnd === -1 ? line : line.slice(0, pairEnd)
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals)
    const value = pair.slice(equals + 1)
    const known = jar.cookies.get(name)
    if (known?.value === value && !isRemoval(line)) continue
    jar.prepared.clear()
    if (isRemoval(line)) jar.cookies.delete(name)
    else jar.cookies.set(name, { path: /;\s*path=([^;]+)/i.exec(line)?.[1] ?? '/', value })
  }
}

const isRemoval = (line: string): boolean =>
  line.includes('1970 00:00:00') || line.includes('Max-Age=0') || line.includes('max-age=0')

/** The Cookie header value for a path; empty when no cookie applies. */
export function cookiesFor(jar: CookieJar, path: string): string {
  const prepared = jar.prepared.get(path)
  if (prepared !== undefined) return prepared
  const pairs: string[] = []
  for (const [name, cookie] of jar.cookies) {
    const covers = path === cookie.path || path.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`)
    if (covers) pairs.push(`${name}=${cookie.value}`)
  }
  const header = pairs.join('; ')
  jar.prepared.set(path, header)
  return header
}
