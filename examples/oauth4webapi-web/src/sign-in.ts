import * as oauth from 'oauth4webapi'

export type Settings = {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Origin of this application. */
  readonly origin: string
  /** Identifier of the API. */
  readonly api: string
}

export type Attempt = { readonly state: string; readonly nonce: string; readonly verifier: string }

export type Tokens = {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string
  readonly subject: string
}

/** The server as its metadata describes it, and the client as it is registered there. */
export type Parties = {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  readonly options: { [oauth.allowInsecureRequests]?: boolean }
}

export async function meet({ issuer, clientId, clientSecret }: Settings): Promise<Parties> {
  const identifier = new URL(issuer)
  // Plain http is for a server on this machine alone.
  const options = { [oauth.allowInsecureRequests]: identifier.hostname === 'localhost' }
  const answer = await oauth.discoveryRequest(identifier, { ...options, algorithm: 'oauth2' })
  return {
    server: await oauth.processDiscoveryResponse(identifier, answer),
    client: { client_id: clientId },
    authentication: oauth.ClientSecretBasic(clientSecret),
    options,
  }
}

/** The authorization request: the challenge travels, the verifier stays. */
export async function begin({ server, client }: Parties, { origin, api }: Settings) {
  const verifier = oauth.generateRandomCodeVerifier()
  const attempt: Attempt = { state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), verifier }
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: `${origin}/callback`,
    scope: 'openid offline_access orders.read',
    resource: api,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  return { attempt, url }
}

/** The answer is checked, then its code is traded for tokens together with the verifier. */
export async function finish(parties: Parties, settings: Settings, callback: URL, attempt: Attempt): Promise<Tokens> {
  const { server, client, authentication, options } = parties
  const parameters = oauth.validateAuthResponse(server, client, callback, attempt.state)
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    parameters,
    `${settings.origin}/callback`,
    attempt.verifier,
    options,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
    expectedNonce: attempt.nonce,
    requireIdToken: true,
  })
  // TLS already vouches for the ID Token; the signature is one call, so it is checked as well.
  await oauth.validateApplicationLevelSignature(server, answer, options)
  return tokensOf(tokens)
}

function tokensOf(answer: oauth.TokenEndpointResponse, before?: Tokens): Tokens {
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? before?.refreshToken,
    idToken: answer.id_token ?? before?.idToken ?? '',
    subject: oauth.getValidatedIdTokenClaims(answer)?.sub ?? before?.subject ?? '',
  }
}

export async function refresh({ server, client, authentication, options }: Parties, before: Tokens): Promise<Tokens> {
  const token = before.refreshToken ?? ''
  const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, token, options)
  return tokensOf(await oauth.processRefreshTokenResponse(server, client, answer), before)
}

export async function orders({ options }: Parties, { api }: Settings, { accessToken }: Tokens): Promise<string> {
  const url = new URL(`${api}/orders`)
  const answer = await oauth.protectedResourceRequest(accessToken, 'GET', url, undefined, undefined, options)
  return `${answer.status} ${await answer.text()}`
}

/** Revokes the family of the refresh token, and gives the address that ends the session at the server. */
export async function end(
  { server, client, authentication, options }: Parties,
  { origin }: Settings,
  { refreshToken, idToken }: Tokens,
): Promise<URL> {
  if (refreshToken !== undefined) {
    const answer = await oauth.revocationRequest(server, client, authentication, refreshToken, options)
    await oauth.processRevocationResponse(answer)
  }
  const url = new URL(server.end_session_endpoint ?? '')
  url.search = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: `${origin}/` }).toString()
  return url
}
