import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import type { Deployment } from '../deployment.ts'

/** A token response that has the members every operation relies on. */
export interface TokenAnswer {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

export type VerificationKeys = ReadonlyMap<string, KeyObject>

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export function parseRecord(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value)) throw new Error(`not a JSON object: ${text.slice(0, 200)}`)
  return value
}

/** The ES256 keys of a key set, by `kid`. */
export function keysOf(jwks: string): VerificationKeys {
  const { keys } = parseRecord(jwks)
  const found = new Map<string, KeyObject>()
  for (const jwk of Array.isArray(keys) ? keys : []) {
    if (!isRecord(jwk) || jwk.kty !== 'EC' || jwk.crv !== 'P-256') continue
    found.set(String(jwk.kid), createPublicKey({ format: 'jwk', key: jwk }))
  }
  return found
}

/** Reads a token response and refuses one that lacks an access token or has it of another type. */
export function readTokens(status: number, body: string, type: 'Bearer' | 'DPoP' = 'Bearer'): TokenAnswer {
  if (status !== 200) throw new Error(`the token endpoint answered ${status}: ${body.slice(0, 300)}`)
  const answer = parseRecord(body)
  if (answer.token_type !== type) throw new Error(`not a token of type ${type}: ${body.slice(0, 200)}`)
  const optional = (name: string): string | undefined => {
    const value = answer[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const accessToken = optional('access_token')
  if (accessToken === undefined) throw new Error(`no access token in ${body.slice(0, 200)}`)
  return { accessToken, refreshToken: optional('refresh_token'), idToken: optional('id_token') }
}

/** Checks an ES256 signature and returns the claims. */
export function verifiedClaims(jwt: string, keys: VerificationKeys): Record<string, unknown> {
  const [head = '', payload = '', signature = ''] = jwt.split('.')
  const header = parseRecord(Buffer.from(head, 'base64url').toString())
  const key = keys.get(String(header.kid))
  if (header.alg !== 'ES256' || key === undefined)
    throw new Error(`not signed by a published ES256 key: ${JSON.stringify(header)}`)
  const signed = Buffer.from(`${head}.${payload}`)
  const genuine = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
  if (!genuine) throw new Error('a token has a wrong signature')
  return parseRecord(Buffer.from(payload, 'base64url').toString())
}

const namesOnly = (aud: unknown, expected: string): boolean =>
  aud === expected || (Array.isArray(aud) && aud.length === 1 && aud[0] === expected)

/** The claims that make an access token right; throws with the claim at fault. */
export function checkAccessToken(jwt: string, keys: VerificationKeys, deployment: Deployment, clientId: string): void {
  const claims = verifiedClaims(jwt, keys)
  const wrong = (what: string): Error => new Error(`access token: wrong ${what} in ${JSON.stringify(claims)}`)
  if (claims.iss !== deployment.issuer) throw wrong('iss')
  if (!namesOnly(claims.aud, deployment.resource)) throw wrong('aud')
  if (claims.client_id !== clientId) throw wrong('client_id')
  if (claims.scope !== deployment.apiScope) throw wrong('scope')
  if (typeof claims.exp !== 'number' || claims.exp * 1000 <= Date.now()) throw wrong('exp')
}

/** Whether an access token is bound to the key with this thumbprint (RFC 9449 6.1). */
export function checkBinding(jwt: string, keys: VerificationKeys, thumbprint: string): void {
  const { cnf } = verifiedClaims(jwt, keys)
  if (!isRecord(cnf) || cnf.jkt !== thumbprint) throw new Error(`access token: bound to ${JSON.stringify(cnf)}`)
}

/** The claims that make an ID token right. `nonce` is undefined for refresh, where a server may leave it out. */
export function checkIdToken(
  jwt: string,
  keys: VerificationKeys,
  deployment: Deployment,
  nonce: string | undefined,
  clientId = deployment.app.id,
): void {
  const claims = verifiedClaims(jwt, keys)
  const wrong = (what: string): Error => new Error(`ID token: wrong ${what} in ${JSON.stringify(claims)}`)
  if (claims.iss !== deployment.issuer) throw wrong('iss')
  if (!namesOnly(claims.aud, clientId)) throw wrong('aud')
  if (nonce !== undefined && claims.nonce !== nonce) throw wrong('nonce')
  if (typeof claims.sub !== 'string') throw wrong('sub')
}
