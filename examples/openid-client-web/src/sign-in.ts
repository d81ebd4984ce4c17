import * as client from 'openid-client'

export type Settings = {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Origin of this application. */
  readonly origin: string
  /** Identifier of the API. */
  readonly api: string
}

/** What has to be remembered while the person is away at the server. */
export type Attempt = { readonly state: string; readonly nonce: string; readonly verifier: string }

export type Tokens = {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string
  readonly name: string
}

const scope = 'openid profile offline_access orders.read'

/** Everything the application wants from the authorization server. */
export async function createSignIn(settings: Settings) {
  const { issuer, clientId, clientSecret, origin, api } = settings
  // Plain http is refused by the library, and rightly so, except for a server on this machine.
  const options = issuer.startsWith('http://localhost') ? { execute: [client.allowInsecureRequests] } : undefined
  const authentication = client.ClientSecretBasic(clientSecret)
  const config = await client.discovery(new URL(issuer), clientId, undefined, authentication, options)

  const tokensOf = (
    answer: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
    before?: Tokens,
  ): Tokens => {
    const claims = answer.claims()
    return {
      accessToken: answer.access_token,
      // Every refresh brings the next refresh token; the old one is dead.
      refreshToken: answer.refresh_token ?? before?.refreshToken,
      idToken: answer.id_token ?? before?.idToken ?? '',
      name: typeof claims?.['name'] === 'string' ? claims['name'] : (before?.name ?? claims?.sub ?? ''),
    }
  }

  return {
    /** A new attempt, and where to send the browser. */
    async begin(): Promise<{ attempt: Attempt; url: URL }> {
      const verifier = client.randomPKCECodeVerifier()
      const attempt = { state: client.randomState(), nonce: client.randomNonce(), verifier }
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: `${origin}/callback`,
        scope,
        resource: api,
        claims: JSON.stringify({ id_token: { name: null } }),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { attempt, url }
    },

    /** Checks the answer and trades its code for tokens. Rejects when anything about it is wrong. */
    async finish(callback: URL, { state, nonce, verifier }: Attempt): Promise<Tokens> {
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
      return tokensOf(await client.authorizationCodeGrant(config, callback, checks))
    },

    async refresh(tokens: Tokens): Promise<Tokens> {
      return tokensOf(await client.refreshTokenGrant(config, tokens.refreshToken ?? ''), tokens)
    },

    async orders({ accessToken }: Tokens): Promise<string> {
      const response = await fetch(`${api}/orders`, { headers: { authorization: `Bearer ${accessToken}` } })
      return `${response.status} ${await response.text()}`
    },

    /** Revokes what this application holds, and gives the address that ends the session at the server too. */
    async end({ refreshToken, idToken }: Tokens): Promise<URL> {
      if (refreshToken !== undefined) await client.tokenRevocation(config, refreshToken)
      return client.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: `${origin}/` })
    },
  }
}

export type SignIn = Awaited<ReturnType<typeof createSignIn>>
