import type { Exchange, ReceivedAnswer } from './exchange.ts'
import type { DecodedJwt } from './decode-jwt.ts'
import type { PkceDerivation } from './pkce-derivation.ts'
import type { Check } from './response-checks.ts'

/** Who speaks in a step. */
export type Party = 'app' | 'browser' | 'sallyport' | 'api' | 'server' | 'device' | 'attacker'

/** A JWT that is taken apart on a page: a token, or a proof of possession. */
export type TokenKind = 'access' | 'id' | 'proof'

/** One step of a flow or an attack, as it is shown: what happened, between whom, and the evidence. */
export type Step = {
  readonly title: string
  /** One or two words, for the overview of the flow. */
  readonly short?: string
  readonly from: Party
  /** The same as `from` for what a party does by itself. */
  readonly to: Party
  readonly note: string
  /** The request, and the answer where the app saw it. */
  readonly exchange?: Exchange | undefined
  /** What went back and forth while the person signed in and agreed. */
  readonly onPages?: readonly Exchange[] | undefined
  readonly pkce?: PkceDerivation | undefined
  readonly checks?: readonly Check[] | undefined
  readonly tokens?: readonly { readonly kind: TokenKind; readonly jwt: DecodedJwt }[] | undefined
}

/** Answers that are what an honest party hopes for. */
export const isSuccess = (answer: ReceivedAnswer | undefined): boolean =>
  answer !== undefined && answer.status >= 200 && answer.status < 300
