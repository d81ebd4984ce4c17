import type { ClientRegistration } from '@sallyport/server'
import {
  createClientKey,
  freshClaims,
  signJws,
  withKey,
  type Answer,
  type ClientKey,
  type Parameters,
  type RequestOptions,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'
import { expect } from 'vitest'
import { expectEvent } from '../fixtures.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export type KeyClient = { readonly client: TestClient; readonly key: ClientKey }

/** A client of the threat rows' kind J: it authenticates with a key, and may act for people and for itself. */
export async function addKeyClient(
  issuer: TestIssuer,
  more: Partial<ClientRegistration> = {},
  key: ClientKey = createClientKey(),
): Promise<KeyClient> {
  const keys = more.jwks === undefined && more.jwksUri === undefined ? { jwks: { keys: [key.jwk] } } : {}
  const client = await issuer.addClient({
    type: 'web',
    name: 'Application with a key',
    redirectUris: ['https://key.test/cb'],
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    authenticationMethod: 'private_key_jwt',
    scope: 'openid profile email offline_access read write deliver',
    ...keys,
    ...more,
  })
  return { client: withKey(client, key, issuer), key }
}

type Changes = Readonly<Record<string, unknown>>

/** An assertion that is right except for the changes. */
export const assertionOf = (
  issuer: TestIssuer,
  { client, key }: KeyClient,
  claims: Changes = {},
  header: Changes = {},
): string => signJws(key, { ...freshClaims(client.id, issuer.issuer, issuer.clock.now()), ...claims }, header)

let asked = 0

/** A network that no other request comes from, so that nothing is paused for what happened before. */
const freshAddress = (): string => `10.${++asked >> 8}.${asked & 255}.1`

/** A request for a token of the client's own, with this assertion. */
export const askWith = (
  issuer: TestIssuer,
  assertion: string,
  more: Parameters = {},
  options: RequestOptions & { readonly path?: string } = {},
): Promise<Answer> =>
  issuer.post(
    options.path ?? '/oauth2/token',
    {
      grant_type: 'client_credentials',
      scope: 'read',
      client_assertion_type: assertionType,
      client_assertion: assertion,
      ...more,
    },
    { remoteAddress: freshAddress(), ...options },
  )

/** 401 in the one wording of failed client authentication, and one event that tells the operator more. */
export function expectRefusedFor(issuer: TestIssuer, answer: Answer, reason: string, what?: string): void {
  expect([answer.status, answer.json['error'], answer.json['error_description']]).toEqual([
    401,
    'invalid_client',
    'Client authentication failed',
  ])
  expect(answer.headers['www-authenticate']).toBe('Basic realm="https://as.test", charset="UTF-8"')
  const event = reason === 'assertion_replayed' ? 'client.assertion.replayed' : 'client.auth.failed'
  expectEvent(issuer, event, what === undefined ? { reason } : { reason, detail: { reason_detail: what } })
  issuer.forget()
}
