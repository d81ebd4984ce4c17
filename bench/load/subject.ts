import type { Deployment } from '../deployment.ts'
import { cookiesFor, createCookieJar, type CookieJar } from './cookie-jar.ts'
import { openConnection, type Connection } from './connection.ts'
import { basicAuthorization, browserGet, postStart } from './http-request.ts'
import { createBank, type Bank } from './bank.ts'
import { newProofKey, type ProofKey } from './proofs.ts'
import { keysOf, parseRecord, type VerificationKeys } from './token-check.ts'

/** A server under load: its endpoints, its signed-in browsers, and the constant text of each request. */
export interface Subject {
  readonly deployment: Deployment
  readonly serverPid: number
  readonly host: string
  readonly port: number
  readonly keys: VerificationKeys
  readonly authorizeUrl: URL
  /** Path and query of an authorization request up to the values that change. */
  readonly authorizeStart: (resource: string) => string
  readonly expectedIssuer: string
  readonly appTokenPost: string
  readonly serviceTokenPost: string
  readonly introspectPost: string
  readonly tokenUrl: URL
  /** The key that the machine client binds its tokens to. */
  readonly serviceKey: ProofKey
  readonly bank: Bank | undefined
  readonly browsers: readonly CookieJar[]
  /** The newest refresh token of each chain; a connection takes one and puts its successor back. */
  readonly refreshTokens: string[]
  readonly accessPool: { tokens: string[]; madeAt: number }
  readonly refreshPool: { tokens: string[] }
}

/** Browsers that are signed in and share the connections between them. */
const browserCount = 16

/** Reads discovery and keys, and prepares what every operation of this server has in common. */
export async function describeSubject(deployment: Deployment, serverPid: number): Promise<Subject> {
  const issuer = new URL(deployment.issuer)
  const host = issuer.hostname
  const port = Number(issuer.port)
  const connection = await openConnection(host, port)
  const read = async (url: URL): Promise<string> => {
    const answer = await connection.send(browserGet(url.pathname, url.host, ''))
    if (answer.status !== 200) throw new Error(`${url.href} answered ${answer.status}`)
    return answer.body
  }
  const metadata = parseRecord(await read(new URL('/.well-known/openid-configuration', issuer)))
  if (metadata.issuer !== deployment.issuer)
    throw new Error(`discovery names another issuer: ${String(metadata.issuer)}`)
  const endpoint = (name: string): URL => new URL(String(metadata[name]))
  const keys = keysOf(await read(endpoint('jwks_uri')))
  connection.close()
  const app = basicAuthorization(deployment.app)
  const authorizeUrl = endpoint('authorization_endpoint')
  return {
    deployment,
    serverPid,
    host,
    port,
    keys,
    authorizeUrl,
    authorizeStart: authorizeStarts(deployment, authorizeUrl),
    expectedIssuer: `iss=${encodeURIComponent(deployment.issuer)}`,
    appTokenPost: postStart(endpoint('token_endpoint'), app),
    serviceTokenPost: postStart(endpoint('token_endpoint'), basicAuthorization(deployment.service)),
    introspectPost: postStart(endpoint('introspection_endpoint'), app),
    tokenUrl: endpoint('token_endpoint'),
    serviceKey: newProofKey(),
    bank: deployment.bank && createBank(deployment, deployment.bank, endpoint),
    browsers: Array.from({ length: browserCount }, createCookieJar),
    refreshTokens: [],
    accessPool: { tokens: [], madeAt: 0 },
    refreshPool: { tokens: [] },
  }
}

function authorizeStarts(deployment: Deployment, url: URL): (resource: string) => string {
  const starts = new Map<string, string>()
  for (const resource of [deployment.resource, deployment.introspectionResource]) {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: deployment.app.id,
      redirect_uri: deployment.redirectUri,
      scope: deployment.scope,
      resource,
      code_challenge_method: 'S256',
    })
    starts.set(resource, `${url.pathname}?${query.toString()}`)
  }
  return (resource) => starts.get(resource) ?? ''
}

/** One connection and the browser it acts for. */
export interface Actor {
  readonly connection: Connection
  readonly jar: CookieJar
  /** Which refresh token chain belongs to this actor. */
  readonly index: number
  operations: number
}

export async function openActor(subject: Subject, index: number): Promise<Actor> {
  const jar = subject.browsers[index % browserCount]
  if (jar === undefined) throw new Error('no browser')
  return { connection: await openConnection(subject.host, subject.port), jar, index, operations: 0 }
}

export const authorizeCookies = (subject: Subject, actor: Actor): string =>
  cookiesFor(actor.jar, subject.authorizeUrl.pathname)
