import type { TokenEndpointResponse } from 'oauth4webapi'
import type { Terminal } from '../terminal.ts'

/** The claims of a token that is a JWT; tokens of other servers may be anything. */
function claimsOf(token: string | undefined): Record<string, unknown> | undefined {
  const payload = token?.split('.')[1]
  if (payload === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** Prints the answer of the token endpoint and what stands in the tokens. */
export function showTokens(terminal: Terminal, tokens: TokenEndpointResponse): void {
  const accessToken = claimsOf(tokens.access_token)
  const idToken = claimsOf(tokens.id_token)
  const parts = [
    JSON.stringify(tokens, null, 2),
    ...(accessToken === undefined ? [] : ['', 'access token', JSON.stringify(accessToken, null, 2)]),
    ...(idToken === undefined ? [] : ['', 'ID token', JSON.stringify(idToken, null, 2)]),
  ]
  terminal.data({ ...tokens, access_token_claims: accessToken, id_token_claims: idToken }, parts.join('\n'))
}
