import type { Form } from '@sallyport/protocol'
import type { HttpRequest, HttpResponse } from './http.ts'
import type { Session } from './interaction.ts'

/** Who is signed in, or the answer that has them sign in first and brings them back. */
export type Visitor =
  | { readonly session: Session; readonly response?: undefined }
  | { readonly session?: undefined; readonly response: HttpResponse }

/** Pages on which people look after the ways in which they sign in, at `securityUrl` of the accounts. */
export type OwnPages = {
  /** The person at this browser, whose sign-in is at most `maxAge` seconds old; somebody who only came along changes nothing. */
  visitor(request: HttpRequest, maxAge: number): Promise<Visitor>
  /** Value for a hidden field named `csrf`: good for this session, and as long as what it is `about` stays the same. */
  csrf(session: Session, about: string): string
  /** Parses a posted form and checks its token and origin; throws `OAuthError` with the reason `csrf` (A-UI-06). */
  form(request: HttpRequest, session: Session, about: string): Form
}

/** Keeps secrets of people at rest, under keys that follow from the master key and are nowhere in the store (AR-01). */
export type Vault = {
  /** Seals a secret for one purpose, which has to be named again to open it. */
  seal(secret: Uint8Array, context: string): Uint8Array
  open(sealed: Uint8Array, context: string): Uint8Array | undefined
  /** A keyed digest, for secrets that are too short for a plain one. */
  digest(secret: string, context: string): string
}
