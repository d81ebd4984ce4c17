import {
  createClientKey,
  dpopProof,
  tokensOf,
  type Answer,
  type ClientKey,
  type Parameters,
  type ProofChanges,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'

export const key = createClientKey()
export const otherKey = createClientKey()

/** The header with a fresh proof for the token endpoint. */
export const proven = (
  issuer: TestIssuer,
  by: ClientKey = key,
  changes: ProofChanges & { readonly nonce?: string | undefined } = {},
): { readonly headers: { readonly dpop: string } } => ({
  headers: {
    dpop: dpopProof(
      by,
      { uri: `${issuer.issuer}/oauth2/token`, now: issuer.clock.now(), nonce: changes.nonce },
      changes,
    ),
  },
})

/** A request of a service for itself, with a proof. */
export const serviceToken = (
  issuer: TestIssuer,
  options: { readonly headers?: Readonly<Record<string, string>> } = proven(issuer),
  parameters: Parameters = {},
): Promise<Answer> =>
  issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: 'https://rs1.test', ...parameters }, options)

/** A bound token for UserInfo. */
export async function boundTokens(
  issuer: TestIssuer,
  client: TestClient = issuer.clients.P,
  by: ClientKey = key,
): Promise<{ readonly accessToken: string; readonly refreshToken: string; readonly client: TestClient }> {
  const authorized = await issuer.authorize({
    client,
    parameters: { resource: undefined, scope: 'openid profile offline_access' },
  })
  const { accessToken, refreshToken } = tokensOf(client, await issuer.redeem(authorized, {}, proven(issuer, by)))
  return { client, accessToken, refreshToken }
}
