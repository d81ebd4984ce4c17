import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createSigner, signJwt, type JwsAlgorithm } from '@sallyport/protocol'
import { privateKeys } from './keys.ts'

export const now = 1_800_000_000

/** The public JWK of a private key. */
export const jwkOf = (key: KeyObject): Record<string, unknown> => createPublicKey(key).export({ format: 'jwk' })

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export type ProofParts = {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
  readonly alg?: JwsAlgorithm
}

let count = 0

export const goodClaims = (): Record<string, unknown> => ({
  jti: `proof ${++count}`,
  htm: 'POST',
  htu: 'https://as.example/token',
  iat: now,
})

/** A proof that is good but for the parts named; a member that is `undefined` is left out. */
export async function makeProof({ header = {}, claims = {}, alg = 'ES256', key }: ProofParts = {}): Promise<string> {
  const signingKey = key ?? privateKeys[alg]
  const head = encoded({ typ: 'dpop+jwt', alg, jwk: jwkOf(signingKey), ...header })
  const signer = createSigner('', alg, signingKey)
  signer.headers.set('proof', head)
  return signJwt(signer, 'proof', { ...goodClaims(), ...claims })
}

/** An ES256 proof whose signature is made by `make` from what is to be signed. */
export function proofWithSignature(make: (input: Buffer) => Uint8Array): string {
  const input = `${encoded({ typ: 'dpop+jwt', alg: 'ES256', jwk: jwkOf(privateKeys.ES256) })}.${encoded(goodClaims())}`
  return `${input}.${Buffer.from(make(Buffer.from(input))).toString('base64url')}`
}

export const derSignature = (input: Buffer): Buffer => sign('sha256', input, privateKeys.ES256)

export const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
