import { createPrivateKey, generateKeyPairSync, hash, sign, type JsonWebKey, type KeyObject } from 'node:crypto'
import { randomText } from './randomness.ts'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const seconds = (): number => Math.floor(Date.now() / 1000)

const signed = (header: string, claims: object, key: KeyObject): string => {
  const input = `${header}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** A key that tokens are bound to, with the header of its proofs. */
export interface ProofKey {
  readonly key: KeyObject
  readonly header: string
  readonly thumbprint: string
}

export function newProofKey(): ProofKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  return {
    key: privateKey,
    header: encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }),
    thumbprint: hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url'),
  }
}

/** The header line of a fresh proof for a POST (RFC 9449 4.2). */
export const proofLine = ({ key, header }: ProofKey, url: URL): string =>
  `dpop: ${signed(header, { jti: randomText(), htm: 'POST', htu: url.href, iat: seconds() }, key)}\r\n`

const assertionType = encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')

/** Makes the parameters of private_key_jwt: each call signs a new assertion (RFC 7523 2.2). */
export function assertions(clientId: string, issuer: string, privateKey: JsonWebKey): () => string {
  const key = createPrivateKey({ format: 'jwk', key: privateKey })
  const header = encode({ alg: 'ES256', kid: privateKey.kid })
  return () => {
    const iat = seconds()
    const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomText(), iat, exp: iat + 60 }
    return `client_id=${clientId}&client_assertion_type=${assertionType}&client_assertion=${signed(header, claims, key)}`
  }
}
