import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JwsAlgorithm, VerificationKey } from '@sallyport/protocol'

const pem = (key: KeyObject): KeyObject => createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' }))

const ed = pem(generateKeyPairSync('ed25519').privateKey)
const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)

/** One private key per algorithm, made once per process. */
export const privateKeys: Readonly<Record<JwsAlgorithm, KeyObject>> = {
  ES256: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  Ed25519: ed,
  EdDSA: ed,
  RS256: rsa,
  PS256: rsa,
}

export const algorithms = Object.keys(privateKeys) as readonly JwsAlgorithm[]

export const publicKey = (alg: JwsAlgorithm): KeyObject => createPublicKey(privateKeys[alg])

export const verificationKey = (alg: JwsAlgorithm, kid = `key of ${alg}`): VerificationKey => ({
  kid,
  alg,
  key: publicKey(alg),
})
