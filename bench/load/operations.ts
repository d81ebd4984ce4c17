import type { Operation } from '../deployment.ts'
import { authorize, freshValues } from './authorize.ts'
import { fapiFlow } from './fapi-flow.ts'
import { basicAuthorization, postRequest, postStart } from './http-request.ts'
import { proofLine } from './proofs.ts'
import type { Actor, Subject } from './subject.ts'
import {
  checkAccessToken,
  checkBinding,
  checkIdToken,
  parseRecord,
  readTokens,
  type TokenAnswer,
} from './token-check.ts'

/** Each answer's form is checked; of one in this many the signature and the claims are, too. */
const verifyEvery = 128

const isThorough = (actor: Actor): boolean => {
  actor.operations += 1
  return actor.operations % verifyEvery === 1
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
  const fresh = freshValues()
  const code = await authorize(subject, actor, subject.authorizeStart(resource) + fresh.query, fresh.state)
  const tokens = await redeemCode(subject, actor, code, fresh.verifier, resource)
  if (thorough) {
    checkAccessToken(tokens.accessToken, subject.keys, subject.deployment, subject.deployment.app.id)
    checkIdToken(tokens.idToken ?? '', subject.keys, subject.deployment, fresh.nonce)
  }
  return tokens
}

const machineRequest = ({ deployment: { apiScope, resource } }: Subject): string =>
  `grant_type=client_credentials&scope=${encodeURIComponent(apiScope)}&resource=${encodeURIComponent(resource)}`

async function clientCredentials(subject: Subject, actor: Actor): Promise<void> {
  const answer = await actor.connection.send(postRequest(subject.serviceTokenPost, machineRequest(subject)))
  const tokens = readTokens(answer.status, answer.body)
  if (tokens.accessToken.length < 100) throw new Error('the access token is not a JWT')
  if (isThorough(actor))
    checkAccessToken(tokens.accessToken, subject.keys, subject.deployment, subject.deployment.service.id)
}

/** The same with a proof: the token is bound to the key of the machine (RFC 9449 5). */
async function boundClientCredentials(subject: Subject, actor: Actor): Promise<void> {
  const { deployment, keys, serviceKey, tokenUrl } = subject
  const start = postStart(tokenUrl, basicAuthorization(deployment.service) + proofLine(serviceKey, tokenUrl))
  const answer = await actor.connection.send(postRequest(start, machineRequest(subject)))
  const { accessToken } = readTokens(answer.status, answer.body, 'DPoP')
  if (!isThorough(actor)) return
  checkAccessToken(accessToken, keys, deployment, deployment.service.id)
  checkBinding(accessToken, keys, serviceKey.thumbprint)
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
  client_credentials_dpop: boundClientCredentials,
  code: (subject, actor) => codeFlow(subject, actor, subject.deployment.resource, isThorough(actor)),
  fapi: (subject, actor) => fapiFlow(subject, actor, isThorough(actor)),
  refresh,
  introspect_access: (subject, actor) => introspect(subject, actor, subject.accessPool.tokens, 'access_token'),
  introspect_refresh: (subject, actor) => introspect(subject, actor, subject.refreshPool.tokens, 'refresh_token'),
}
