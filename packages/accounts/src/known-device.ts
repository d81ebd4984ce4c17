import { cookieName, lookupKey, readCookie, setCookie, type Random } from '@sallyport/protocol'
import { usernameKey, type HttpRequest, type RouteHost } from '@sallyport/server/model'
import type { Counters } from './throttle.ts'

const name = 'sallyport-device'
const lifetime = 90 * 86_400

type Host = Pick<RouteHost, 'issuer' | 'now'>

/**
 * Remembers that an account has signed in with a browser, so that its attempts are counted apart: whoever guesses from
 * the same network cannot use them up (BF-03). The mark is a random handle without any authority.
 */
export type KnownDevices = {
  /** Digest of the mark, when this browser carries one for this account. */
  recognise(host: Host, request: HttpRequest, username: string): Promise<string | undefined>
  /** Marks the browser for this account; gives the cookie to set. */
  remember(host: Host, request: HttpRequest, username: string): Promise<string>
}

const isSecure = (host: Host): boolean => host.issuer.startsWith('https:')

function markOf(host: Host, request: HttpRequest): string | undefined {
  const { cookie } = request.headers
  const mark = typeof cookie === 'string' ? readCookie(cookie, cookieName(name, isSecure(host))) : undefined
  return mark !== undefined && /^[\w-]{43}$/.test(mark) ? mark : undefined
}

export function createKnownDevices(counters: Counters, random: Random): KnownDevices {
  const deviceKey = (mark: string): string => `device:${lookupKey(mark)}`
  const accountKey = (mark: string, username: string): string =>
    `${deviceKey(mark)}:${lookupKey(usernameKey(username))}`

  return {
    async recognise(host, request, username) {
      const mark = markOf(host, request)
      if (mark === undefined) return undefined
      return (await counters.readCount(accountKey(mark, username), host.now())) > 0 ? lookupKey(mark) : undefined
    },
    async remember(host, request, username) {
      const now = host.now()
      const carried = markOf(host, request)
      // A mark that was never given out is not adopted: somebody could have planted it.
      const ours = carried !== undefined && (await counters.readCount(deviceKey(carried), now)) > 0
      const mark = ours ? carried : random.handle()
      await counters.count(deviceKey(mark), lifetime, now)
      await counters.count(accountKey(mark, username), lifetime, now)
      return setCookie(name, mark, { maxAge: lifetime, secure: isSecure(host) })
    },
  }
}
