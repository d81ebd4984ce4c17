import type { Seconds } from '@sallyport/protocol'

/** Something that a person has to hear of, whatever page is open and whoever sits before it (A-DEV-13). */
export type Notice = {
  readonly kind: 'device_approved'
  readonly issuer: string
  readonly subject: string
  readonly clientId: string
  readonly clientName: string
  readonly scope: readonly string[]
  /** The grant, for a page that takes it back. */
  readonly authorizationId: string
  /** Where the device was when it asked, and where the person was: an IPv4 address or an IPv6 /64. */
  readonly deviceNetwork: string
  readonly network: string
  readonly at: Seconds
}
