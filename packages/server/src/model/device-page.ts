import type { Seconds } from '@sallyport/protocol'
import type { Client } from './client.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import type { ScopeInWords } from './interactions.ts'
import type { Session } from './interaction.ts'

/** A device's request as it is shown to the person who entered its user code (RFC 8628 section 3.3, A-DEV-07). */
export type OpenDevice = {
  /** The user code in two groups, for the person to compare. */
  readonly userCode: string
  readonly client: Client
  readonly session: Session
  readonly scopes: readonly ScopeInWords[]
  readonly resources: readonly { readonly id: string; readonly name: string }[]
  /** When the device asked, from which network, and what it says it is. */
  readonly since: Seconds
  readonly network: string
  readonly userAgent: string
  /** The person is in the same network as the device. */
  readonly sameNetwork: boolean
  /** Value for a hidden field named `csrf`. */
  readonly csrf: string
}

/** What a person decided: let the device in, do not, or "I did not start this". */
export type DeviceDecision = 'allow' | 'deny' | 'disown'

/** Why the page for entering a code is shown again. A code that is unknown, expired, used or somebody else's looks the same. */
export type DeviceProblem = 'code' | 'over'

/** What the page shows next. */
export type DeviceStep =
  | {
      readonly step: 'enter'
      readonly session: Session
      /** What stands in the field: the code of the link, or what was typed. */
      readonly typed: string
      readonly csrf: string
      readonly problem: DeviceProblem | undefined
    }
  | { readonly step: 'decide'; readonly open: OpenDevice; readonly undecided: boolean }
  | {
      readonly step: 'done'
      readonly decision: DeviceDecision
      readonly client: Client
      readonly session: Session
    }
  /** Too many wrong codes; answered with 429 and `Retry-After`. */
  | { readonly step: 'wait'; readonly seconds: number }
  /** Nobody is signed in; the answer leads to the login page, and from there back. */
  | { readonly step: 'login'; readonly response: HttpResponse }

/**
 * The page on which people let devices in (RFC 8628 section 3.3), for pages of any make. One path takes both forms: the
 * one with a field `user_code`, and the one with `user_code`, `decision` and a field `step` with the value `decide`. Both
 * carry `csrf`.
 */
export type DevicePage = {
  /** A visit, perhaps with a `user_code` in the query. It decides nothing: the code only fills the field (A-DEV-08). */
  show(request: HttpRequest): Promise<DeviceStep>
  /** A posted form. Throws `OAuthError` with the reason `csrf` for one that is not ours, is out of date, or was shown to another session. */
  post(request: HttpRequest): Promise<DeviceStep>
}
