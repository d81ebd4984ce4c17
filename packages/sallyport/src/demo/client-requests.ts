import { formEncode, type Random } from '@sallyport/protocol'
import type { Demo, DemoClient } from './demo.ts'
import { exchange, type Exchange, type ReceivedAnswer } from './exchange.ts'

/** What the demo app works with. */
export type World = {
  readonly demo: Demo
  readonly random: Random
  /** Seconds since 1970. */
  readonly now: () => number
}

export type Answered = Exchange & { readonly answer: ReceivedAnswer }

/** client_secret_basic (OAuth 2.1 section 2.4.1); nothing for a public client. */
const authentication = ({ id, secret }: DemoClient): Record<string, string> =>
  secret === undefined
    ? {}
    : { Authorization: `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString('base64')}` }

const json = { Accept: 'application/json' }

/** Posts a form as a client; one without a secret is named in the form. */
export const askAs = (
  { demo }: World,
  client: DemoClient,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> =>
  exchange({
    method: 'POST',
    url: `${demo.addresses.issuer}${path}`,
    headers: { ...json, ...authentication(client), ...headers },
    form,
  })

/** Trades a code for tokens (OAuth 2.1 section 4.1.3). */
export const redeemCode = (world: World, client: DemoClient, code: string, verifier: string): Promise<Answered> =>
  askAs(world, client, '/oauth2/token', { grant_type: 'authorization_code', code, code_verifier: verifier })

/** Trades a refresh token for new tokens (OAuth 2.1 section 4.3). */
export const refreshTokens = (world: World, client: DemoClient, refreshToken: string): Promise<Answered> =>
  askAs(world, client, '/oauth2/token', { grant_type: 'refresh_token', refresh_token: refreshToken })

/** Asks, as the API, whether a token is in force (RFC 7662). */
export const introspect = (world: World, token: string): Promise<Answered> =>
  askAs(world, world.demo.clients.api, '/oauth2/introspect', { token })

/** Fetches the public keys of the issuer. */
export const fetchKeys = ({ demo }: World): Promise<Answered> =>
  exchange({ url: `${demo.addresses.issuer}/oauth2/jwks`, headers: json })

/** Calls the API with a token, in the one place where a token belongs (RFC 6750 section 2.1). */
export const callApi = ({ demo }: World, token: string): Promise<Answered> =>
  exchange({ url: `${demo.addresses.api}/orders`, headers: { ...json, Authorization: `Bearer ${token}` } })

/** Asks the issuer about the person (OpenID Connect Core section 5.3). */
export const callUserInfo = ({ demo }: World, token: string): Promise<Answered> =>
  exchange({ url: `${demo.addresses.issuer}/oauth2/userinfo`, headers: { ...json, Authorization: `Bearer ${token}` } })
