import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createSigner, signJwt } from '@sallyport/protocol'
import { authorizationParameters, type AuthorizationAttempt } from '../authorization-request.ts'
import type { World } from '../client-requests.ts'

/** The key of the app, and one of somebody who would like to be it. */
export const keyOfTheApp = ({ demo }: World): KeyObject =>
  createPrivateKey({ key: { ...demo.requestKey }, format: 'jwk' })
export const anotherKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** The request of an attempt as a signed request object (RFC 9101 section 4). */
export async function signedRequest(
  { random, now }: World,
  attempt: AuthorizationAttempt,
  key: KeyObject,
): Promise<string> {
  const iat = Math.floor(now())
  const about = { iss: attempt.client.id, aud: attempt.issuer, iat, nbf: iat, exp: iat + 60, jti: random.id(16) }
  const signer = createSigner('', 'ES256', key)
  const header = Buffer.from('{"alg":"ES256","typ":"oauth-authz-req+jwt"}').toString('base64url')
  return signJwt({ ...signer, headers: new Map([['request', header]]) }, 'request', {
    ...about,
    ...authorizationParameters(attempt),
  })
}

/** The same object with another scope written into it; the signature is left as it was, for want of the key. */
export function rewriteScope(object: string, scope: string): string {
  const [header = '', payload = '', signature = ''] = object.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>
  return [header, Buffer.from(JSON.stringify({ ...claims, scope })).toString('base64url'), signature].join('.')
}
