import type { Seconds } from '@sallyport/protocol'

type AboutPerson = {
  readonly issuer: string
  readonly subject: string
  readonly clientId: string
  readonly clientName: string
  readonly at: Seconds
}

/** A person let a device in (A-DEV-13): said also to whoever did not. */
export type DeviceNotice = AboutPerson & {
  readonly kind: 'device_approved'
  readonly scope: readonly string[]
  /** The grant, for a page that takes it back. */
  readonly authorizationId: string
  /** Where the device was when it asked, and where the person was: an IPv4 address or an IPv6 /64. */
  readonly deviceNetwork: string
  readonly network: string
}

/** A request without a browser waits for the decision of a person (CIBA section 7.1). */
export type RequestNotice = AboutPerson & {
  readonly kind: 'request_waits'
  readonly bindingMessage: string | undefined
  /** From then on it cannot be allowed any more. */
  readonly expiresAt: Seconds
}

/** Something that a person has to hear of, whatever page is open and whoever sits before it. */
export type Notice = DeviceNotice | RequestNotice
