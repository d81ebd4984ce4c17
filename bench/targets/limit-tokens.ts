import { createHash, generateKeyPairSync, hash, randomFillSync, sign, verify } from 'node:crypto'
import { benchApiScope, benchResource } from '../deployment.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/**
 * ECDSA signatures as JWS wants them (r and s, 32 bytes each) out of the DER that node:crypto makes by default. Asking it
 * for the JWS form (`dsaEncoding`) doubles the cost of a signature in Node 24.
 */
function fromDer(der: Buffer): Buffer {
  const raw = Buffer.alloc(64)
  let at = 2
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0
    const start = at + 2
    const significant = Math.min(length, 32)
    der.copy(raw, end - significant, start + length - significant, start + length)
    at = start + length
  }
  return raw
}

function toDer(raw: Buffer): Buffer {
  const integers = [raw.subarray(0, 32), raw.subarray(32, 64)].map((number) => {
    let skip = 0
    while (skip < 31 && number[skip] === 0) skip += 1
    const significant = number.subarray(skip)
    const sign = (significant[0] ?? 0) >= 0x80 ? [0] : []
    return Buffer.from([0x02, significant.length + sign.length, ...sign, ...significant])
  })
  const content = Buffer.concat(integers)
  return Buffer.concat([Buffer.from([0x30, content.length]), content])
}

const headerOf = (typ: string): string =>
  Buffer.from(JSON.stringify({ typ, alg: 'ES256', kid: 'limit' })).toString('base64url')
const accessHeader = headerOf('at+jwt')
const idHeader = headerOf('JWT')

export const publicJwks = JSON.stringify({
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'limit', alg: 'ES256', use: 'sig' }],
})

const pool = Buffer.alloc(4096)
let used = pool.length

export function randomHandle(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 32
  return pool.toString('base64url', used - 32, used)
}

/**
 * A handle whose key begins with the time, so that rows are added at the end of their table instead of each on a page of
 * its own: a commit then writes two or three pages for a group of rows.
 */
export function timedHandle(): string {
  return Date.now().toString(36) + randomHandle()
}

/** Only a digest is stored. */
export const keyOf = (handle: string): Buffer =>
  Buffer.concat([Buffer.from(handle.slice(0, 8), 'latin1'), digest(handle)])

export const digest = (text: string): Buffer => hash('sha256', text, 'buffer')

function signed(header: string, claims: object): string {
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  return `${input}.${fromDer(sign('sha256', Buffer.from(input), privateKey)).toString('base64url')}`
}

export function accessToken(iss: string, clientId: string, sub: string, sid: string | undefined): string {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss, sub, aud: benchResource, client_id: clientId, scope: benchApiScope, iat, exp: iat + 300 }
  return signed(accessHeader, { ...claims, jti: randomHandle(), sid })
}

export function idToken(
  iss: string,
  clientId: string,
  sub: string,
  nonce: string | undefined,
  atHashOf: string,
): string {
  const iat = Math.floor(Date.now() / 1000)
  const at_hash = createHash('sha256').update(atHashOf).digest().toString('base64url', 0, 16)
  return signed(idHeader, { iss, sub, aud: clientId, iat, exp: iat + 300, auth_time: iat, nonce, at_hash })
}

/** The claims of an access token signed here, or undefined. */
export function readAccessToken(
  jwt: string,
): { sid?: string; sub: string; client_id: string; exp: number } | undefined {
  const end = jwt.lastIndexOf('.')
  const signature = toDer(Buffer.from(jwt.slice(end + 1), 'base64url'))
  const genuine = verify('sha256', Buffer.from(jwt.slice(0, end)), publicKey, signature)
  if (!genuine) return undefined
  return JSON.parse(Buffer.from(jwt.slice(jwt.indexOf('.') + 1, end), 'base64url').toString()) as ReturnType<
    typeof readAccessToken
  >
}
