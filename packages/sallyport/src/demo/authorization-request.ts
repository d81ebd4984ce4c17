import type { Random } from '@sallyport/protocol'
import type { DemoClient } from './demo.ts'
import { newDerivation, type PkceDerivation } from './pkce-derivation.ts'

/** What the app remembers between sending somebody away and their return. */
export type AuthorizationAttempt = {
  readonly client: DemoClient
  /** The issuer the app expects the answer from (A-ISS-02). */
  readonly issuer: string
  readonly state: string
  readonly nonce: string
  readonly pkce: PkceDerivation
  readonly scope: string
  readonly resource: string | undefined
  /** Name that the sign-in page may fill in. */
  readonly loginHint: string | undefined
}

export type AttemptWish = {
  readonly client: DemoClient
  readonly issuer: string
  readonly scope: string
  readonly resource?: string | undefined
  readonly loginHint?: string | undefined
}

/** A new attempt, with a state, a nonce and a verifier of its own. */
export const newAttempt = (random: Random, wish: AttemptWish): AuthorizationAttempt => ({
  client: wish.client,
  issuer: wish.issuer,
  state: random.handle(),
  nonce: random.handle(),
  pkce: newDerivation(random),
  scope: wish.scope,
  resource: wish.resource,
  loginHint: wish.loginHint,
})

/** The parameters of the authorization request (OAuth 2.1 section 4.1.1), in the order they are explained. */
export function authorizationParameters(attempt: AuthorizationAttempt): Record<string, string> {
  const { client, state, nonce, pkce, scope, resource, loginHint } = attempt
  return {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    scope,
    ...(resource === undefined ? {} : { resource }),
    state,
    nonce,
    code_challenge: pkce.challenge,
    code_challenge_method: 'S256',
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
  }
}

/** The address the browser is sent to. */
export const authorizationUrl = (issuer: string, parameters: Readonly<Record<string, string>>): string =>
  `${issuer}/oauth2/authorize?${new URLSearchParams(parameters).toString()}`
