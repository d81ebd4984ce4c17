import type { Connect, IdentityAudience, TrustedIssuer } from '@sallyport/server'
import type { Parameters, TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { Duplex } from 'node:stream'
import { expectEvent, expectRefusal, newIssuer } from '../fixtures.ts'
import { bearerGrant, bringer } from './assertions.ts'
import { exchangeGrant, typeOf } from './exchanges.ts'

export const issuerOfSignIn = 'https://idp.example'

export const plain: IdentityAudience = {
  audience: 'https://as.test',
  clients: { client_wiki: 'client_bringer' },
  scope: ['read', 'write'],
  resources: ['https://rs1.test'],
}

/** The issuer at which people sign in, with an application that takes them elsewhere. */
export async function signInIssuer(more: Partial<IdentityAudience> = {}, options: TestIssuerOptions = {}) {
  const issuer = await newIssuer({ issuer: issuerOfSignIn, identityAudiences: [{ ...plain, ...more }], ...options })
  const client = await issuer.addClient(
    {
      type: 'web',
      name: 'Wiki',
      redirectUris: ['https://wiki.test/cb'],
      grantTypes: ['authorization_code', 'refresh_token', exchangeGrant],
      scope: 'openid profile email offline_access read write deliver',
    },
    'client_wiki',
  )
  const ask = (token: string, parameters: Parameters = {}, options: object = {}) =>
    issuer.token(
      client,
      {
        ...{ grant_type: exchangeGrant, requested_token_type: typeOf('id-jag'), audience: 'https://as.test' },
        ...{ subject_token: token, subject_token_type: typeOf('id_token'), scope: 'read', ...parameters },
      },
      options,
    )
  const expectNo = (answer: Awaited<ReturnType<typeof ask>>, reason: string, error = 'invalid_grant') => {
    expectRefusal(answer, error)
    expectEvent(issuer, 'token.exchange.denied', { reason })
    issuer.forget()
  }
  return { issuer, client, ask, expectNo, flow: () => issuer.codeFlow({ client }) }
}

/** A connection at whose other end an issuer shows its keys. */
const keysOf =
  (issuer: TestIssuer): Connect =>
  () =>
    Promise.resolve(
      new Duplex({
        read: () => undefined,
        write(part: Buffer, _, done) {
          done()
          if (!part.includes('\r\n\r\n')) return
          void issuer.get('/oauth2/jwks').then(({ text }) => {
            const head = `HTTP/1.1 200 OK\r\ncontent-type: application/jwk-set+json\r\ncontent-length: ${text.length}`
            this.push(`${head}\r\n\r\n${text}`)
          })
        },
      }),
    )

/** The authorization server that takes the word of the other one, with the same application as it is called there. */
export async function resourceIssuer(of: TestIssuer, options: TestIssuerOptions = {}) {
  const seed = 'the other server'
  const { alice } = await newIssuer({ seed })
  const trusted: TrustedIssuer = {
    ...{ issuer: issuerOfSignIn, jwksUri: `${issuerOfSignIn}/oauth2/jwks`, scope: ['read'] },
    accepts: 'id-jag',
    ...{ clients: ['client_bringer'], people: { [of.alice.subject]: alice.subject } },
  }
  const outbound = { connect: keysOf(of), resolve: () => Promise.resolve(['93.184.215.14']) }
  const issuer = await newIssuer({ seed, trustedIssuers: [trusted], outbound, ...options })
  const client = await issuer.addClient(bringer, 'client_bringer')
  return {
    issuer,
    client,
    redeem: (assertion: string, options: object = {}) =>
      issuer.token(client, { grant_type: bearerGrant, assertion }, options),
  }
}
