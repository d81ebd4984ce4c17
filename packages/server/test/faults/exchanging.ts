import { randomUUID } from 'node:crypto'
import { createClientKey, signJws, type Parameters, type TestClient, type TestIssuer } from '@sallyport/testing'
import { bearerGrant, foreignIssuer } from '../exchange/assertions.ts'
import { exchangeGrant, gateway, typeOf } from '../exchange/exchanges.ts'

const key = createClientKey()
const id = 'client_gateway'

/** Options of an issuer at which one client may exchange tokens, and bring assertions of another issuer. */
export const exchanging = {
  exchange: { rules: [{ clients: [id], targets: ['https://rs1.test'], scope: ['read', 'write'] }] },
  trustedIssuers: [
    { issuer: foreignIssuer, jwks: { keys: [key.jwk] }, clients: [id], scope: ['read'], people: 'same' as const },
  ],
}

const clients = new WeakMap<TestIssuer, TestClient>()

/** The client of such an issuer, registered when it is first asked for. */
async function exchanger(issuer: TestIssuer): Promise<TestClient> {
  let client = clients.get(issuer)
  if (client === undefined) {
    client = await issuer.addClient({ ...gateway, grantTypes: ['client_credentials', exchangeGrant, bearerGrant] }, id)
    clients.set(issuer, client)
  }
  return client
}

/** Good requests of that client that nobody has sent yet. */
export async function unsentExchanges(issuer: TestIssuer): Promise<readonly (readonly [TestClient, Parameters])[]> {
  const client = await exchanger(issuer)
  const { accessToken } = await issuer.codeFlow()
  const now = Math.floor(issuer.clock.now())
  const about = { iss: foreignIssuer, sub: issuer.alice.subject, aud: issuer.issuer, jti: randomUUID() }
  const assertion = signJws(key, { ...about, iat: now, exp: now + 60 })
  const subject = { subject_token: accessToken, subject_token_type: typeOf('access_token') }
  return [
    [client, { grant_type: exchangeGrant, ...subject, audience: 'https://rs1.test', scope: 'read' }],
    [client, { grant_type: bearerGrant, assertion, scope: 'read', resource: 'https://rs1.test' }],
  ]
}
