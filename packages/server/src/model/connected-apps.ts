import type { Seconds } from '@sallyport/protocol'
import type { Client } from './client.ts'
import type { HttpRequest } from './http.ts'
import type { ScopeInWords } from './interactions.ts'
import type { Session } from './interaction.ts'

/** An application that may act for a person, or that would not have to ask again. */
export type ConnectedApp = {
  readonly client: Client
  /** Everything it may do now, over all its authorizations. */
  readonly scopes: readonly ScopeInWords[]
  /** The oldest authorization that is still in force; `undefined` when there is only remembered agreement. */
  readonly since: Seconds | undefined
  /** Some access lasts after sign-out (offline_access). */
  readonly offline: boolean
  /** Devices that were let in with a code and still have access, the latest first, at most ten. */
  readonly devices: readonly { readonly since: Seconds; readonly network: string }[]
  /** Until when agreement is remembered. */
  readonly rememberedUntil: Seconds | undefined
  /** Value for a hidden field named `csrf` of the form that takes this access back; it works once. */
  readonly csrf: string
}

export type ConnectedAppsView = { readonly session: Session; readonly apps: readonly ConnectedApp[] }

/** The applications of the person who is signed in at a browser, for a page where access is taken back (A-REV-07). */
export type ConnectedApps = {
  /** `undefined` when nobody is signed in. At most 200 applications, by name. */
  list(request: HttpRequest): Promise<ConnectedAppsView | undefined>
  /**
   * Takes the posted form with `client_id` and `csrf`: forgets the agreement and ends everything the application holds for
   * this person. Throws `OAuthError` with the reason `csrf` for a form that is not ours, was used, or is out of date.
   */
  withdraw(request: HttpRequest): Promise<void>
}
