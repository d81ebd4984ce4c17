import type { Reason, ReasonEntry } from '@sallyport/protocol'

/** What an error page tells (A-UI-12): never a stack, a secret, a raw parameter or a link to an unchecked address. */
export type ErrorView = {
  readonly reason: Reason
  readonly entry: ReasonEntry
  readonly requestId: string
  /** Address of the help page, where the server serves one. */
  readonly helpUrl: string | undefined
  /** Name of the application, only when the client was found. */
  readonly clientName: string | undefined
  /** A checked address to go on to by hand, for applications that are not trusted with an automatic return (A-AUTHZ-13). */
  readonly continueTo: { readonly host: string; readonly url: string } | undefined
  /** In development only: what was sent and the most similar registered value. */
  readonly comparison: { readonly sent: string; readonly registered: readonly string[] } | undefined
  readonly uiLocales: readonly string[]
}

/** Asks whether to sign out. */
export type SignOutView = {
  readonly action: string
  /** Hidden fields that have to come back with the form. */
  readonly fields: Readonly<Record<string, string>>
  readonly clientName: string | undefined
  readonly accountName: string | undefined
  readonly uiLocales: readonly string[]
}

/** Tells that nobody is signed in any more. */
export type SignedOutView = {
  /** Why the return address of the request was not followed, where that is so. */
  readonly notice: 'logout_redirect' | undefined
  /** Addresses of applications to load in hidden frames, so that they forget this browser (Front-Channel Logout section 3). */
  readonly frames: readonly string[]
  /** The checked address the browser goes on to by itself in a moment; the page has a link to it for whoever does not wait. */
  readonly continueTo: string | undefined
  readonly uiLocales: readonly string[]
}

/** Takes the answer to the application: a form that a script of the page sends off, or the person (B-OIDC-34). */
export type FormPostView = {
  readonly action: string
  /** Hidden fields: the parameters of the authorization response. */
  readonly fields: Readonly<Record<string, string>>
  /** The nonce of the one script that may run: it submits the form `authorization-response`. */
  readonly scriptNonce: string
  readonly uiLocales: readonly string[]
}

/** The pages that belong to protocol endpoints. Each gives a whole HTML document; headers are the server's business. */
export type Pages = {
  error(view: ErrorView): string
  signOut(view: SignOutView): string
  signedOut(view: SignedOutView): string
  /** Without it the server shows a plain page of its own. */
  formPost?(view: FormPostView): string
}
