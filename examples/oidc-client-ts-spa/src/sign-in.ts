import { InMemoryWebStorage, UserManager, WebStorageStateStore, type User } from 'oidc-client-ts'
import { api, clientId, issuer } from './settings.ts'

const manager = new UserManager({
  authority: issuer,
  client_id: clientId,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid profile offline_access orders.read',
  resource: api,
  // Tokens in memory; only what the answer is checked against waits in the session storage.
  userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  stateStore: new WebStorageStateStore({ store: sessionStorage }),
  automaticSilentRenew: false,
  revokeTokensOnSignout: true,
  revokeTokenTypes: ['refresh_token'],
})

/** Leaves the page for the server. The library makes verifier, challenge and state; the nonce is asked for here. */
export const signIn = (): Promise<void> => manager.signinRedirect({ nonce: crypto.randomUUID() })

/**
 * Takes the answer, when the page was opened with one. Who answered is checked before anything else, because the library
 * does not: an answer without `iss`, with another one or with two is nobody's (RFC 9207 section 2.4).
 */
export async function takeAnswer(): Promise<User | undefined> {
  if (location.pathname !== '/callback') return undefined
  const answer = new URL(location.href)
  // The code leaves the address bar and the history at once.
  history.replaceState(undefined, '', '/')
  const issuers = answer.searchParams.getAll('iss')
  if (issuers.length !== 1 || issuers[0] !== issuer) throw new Error('the answer came from somebody else')
  return manager.signinCallback(answer.href)
}

/** New tokens by means of the refresh token; it works once, and the library keeps the next one. */
export async function refresh(): Promise<User> {
  const user = await manager.signinSilent()
  if (user === null) throw new Error('the session is over')
  return user
}

export async function orders(): Promise<string> {
  const user = await manager.getUser()
  const response = await fetch(`${api}/orders`, { headers: { authorization: `Bearer ${user?.access_token ?? ''}` } })
  return `${response.status} ${await response.text()}`
}

/** Revokes the refresh token, forgets the rest, and ends the session at the server. */
export const signOut = (): Promise<void> => manager.signoutRedirect()
