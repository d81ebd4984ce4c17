import type { Answer } from './answer.ts'
import type { Authorized, AuthorizationDriver, FlowOptions } from './authorization.ts'
import type { BackChannel, RequestOptions } from './back-channel.ts'
import type { IssuerCore } from './issuer-core.ts'
import { decodeJwt } from './jwt.ts'
import type { Parameters } from './parameters.ts'
import type { TestClient } from './test-client.ts'

/** What a token response delivered. */
export type Tokens = {
  readonly client: TestClient
  readonly accessToken: string
  /** Empty when none was issued. */
  readonly refreshToken: string
  /** Empty when none was issued. */
  readonly idToken: string
  readonly scope: string
  readonly expiresIn: number
  readonly answer: Answer
}

/** Tokens from a code, with the request they came from. */
export type CodeFlow = Tokens & { readonly authorized: Authorized }

/** The token endpoint side of flows. */
export type TokenDriver = {
  /** Redeems a code as its client would; `changes` replace or leave out parameters. */
  readonly redeem: (
    authorized: Authorized,
    changes?: Parameters,
    options?: RequestOptions & { as?: TestClient },
  ) => Promise<Answer>
  /** A whole authorization code flow. Throws when the answer is not 200. */
  readonly codeFlow: (options?: FlowOptions) => Promise<CodeFlow>
  readonly refresh: (
    tokens: Pick<Tokens, 'client' | 'refreshToken'>,
    changes?: Parameters,
    options?: RequestOptions,
  ) => Promise<Answer>
  /** A refresh that has to succeed. */
  readonly refreshed: (tokens: Pick<Tokens, 'client' | 'refreshToken'>, changes?: Parameters) => Promise<Tokens>
  /** A client_credentials request. */
  readonly clientCredentials: (client: TestClient, parameters?: Parameters, options?: RequestOptions) => Promise<Answer>
  /** True while an access token works: at UserInfo for one of the issuer, at introspection for one of an API. */
  readonly isAlive: (accessToken: string) => Promise<boolean>
}

/** Reads a token response. Throws when it is not one. */
export function tokensOf(client: TestClient, answer: Answer): Tokens {
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text}`)
  const text = (name: string): string => {
    const value = answer.json[name]
    return typeof value === 'string' ? value : ''
  }
  return {
    client,
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    scope: text('scope'),
    expiresIn: Number(answer.json['expires_in']),
    answer,
  }
}

type Parts = IssuerCore & BackChannel & AuthorizationDriver

export function tokenDriver(parts: Parts): TokenDriver {
  const { issuer, clients, token, introspect, userinfo, authorize } = parts

  const redeem: TokenDriver['redeem'] = ({ client, code, sent, verifier }, changes = {}, options = {}) => {
    const { redirect_uri } = sent
    const plain = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }
    return token(options.as ?? client, { ...plain, ...changes }, options)
  }
  const refresh: TokenDriver['refresh'] = ({ client, refreshToken }, changes = {}, options = {}) =>
    token(client, { grant_type: 'refresh_token', refresh_token: refreshToken, ...changes }, options)

  const apiOf = (audience: unknown): TestClient =>
    [clients.RS1, clients.RS2].find(({ record }) => record.resourceServerOf.includes(String(audience))) ?? clients.RS1

  return {
    redeem,
    codeFlow: async (options) => {
      const authorized = await authorize(options)
      if (authorized.code === '') {
        const { answer, leftFor } = authorized.visit
        throw new Error(`no code: ${answer.status} ${leftFor ?? answer.text}`)
      }
      return { ...tokensOf(authorized.client, await redeem(authorized)), authorized }
    },
    refresh,
    refreshed: async (tokens, changes) => tokensOf(tokens.client, await refresh(tokens, changes)),
    clientCredentials: (client, parameters = {}, options = {}) =>
      token(client, { grant_type: 'client_credentials', ...parameters }, options),
    isAlive: async (accessToken) => {
      const { aud } = decodeJwt(accessToken).claims
      if (aud === issuer) return (await userinfo(accessToken)).status === 200
      return (await introspect(apiOf(aud), accessToken)).json['active'] === true
    },
  }
}
