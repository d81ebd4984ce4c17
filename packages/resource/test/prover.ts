import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import { start } from './issuer.ts'

/** A client that proves possession of a key, played by jose. */
export type Prover = { readonly alg: string; readonly privateKey: CryptoKey; readonly jwk: JWK; readonly jkt: string }

export async function makeProver(alg = 'ES256'): Promise<Prover> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { alg, privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) }
}

/** The private key, as a sample in circulation puts it into the header of proofs. */
export const secretJwk = (prover: Prover): Promise<JWK> => exportJWK(prover.privateKey)

export const athOf = (token: string): string => createHash('sha256').update(token, 'ascii').digest('base64url')

export type ProofParts = {
  readonly token: string
  readonly uri: string
  readonly claims?: object
  readonly header?: object
}

/** A good proof for GET with some claims or header members changed; `undefined` takes a member away. */
export function prove(prover: Prover, { token, uri, claims = {}, header = {} }: ProofParts): Promise<string> {
  const good = { jti: randomUUID(), htm: 'GET', htu: uri, iat: start, ath: athOf(token) }
  const head = { typ: 'dpop+jwt', alg: prover.alg, jwk: prover.jwk, ...header }
  return new SignJWT(JSON.parse(JSON.stringify({ ...good, ...claims })) as Record<string, unknown>)
    .setProtectedHeader(JSON.parse(JSON.stringify(head)) as { alg: string })
    .sign(prover.privateKey)
}

export type Challenge = { readonly scheme: string; readonly parameters: Readonly<Record<string, string>> }

/** Strict reading of a header with one or more challenges (RFC 9110 section 11.6.1): each parameter once, nothing left over. */
export function challengesOf(response: Response): readonly Challenge[] {
  const text = response.headers.get('www-authenticate') ?? ''
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  const part = /(?:^|, )(?:(Bearer|DPoP) )?([a-z_]+)="([\x20\x21\x23-\x5b\x5d-\x7e]*)"/gy
  let end = 0
  for (const [whole, scheme, name = '', value = ''] of text.matchAll(part)) {
    end += whole.length
    if (scheme !== undefined) challenges.push({ scheme, parameters: {} })
    const current = challenges.at(-1)
    if (current === undefined || name in current.parameters) throw new Error(`no challenge: ${text}`)
    current.parameters[name] = value
  }
  if (end !== text.length) throw new Error(`no challenge: ${text}`)
  return challenges
}
