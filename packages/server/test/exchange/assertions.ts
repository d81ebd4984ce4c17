import { randomUUID } from 'node:crypto'
import type { ClientRegistration, TrustedIssuer } from '@sallyport/server'
import {
  createClientKey,
  signJws,
  type Answer,
  type ClientKey,
  type Parameters,
  type RequestOptions,
  type TestClient,
  type TestIssuer,
  type TestIssuerOptions,
} from '@sallyport/testing'
import { expectEvent, expectRefusal, newIssuer } from '../fixtures.ts'

export const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const foreignIssuer = 'https://idp.example'

/** A client that brings assertions, and nothing else. */
export const bringer: ClientRegistration = {
  type: 'service',
  name: 'Bringer of assertions',
  grantTypes: ['client_credentials', bearerGrant],
  scope: 'read write deliver',
}

type Changes = Readonly<Record<string, unknown>>

/** An issuer that takes the word of another one, with the client that brings it. */
export type TrustingIssuer = {
  readonly issuer: TestIssuer
  readonly client: TestClient
  readonly key: ClientKey
  /** An assertion about alice that is right except for the changes. */
  readonly assertion: (claims?: Changes, header?: Changes, by?: ClientKey) => string
  readonly redeem: (assertion: string, more?: Parameters, options?: RequestOptions) => Promise<Answer>
  /** 400 in the one wording there is, and the reason in one event. */
  readonly expectNo: (answer: Answer, reason: string, what?: string, error?: string) => void
}

export type TrustFacts = Partial<TrustedIssuer> & { readonly options?: TestIssuerOptions }

export async function trustingIssuer({ options, ...more }: TrustFacts = {}): Promise<TrustingIssuer> {
  const key = createClientKey()
  const entry: TrustedIssuer = {
    issuer: foreignIssuer,
    ...(more.jwksUri === undefined ? { jwks: { keys: [key.jwk] } } : {}),
    clients: ['client_bringer'],
    scope: ['read'],
    people: 'same',
    ...more,
  }
  const issuer = await newIssuer({ trustedIssuers: [entry], ...options })
  const client = await issuer.addClient(bringer, 'client_bringer')
  const claims = (): Changes => ({
    ...{ iss: foreignIssuer, sub: issuer.alice.subject, aud: issuer.issuer, jti: randomUUID() },
    ...{ iat: issuer.clock.now(), exp: issuer.clock.now() + 60 },
    ...(entry.accepts === 'id-jag' ? { client_id: client.id } : {}),
  })
  const typ = entry.accepts === 'id-jag' ? { typ: 'oauth-id-jag+jwt' } : {}
  return {
    issuer,
    client,
    key,
    assertion: (changes = {}, header = {}, by = key) => signJws(by, { ...claims(), ...changes }, { ...typ, ...header }),
    redeem: (assertion, parameters = {}, request = {}) =>
      issuer.token(
        client,
        { grant_type: bearerGrant, assertion, scope: 'read', resource: 'https://rs1.test', ...parameters },
        request,
      ),
    expectNo: (answer, reason, what, error = 'invalid_grant') => {
      expectRefusal(answer, error)
      const event = reason === 'bearer_assertion_replayed' ? 'token.assertion.replayed' : 'token.request.rejected'
      expectEvent(issuer, event, what === undefined ? { reason } : { reason, detail: { reason_detail: what } })
      issuer.forget()
    },
  }
}
