import type { Operation } from '../deployment.ts'
import { headerOf } from './connection.ts'
import { keepCookies } from './cookie-jar.ts'
import { browserGet, postRequest } from './http-request.ts'
import { challengeOf, randomText } from './randomness.ts'
import { authorizeCookies, type Actor, type Subject } from './subject.ts'
import { checkAccessToken, checkIdToken, parseRecord, readTokens, type TokenAnswer } from './token-check.ts'

/** Each answer's form is checked; of one in this many the signature and the claims are, too. */
const verifyEvery = 128

const isThorough = (actor: Actor): boolean => {
  actor.operations += 1
  return actor.operations % verifyEvery === 1
}

/** The request parameters that are new in each authorization request. */
export interface FreshRequest {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
  readonly path: string
}

export function freshRequest(subject: Subject, resource: string): FreshRequest {
  const verifier = randomText()
  const state = randomText()
  const nonce = randomText()
  const start = subject.authorizeStart(resource)
  return {
    verifier,
    state,
    nonce,
    path: `${start}&state=${state}&nonce=${nonce}&code_challenge=${challengeOf(verifier)}`,
  }
}

/** The code in an authorization response, after its state and issuer were compared with what was sent. */
export function codeIn(location: string, subject: Subject, state: string): string {
  const query = location.slice(subject.deployment.redirectUri.length + 1)
  let code = ''
  let stateSeen = false
  let issuerSeen = false
  for (const pair of query.split('&')) {
    if (pair.startsWith('code=')) code = pair.slice(5)
    else if (pair === `state=${state}`) stateSeen = true
    else if (pair === subject.expectedIssuer) issuerSeen = true
  }
  if (code === '' || !stateSeen || !issuerSeen) throw new Error(`not a right authorization response: ${location}`)
  return code
}

/** Redeems a code with its verifier. */
export async function redeemCode(
  subject: Subject,
  actor: Actor,
  code: string,
  verifier: string,
  resource: string,
): Promise<TokenAnswer> {
  const body =
    `grant_type=authorization_code&code=${code}&code_verifier=${verifier}` +
    `&redirect_uri=${encodeURIComponent(subject.deployment.redirectUri)}&resource=${encodeURIComponent(resource)}`
  const answer = await actor.connection.send(postRequest(subject.appTokenPost, body))
  const tokens = readTokens(answer.status, answer.body)
  if (tokens.idToken === undefined || tokens.refreshToken === undefined)
    throw new Error(`tokens are missing: ${answer.body}`)
  return tokens
}

/** A whole code flow of a signed-in browser: one redirect, one redemption. */
export async function codeFlow(
  subject: Subject,
  actor: Actor,
  resource: string,
  thorough: boolean,
): Promise<TokenAnswer> {
  const fresh = freshRequest(subject, resource)
  const { connection, jar } = actor
  const answer = await connection.send(
    browserGet(fresh.path, subject.authorizeUrl.host, authorizeCookies(subject, actor)),
  )
  keepCookies(jar, answer.head)
  const location = headerOf(answer.head, 'location')
  if (answer.status !== 303 || !location?.startsWith(`${subject.deployment.redirectUri}?`)) {
    throw new Error(`authorize answered ${answer.status} ${location ?? answer.body.slice(0, 300)}`)
  }
  const tokens = await redeemCode(subject, actor, codeIn(location, subject, fresh.state), fresh.verifier, resource)
  if (thorough) {
    checkAccessToken(tokens.accessToken, subject.keys, subject.deployment, subject.deployment.app.id)
    checkIdToken(tokens.idToken ?? '', subject.keys, subject.deployment, fresh.nonce)
  }
  return tokens
}

async function clientCredentials(subject: Subject, actor: Actor): Promise<void> {
  const { apiScope, resource, service } = subject.deployment
  const body = `grant_type=client_credentials&scope=${encodeURIComponent(apiScope)}&resource=${encodeURIComponent(resource)}`
  const answer = await actor.connection.send(postRequest(subject.serviceTokenPost, body))
  const tokens = readTokens(answer.status, answer.body)
  if (tokens.accessToken.length < 100) throw new Error('the access token is not a JWT')
  if (isThorough(actor)) checkAccessToken(tokens.accessToken, subject.keys, subject.deployment, service.id)
}

async function refresh(subject: Subject, actor: Actor): Promise<void> {
  const current = subject.refreshTokens[actor.index]
  if (current === undefined) throw new Error('no refresh token to begin with')
  const body = `grant_type=refresh_token&refresh_token=${current}&resource=${encodeURIComponent(subject.deployment.resource)}`
  const answer = await actor.connection.send(postRequest(subject.appTokenPost, body))
  const tokens = readTokens(answer.status, answer.body)
  const next = tokens.refreshToken
  if (next === undefined || next === current) throw new Error('the refresh token was not rotated')
  if (tokens.idToken === undefined) throw new Error('no ID token in a refresh response')
  subject.refreshTokens[actor.index] = next
  if (!isThorough(actor)) return
  checkAccessToken(tokens.accessToken, subject.keys, subject.deployment, subject.deployment.app.id)
  checkIdToken(tokens.idToken, subject.keys, subject.deployment, undefined)
}

async function introspect(subject: Subject, actor: Actor, tokens: readonly string[], hint: string): Promise<void> {
  const token = tokens[(actor.index + actor.operations * 61) % tokens.length]
  const thorough = isThorough(actor)
  const body = `token=${token ?? ''}&token_type_hint=${hint}`
  const answer = await actor.connection.send(postRequest(subject.introspectPost, body))
  if (answer.status !== 200) throw new Error(`introspection answered ${answer.status}: ${answer.body.slice(0, 300)}`)
  const state = parseRecord(answer.body)
  if (state.active !== true || state.client_id !== subject.deployment.app.id)
    throw new Error(`not active: ${answer.body}`)
  if (thorough && (typeof state.sub !== 'string' || typeof state.exp !== 'number'))
    throw new Error(`incomplete: ${answer.body}`)
}

/** Does one operation and throws unless every answer in it was right. */
export const operations: Readonly<Record<Operation, (subject: Subject, actor: Actor) => Promise<unknown>>> = {
  client_credentials: clientCredentials,
  code: (subject, actor) => codeFlow(subject, actor, subject.deployment.resource, isThorough(actor)),
  refresh,
  introspect_access: (subject, actor) => introspect(subject, actor, subject.accessPool.tokens, 'access_token'),
  introspect_refresh: (subject, actor) => introspect(subject, actor, subject.refreshPool.tokens, 'refresh_token'),
}
