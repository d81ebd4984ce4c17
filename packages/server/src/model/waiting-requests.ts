import type { Seconds } from '@sallyport/protocol'
import type { Client } from './client.ts'
import type { DeviceDecision } from './device-page.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import type { ScopeInWords } from './interactions.ts'
import type { Session } from './interaction.ts'

/** A request that waits for the person who is signed in (CIBA section 8). */
export type WaitingRequest = {
  /** Value for a hidden field named `request`; it names the request and redeems nothing. */
  readonly id: string
  readonly client: Client
  /** What the person sees on the other screen as well. */
  readonly bindingMessage: string | undefined
  readonly scopes: readonly ScopeInWords[]
  readonly resources: readonly { readonly id: string; readonly name: string }[]
  /** When the application asked, from which network, and until when there is time. */
  readonly since: Seconds
  readonly network: string
  readonly expiresAt: Seconds
  /** Value for a hidden field named `csrf`. */
  readonly csrf: string
}

/** What the page shows next. */
export type WaitingStep =
  | {
      readonly step: 'list'
      readonly session: Session
      readonly requests: readonly WaitingRequest[]
      /** A decision came for a request that is over, or without saying which. */
      readonly problem: 'over' | 'undecided' | undefined
    }
  | { readonly step: 'done'; readonly decision: DeviceDecision; readonly session: Session }
  /** Nobody is signed in; the answer leads to the login page, and from there back. */
  | { readonly step: 'login'; readonly response: HttpResponse }

/** The page on which people decide about requests that applications sent without a browser (CIBA section 8), for pages of any make. */
export type WaitingRequests = {
  show(request: HttpRequest): Promise<WaitingStep>
  /** The posted form with `request`, `decision` and `csrf`. Throws `OAuthError` with the reason `csrf` for one that is not ours, or was shown to another session. */
  post(request: HttpRequest): Promise<WaitingStep>
}
