import { clientAssertionType, formEncode } from '@sallyport/protocol'
import type { Client, ClientAuthenticationMethod } from '@sallyport/server/model'

/** A registered client together with what only the client itself knows. */
export type TestClient = {
  readonly id: string
  readonly secret: string | undefined
  readonly method: ClientAuthenticationMethod
  /** The first registered redirect URI; empty for a client without one. */
  readonly redirectUri: string
  readonly record: Client
  /** Signs a fresh assertion, for a client that authenticates with a key. */
  readonly assertion?: (() => string) | undefined
}

export const testClient = (record: Client, secret: string | undefined): TestClient => ({
  id: record.id,
  secret,
  method: record.authenticationMethod,
  redirectUri: record.redirectUris[0] ?? '',
  record,
})

/** How one request proves who sends it. */
export type Credentials = {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
}

/** The value of an `Authorization` header for client_secret_basic (OAuth 2.1 section 2.4.1). */
export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString('base64')}`

/** The credentials a client is registered to send; `secret` stands in for its own. */
export function credentialsOf(client: TestClient, secret = client.secret ?? ''): Credentials {
  switch (client.method) {
    // The certificate comes with the connection.
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
    case 'none':
      return { headers: {}, parameters: { client_id: client.id } }
    case 'client_secret_basic':
      return { headers: { authorization: basic(client.id, secret) }, parameters: {} }
    case 'client_secret_post':
      return { headers: {}, parameters: { client_id: client.id, client_secret: secret } }
    case 'private_key_jwt':
      if (client.assertion === undefined) throw new Error(`client ${client.id} has no key to sign with`)
      return {
        headers: {},
        parameters: { client_assertion_type: clientAssertionType, client_assertion: client.assertion() },
      }
  }
}
