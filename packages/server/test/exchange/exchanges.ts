import { laterResourceMembers, type ClientRegistration, type ExchangeRule, type Resource } from '@sallyport/server'
import {
  tokensOf,
  type Answer,
  type Parameters,
  type RequestOptions,
  type TestClient,
  type TestIssuer,
  type TestIssuerOptions,
  type Tokens,
} from '@sallyport/testing'
import { expectEvent, expectRefusal, newIssuer } from '../fixtures.ts'

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const typeOf = (kind: string): string => `urn:ietf:params:oauth:token-type:${kind}`

const api = (id: string, names: readonly string[], more: Partial<Resource> = {}): Resource => ({
  ...{ id, name: id, accessTokenLifetime: undefined, ...laterResourceMembers },
  scopes: names.map((name) => ({ name, description: name })),
  ...more,
})

/** Three APIs that know `read`: the second has words of its own, and the third takes handles. */
export const apis: readonly Resource[] = [
  api('https://rs1.test', ['read', 'write']),
  api('https://rs2.test', ['read', 'deliver']),
  api('https://rs3.test', ['read'], { format: 'opaque' }),
]

/** A service in front of the first API that passes work on to the second. */
export const gateway: ClientRegistration = {
  type: 'service',
  name: 'Gateway',
  grantTypes: ['client_credentials', exchangeGrant],
  scope: 'read write deliver',
  resourceServerOf: ['https://rs1.test'],
}

export const plainRule: ExchangeRule = {
  clients: ['client_gateway'],
  targets: ['https://rs2.test', 'https://rs3.test'],
  scope: ['read', 'deliver'],
}

export type ExchangeFacts = Partial<ExchangeRule> & {
  readonly options?: TestIssuerOptions
  readonly registration?: Partial<ClientRegistration>
}

export type ExchangeIssuer = {
  readonly issuer: TestIssuer
  readonly client: TestClient
  /** An exchange of this access token for the second API, apart from the changes. */
  readonly exchange: (
    token: string,
    more?: Parameters,
    options?: RequestOptions & { as?: TestClient },
  ) => Promise<Answer>
  /** The refusal, and its reason in one event. */
  readonly expectNo: (answer: Answer, reason: string, error?: string, status?: number) => void
}

/** An issuer with one rule, and the gateway that it names. */
export async function exchangeIssuer(facts: ExchangeFacts = {}): Promise<ExchangeIssuer> {
  const { options = {}, registration = {}, ...more } = facts
  const rules = [{ ...plainRule, ...more }]
  const issuer = await newIssuer({
    resources: apis,
    exchange: { rules, ...options.exchange },
    ...withoutExchange(options),
  })
  const client = await issuer.addClient({ ...gateway, ...registration }, 'client_gateway')
  return {
    issuer,
    client,
    exchange: (subject_token, parameters = {}, request = {}) =>
      issuer.token(
        request.as ?? client,
        {
          ...{ grant_type: exchangeGrant, subject_token, subject_token_type: typeOf('access_token') },
          ...{ resource: 'https://rs2.test', ...parameters },
        },
        request,
      ),
    expectNo: (answer, reason, error = 'invalid_request', status = 400) => {
      expectRefusal(answer, error, status)
      expectEvent(issuer, 'token.exchange.denied', { reason })
      issuer.forget()
    },
  }
}

const withoutExchange = ({ exchange: _, ...rest }: TestIssuerOptions): TestIssuerOptions => rest

/** Tokens of alice at K for the first API. */
export async function aliceTokens(issuer: TestIssuer, parameters: Parameters = {}): Promise<Tokens> {
  return issuer.codeFlow({ parameters: { scope: 'openid offline_access read write', ...parameters } })
}

export const tokenIn = (answer: Answer): string => tokensOf({} as TestClient, answer).accessToken
