import type { ClientRegistration } from '@sallyport/server'
import {
  createClientKey,
  pkcePair,
  plainRequest,
  signJws,
  type Authorized,
  type ClientKey,
  type Parameters,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'

/** A client that signs its requests, and the key it signs them with. */
export type SigningClient = { readonly client: TestClient; readonly key: ClientKey }

type Changes = Readonly<Record<string, unknown>>

export const requestType = 'oauth-authz-req+jwt'

/** A web application with a secret and with a key for its requests. */
export async function addSigningClient(
  issuer: TestIssuer,
  more: Partial<ClientRegistration> = {},
  key: ClientKey = createClientKey(),
): Promise<SigningClient> {
  const keys = more.jwksUri === undefined ? { jwks: { keys: [key.jwk] } } : {}
  const client = await issuer.addClient({
    type: 'web',
    name: 'Application that signs',
    redirectUris: ['https://signs.test/cb'],
    scope: 'openid profile email offline_access read write',
    ...keys,
    ...more,
  })
  return { client, key }
}

/** What a request object says of itself, made now. */
export function aboutItself(issuer: TestIssuer, { id }: TestClient): Changes {
  const iat = Math.floor(issuer.clock.now())
  return { iss: id, aud: issuer.issuer, iat, nbf: iat, exp: iat + 300, jti: issuer.random.id(16) }
}

/** A request object that is right except for the changes, with what it says. */
export function objectOf(
  issuer: TestIssuer,
  { client, key }: SigningClient,
  claims: Changes = {},
  header: Changes = {},
): { readonly request: string; readonly claims: Changes; readonly verifier: string } {
  const { verifier, challenge } = pkcePair(issuer.random)
  const all = { ...plainRequest(client, challenge, issuer.random), ...aboutItself(issuer, client), ...claims }
  return { request: signJws(key, all, { typ: requestType, ...header }), claims: all, verifier }
}

/** Leaves nothing of a plain request but what is said. */
const bare: Parameters = {
  ...{ response_type: undefined, redirect_uri: undefined, scope: undefined, state: undefined, nonce: undefined },
  ...{ resource: undefined, code_challenge: undefined, code_challenge_method: undefined },
}

/** A browser comes with this request object and its client's id, and with nothing else unless more is said. */
export const bring = (
  issuer: TestIssuer,
  client: TestClient,
  request: string,
  more: Parameters = {},
  method: 'GET' | 'POST' = 'GET',
): Promise<Authorized> => issuer.authorize({ client, method, parameters: { ...bare, request, ...more } })

/** The whole of it: an object that is right except for the changes, and what came of it. */
export async function ask(
  issuer: TestIssuer,
  signer: SigningClient,
  claims: Changes = {},
  header: Changes = {},
): Promise<Authorized & { readonly claims: Changes }> {
  const object = objectOf(issuer, signer, claims, header)
  const asked = await bring(issuer, signer.client, object.request)
  return { ...asked, verifier: object.verifier, claims: object.claims }
}
