import type { HttpRequest } from './http.ts'
import type { Session } from './interaction.ts'

/** Another browser in which the same person is signed in. */
export type OtherSession = {
  readonly session: Session
  /** Value for a hidden field named `csrf` of the form that ends it. */
  readonly csrf: string
}

export type OwnSessionsView = {
  /** The one of this browser. It ends by signing out. */
  readonly current: Session
  /** The others, the one that was used last first. At most 200. */
  readonly others: readonly OtherSession[]
  /** Value for a hidden field named `csrf` of the form that ends all the others. */
  readonly csrf: string
}

/** Where the person of this browser is signed in, for a page on which they end what they do not know. */
export type OwnSessions = {
  /** `undefined` when nobody is signed in. */
  list(request: HttpRequest): Promise<OwnSessionsView | undefined>
  /**
   * Takes the posted form with `csrf`, and with `session` for one of the others; without it all others end. Each end is a
   * write of its own, with its event and its notices. Throws `OAuthError` with the reason `csrf` for a form that is not ours
   * or names a session that is not another one of this person.
   */
  end(request: HttpRequest): Promise<void>
}
