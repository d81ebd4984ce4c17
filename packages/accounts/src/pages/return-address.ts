import { isLoopbackRedirect } from '@sallyport/protocol'

/** Where the browser goes after the answer, as far as a person has to know it. */
export type ReturnAddress = {
  /** Host with its port, or the scheme of an app on the device. */
  readonly host: string
  /** `site` can only be its owner; the other two could be another program on the device (A-AUTHZ-16). */
  readonly kind: 'site' | 'loopback' | 'app'
}

/** Reads the address out of a checked redirect URI. */
export function returnAddress(redirectUri: string): ReturnAddress {
  const web = /^https?:\/\/([^/?#]+)/.exec(redirectUri)
  if (web?.[1] === undefined) return { host: redirectUri.slice(0, redirectUri.indexOf(':') + 1), kind: 'app' }
  return { host: web[1], kind: isLoopbackRedirect(redirectUri) ? 'loopback' : 'site' }
}
