import type { ConnectedApps } from './connected-apps.ts'
import type { DevicePage } from './device-page.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import type { Interactions, Sessions } from './interactions.ts'
import type { OwnPages, Vault } from './own-pages.ts'
import type { OwnSessions } from './own-sessions.ts'
import type { WaitingRequests } from './waiting-requests.ts'
import type { SecurityEvent } from './authorization.ts'
import type { Seconds } from '@sallyport/protocol'

/** An event before the server adds time, node and request. */
export type EventDraft = {
  readonly event: string
  readonly severity?: SecurityEvent['severity'] | undefined
  readonly clientId?: string | undefined
  readonly subject?: string | undefined
  readonly authorizationId?: string | undefined
  readonly reason?: string | undefined
  readonly class?: string | undefined
  readonly detail?: SecurityEvent['detail'] | undefined
}

/** What an added route may use. */
export type RouteHost = {
  readonly issuer: string
  readonly development: boolean
  readonly interactions: Interactions
  readonly sessions: Sessions
  readonly apps: ConnectedApps
  readonly ownSessions: OwnSessions
  readonly device: DevicePage
  readonly own: OwnPages
  readonly vault: Vault
  readonly waiting: WaitingRequests
  now(): Seconds
  /** Id of this request, as on error pages and in events. */
  readonly requestId: string
  /** Network the request is counted under: an IPv4 address or an IPv6 /64. */
  readonly network: string
  /** Writes a security event, in the log and in the store. */
  emit(draft: EventDraft): Promise<void>
  /** Makes the record of an event that a verb of the store writes together with a change; `stored` then logs it. */
  record(draft: EventDraft): SecurityEvent
  stored(events: readonly SecurityEvent[]): void
  /** An HTML answer with every header of a page; `formAction` adds sources for forms that end at a client. */
  page(html: string, options?: PageOptions): HttpResponse
}

export type PageOptions = {
  readonly status?: number | undefined
  readonly formAction?: string | undefined
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** Nonce of the page's one script, where it has one. */
  readonly scriptNonce?: string | undefined
}

export type RouteHandler = (host: RouteHost, request: HttpRequest) => Promise<HttpResponse> | HttpResponse

/** A page or asset beside the protocol endpoints; an exact path and its methods. */
export type Route = {
  readonly path: string
  readonly methods: Readonly<Partial<Record<'GET' | 'POST', RouteHandler>>>
}
