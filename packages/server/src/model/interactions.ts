import type { Form } from '@sallyport/protocol'
import type { Client } from './client.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import type { DetailInWords } from './detail.ts'
import type { ClientInteraction, FirstFactor, Interaction, Session } from './interaction.ts'

/** The page an interaction needs next. */
export type InteractionStep = 'login' | 'factor' | 'account' | 'consent'

/** One scope in words, and whose it is. */
export type ScopeInWords = {
  readonly name: string
  readonly description: string | undefined
  readonly resource: string | undefined
}

/** An interaction as a login page sees it, whoever wants the person signed in. Only the browser that began it gets this far. */
export type OpenLogin = {
  /** Value of the `interaction` parameter. */
  readonly id: string
  readonly interaction: Interaction
  /** The application that waits; `undefined` when a page of the server's own does. */
  readonly client: Client | undefined
  /** What the page's `form-action` has to name so that its form may end at the redirect URI; not meant to be shown. */
  readonly redirectSource: string | undefined
  readonly step: InteractionStep
  /** At the step `factor`: the application only wishes for it, so the person may go on without. */
  readonly optional: boolean
  /** Who is signed in at this browser now. */
  readonly session: Session | undefined
  /** Sessions of other people at this browser, for the account page. */
  readonly aside: readonly Session[]
  /** Value for a hidden field named `csrf`; works for one accepted form. */
  readonly csrf: string
}

/** The request of an application as its pages see it. */
export type OpenInteraction = OpenLogin & {
  readonly interaction: ClientInteraction
  readonly client: Client
  readonly redirectSource: string
  readonly scopes: readonly ScopeInWords[]
  readonly resources: readonly { readonly id: string; readonly name: string }[]
  /** What is asked for in detail (RFC 9396 section 11); nothing of it is ever taken as allowed before. */
  readonly details: readonly DetailInWords[]
  /** Names of claims asked for one by one (OpenID Connect Core section 5.5). */
  readonly claims: readonly string[]
  /** Scope values among them that this person allowed this client before, at the same APIs: only the others are new. */
  readonly earlierScope: readonly string[]
  /** What this person allowed this client before, at the same APIs, and is not asked for now. */
  readonly earlierBeside: readonly ScopeInWords[]
  /** This person has no agreement on record for a client that nobody here registered (A-CIMD-12). */
  readonly firstUse: boolean
  /** Where this server serves the picture of the client; there may turn out to be none (A-DCR-11). */
  readonly logo: string | undefined
  /** False when agreement may not be remembered for this client (A-AUTHZ-16). */
  readonly mayRemember: boolean
}

/** What a person answers on the consent page. */
export type ConsentDecision = {
  readonly allow: boolean
  readonly scope: readonly string[]
  readonly remember: boolean
  /** Places of details that the person leaves out; only optional ones can be. */
  readonly withoutDetails?: readonly number[] | undefined
}

/** What the application found out about a person who signed in. */
export type Login = {
  /** The `sub`: stable, at most 255 ASCII characters, never that of somebody else. */
  readonly subject: string
  /** Methods really used (RFC 8176), such as `pwd`. */
  readonly amr: readonly string[]
  readonly acr: string | undefined
}

/**
 * The browser side of a request that needs a person, for login and consent pages of any make. Every function checks the
 * browser binding first and throws `OAuthError` with the reasons `interaction_unknown` or `browser_binding`.
 */
export type Interactions = {
  /** Finds the interaction named by the request's `interaction` parameter (query, or form on POST). */
  find(request: HttpRequest): Promise<OpenInteraction>
  /** The same for a login page that also serves pages of the server's own, such as the one for user codes of devices. */
  findLogin(request: HttpRequest): Promise<OpenLogin>
  /** Parses a posted form and checks its CSRF token and origin; throws reason `csrf` (A-UI-06). */
  form(request: HttpRequest, open: OpenLogin): Form
  /** Starts a session with a new identifier for the person and goes on; answers 303. */
  login(request: HttpRequest, open: OpenLogin, login: Login): Promise<HttpResponse>
  /** Notes that the first factor was passed and goes on to the page at `factorUrl`; nobody is signed in yet; answers 303. */
  passedFirst(request: HttpRequest, open: OpenLogin, passed: Omit<FirstFactor, 'time'>): Promise<HttpResponse>
  /**
   * Counts a wrong code and gives what is left of the sign-in, with a new CSRF token: after five nobody has passed the first
   * factor any more, and the step is `login`.
   */
  failedCode<T extends OpenLogin>(open: T): Promise<T>
  /** Adds a factor to the session there is, which gets a new handle; its time stays that of the first factor; answers 303. */
  raise(request: HttpRequest, open: OpenLogin, reached: Omit<Login, 'subject'>): Promise<HttpResponse>
  /** Goes on without a factor that is optional; answers 303. */
  keepLevel(request: HttpRequest, open: OpenLogin): Promise<HttpResponse>
  /** Goes on with the account that is signed in; answers 303. */
  keepAccount(request: HttpRequest, open: OpenInteraction): Promise<HttpResponse>
  /** Goes on with one of the accounts in `aside`, named by its session id; answers 303. Throws `login_required` for any other. */
  takeAccount(request: HttpRequest, open: OpenInteraction, sessionId: string): Promise<HttpResponse>
  /** Goes on to the sign-in page for one more account, beside those there are; answers 303. */
  addAccount(request: HttpRequest, open: OpenInteraction): Promise<HttpResponse>
  /** Notes what the person decided and goes on; `scope` is cut to what was asked; answers 303. */
  decide(request: HttpRequest, open: OpenInteraction, decision: ConsentDecision): Promise<HttpResponse>
  /** Gives up: the client gets `access_denied`; answers 303. Without a client it throws the reason `user_denied`. */
  cancel(request: HttpRequest, open: OpenLogin): Promise<HttpResponse>
  /** A new CSRF token for showing the form again after a refused attempt; the old one is spent. Throws `csrf` when it already was. */
  renew<T extends OpenLogin>(open: T): Promise<T>
}

/** The signed-in browser, for pages outside an authorization request. */
export type Sessions = {
  find(request: HttpRequest): Promise<Session | undefined>
  /** Ends every session of this browser; the answer's headers must be sent along. */
  end(request: HttpRequest): Promise<Readonly<Record<string, readonly string[]>>>
}
