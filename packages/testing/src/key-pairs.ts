import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { JwsAlgorithm } from '@sallyport/protocol'

const generate = promisify(generateKeyPair)

async function make(kind: string): Promise<KeyObject> {
  if (kind === 'ES256') return (await generate('ec', { namedCurve: 'P-256' })).privateKey
  if (kind === 'EdDSA') return (await generate('ed25519')).privateKey
  return (await generate('rsa', { modulusLength: 2048 })).privateKey
}

const pool = new Map<string, Promise<KeyObject>>()

/**
 * A `generateKeyPair` for one issuer whose keys are made once per process: the nth key of an algorithm is the same for
 * every issuer of the process, and two algorithms of one kind of key share theirs. Making RSA keys is what would cost a test its time.
 */
export function cachedKeyPairs(): (alg: JwsAlgorithm) => Promise<KeyObject> {
  const drawn = new Map<JwsAlgorithm, number>()
  return (alg) => {
    const ordinal = drawn.get(alg) ?? 0
    drawn.set(alg, ordinal + 1)
    const kind = alg === 'RS256' || alg === 'PS256' ? 'RSA' : alg === 'Ed25519' ? 'EdDSA' : alg
    const name = `${kind} ${ordinal}`
    const key = pool.get(name) ?? make(kind)
    pool.set(name, key)
    return key
  }
}
