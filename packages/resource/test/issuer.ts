import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

/** An issuer played by jose, so that what is verified was not made by our own code. */
export const issuer = 'https://as.test'
export const audience = 'https://api.test/orders'
export const start = 1_800_000_000

export type Key = { readonly kid: string; readonly alg: string; readonly privateKey: CryptoKey; readonly jwk: JWK }

export async function makeKey(kid: string, alg = 'ES256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export const baseClaims = {
  iss: issuer,
  aud: audience,
  sub: 'user_1',
  client_id: 'client_1',
  jti: 'token-1',
  iat: start,
  exp: start + 300,
  scope: 'orders.read',
}

type Token = { readonly claims?: object; readonly typ?: string | undefined; readonly header?: object }

/** A good access token with some claims or header members changed; `undefined` takes a member away. */
export function sign(key: Key, { claims = {}, header = {}, ...more }: Token = {}): Promise<string> {
  const typ = 'typ' in more ? more.typ : 'at+jwt'
  const payload = JSON.parse(JSON.stringify({ ...baseClaims, ...claims })) as Record<string, unknown>
  const protectedHeader = { alg: key.alg, kid: key.kid, ...(typ === undefined ? {} : { typ }), ...header }
  return new SignJWT(payload)
    .setProtectedHeader(JSON.parse(JSON.stringify(protectedHeader)) as { alg: string })
    .sign(key.privateKey)
}

export type Answer = () => Response | Promise<Response>

export const jwksAnswer =
  (
    keys: readonly { jwk: object }[],
    headers: Record<string, string> = { 'cache-control': 'public, max-age=300' },
  ): Answer =>
  () =>
    new Response(JSON.stringify({ keys: keys.map((key) => key.jwk) }), {
      headers: { 'content-type': 'application/jwk-set+json', ...headers },
    })

/** The issuer's two documents behind a `fetch`, with a count of what was asked. */
export function issuerDocuments(initial: Answer) {
  const state = {
    jwks: initial,
    metadata: { issuer, jwks_uri: `${issuer}/oauth2/jwks` } as object,
    asked: [] as string[],
  }
  const fetcher: typeof fetch = async (input) => {
    const url = input instanceof Request ? input.url : String(input)
    state.asked.push(url)
    if (url.includes('/.well-known/oauth-authorization-server')) return Response.json(state.metadata)
    return state.jwks()
  }
  return { state, fetcher, jwksFetches: () => state.asked.filter((url) => url.endsWith('/oauth2/jwks')).length }
}
