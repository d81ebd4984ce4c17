import type { Seconds } from '@sallyport/protocol'

type Kept = { readonly value: string; readonly secure: boolean; readonly expiresAt: number }

/** The cookies of one browser for one origin. */
export type CookieJar = {
  /** The `Cookie` header for a request, or `undefined` when there is nothing to send. */
  readonly header: (secure: boolean) => string | undefined
  /** Takes the values of `Set-Cookie`. Throws where a browser would refuse one. */
  readonly take: (cookies: readonly string[]) => void
  readonly get: (name: string) => string | undefined
  readonly set: (name: string, value: string) => void
  readonly delete: (name: string) => void
  readonly names: readonly string[]
}

function parse(cookie: string): { name: string; value: string; attributes: ReadonlyMap<string, string> } {
  const [pair = '', ...rest] = cookie.split(';')
  const equals = pair.indexOf('=')
  const attributes = new Map(
    rest.map((part) => {
      const [name = '', value = ''] = part.trim().split('=')
      return [name.toLowerCase(), value] as const
    }),
  )
  return { name: pair.slice(0, equals), value: pair.slice(equals + 1), attributes }
}

/** What a browser holds against a cookie with the `__Host-` prefix (RFC 6265bis section 4.1.3.2). */
const hostPrefixKept = (attributes: ReadonlyMap<string, string>): boolean =>
  attributes.has('secure') && attributes.get('path') === '/' && !attributes.has('domain')

/** An empty jar. Cookies end by the test's clock, not by that of the machine. */
export function createCookieJar(now: () => Seconds): CookieJar {
  const kept = new Map<string, Kept>()
  const live = (): [string, Kept][] => [...kept].filter(([, cookie]) => cookie.expiresAt > now())
  return {
    header(secure) {
      const sent = live().filter(([, cookie]) => secure || !cookie.secure)
      return sent.length === 0 ? undefined : sent.map(([name, { value }]) => `${name}=${value}`).join('; ')
    },
    take(cookies) {
      for (const cookie of cookies) {
        const { name, value, attributes } = parse(cookie)
        if (name.startsWith('__Host-') && !hostPrefixKept(attributes)) throw new Error(`a browser refuses ${cookie}`)
        const maxAge = attributes.get('max-age')
        const expiresAt = maxAge === undefined ? Number.POSITIVE_INFINITY : now() + Number(maxAge)
        kept.set(name, { value, secure: attributes.has('secure'), expiresAt })
      }
    },
    get: (name) => live().find(([other]) => other === name)?.[1].value,
    set: (name, value) => {
      kept.set(name, { value, secure: false, expiresAt: Number.POSITIVE_INFINITY })
    },
    delete: (name) => {
      kept.delete(name)
    },
    get names() {
      return live().map(([name]) => name)
    },
  }
}
