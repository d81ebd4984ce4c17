import {
  after,
  parseStrictJson,
  readKeySet,
  verificationKeys,
  type JwsAlgorithm,
  type KeySet,
  type Seconds,
  type VerificationKey,
} from '@sallyport/protocol'
import type { Client } from '../model/client.ts'
import { cacheLifetime } from '../outbound/cache-lifetime.ts'
import type { Fetcher, FetchRequest } from '../model/outbound.ts'

const maxBytes = 65_536
const maxClients = 10_000
/** Seconds for which a fetched set counts: a key that its owner removed works no longer than this (B-JWK-07). */
const freshness = { least: 60, most: 600 }
/** Seconds between two looks at one client's address, whether the first had an answer or not (B-JWK-07). */
const pause = 60

type Source = FetchRequest['source']

/** Whose keys are looked for: a client, or an issuer whose assertions count. `id` tells apart what is kept for each. */
export type KeyHolder = Pick<Client, 'id' | 'jwks' | 'jwksUri' | 'authenticationAlgorithm'>

/** Public keys of clients, from their records or from the addresses where they publish them. */
export type ClientKeys = {
  /** The keys that count now, or `undefined` where they could not be had. A promise only when they have to be fetched. */
  find(
    client: KeyHolder,
    source: Source,
  ): readonly VerificationKey[] | undefined | Promise<readonly VerificationKey[] | undefined>
  /** Looks again, for a key that is not among them; `undefined` when it is too soon to look. */
  again(client: KeyHolder, source: Source): Promise<readonly VerificationKey[] | undefined>
  /** The whole set that counts now, for what is encrypted to the client; `undefined` where it could not be had. */
  set(client: KeyHolder, source: Source): Promise<KeySet | undefined>
}

type Fetched = {
  readonly uri: string
  readonly algorithm: JwsAlgorithm | undefined
  set: KeySet | undefined
  keys: readonly VerificationKey[] | undefined
  /** When the keys stop counting, and when it is time to fetch them anew although they still do. */
  until: Seconds
  renewAt: Seconds
  triedAt: Seconds | undefined
  running: Promise<void> | undefined
}

const none = 0 as Seconds

export function createClientKeys(fetch: Fetcher, now: () => Seconds): ClientKeys {
  const fetched = new Map<string, Fetched>()
  const own = new WeakMap<KeyHolder, readonly VerificationKey[]>()

  const entryOf = ({ id, jwksUri: uri = '', authenticationAlgorithm: algorithm }: KeyHolder): Fetched => {
    const known = fetched.get(id)
    if (known !== undefined && known.uri === uri && known.algorithm === algorithm) return known
    fetched.delete(id)
    if (fetched.size >= maxClients) fetched.delete(fetched.keys().next().value ?? '')
    const entry: Fetched = {
      ...{ uri, algorithm, set: undefined, keys: undefined },
      ...{ until: none, renewAt: none, triedAt: undefined, running: undefined },
    }
    fetched.set(id, entry)
    return entry
  }

  const look = async (entry: Fetched, source: Source): Promise<void> => {
    entry.triedAt = now()
    const found = await fetchKeySet(fetch, entry.uri, source)
    // A set that cannot be had or read leaves the last good one in force, for as long as that counts.
    if (typeof found === 'string') return
    const lifetime = cacheLifetime(found.cacheControl, freshness, freshness.most)
    entry.set = found.set
    entry.keys = verificationKeys(found.set, entry.algorithm)
    entry.until = after(now(), lifetime)
    entry.renewAt = after(now(), lifetime / 2)
  }

  /** One fetch at a time for a client, and none too soon after the last one. */
  const start = (entry: Fetched, source: Source): Promise<void> | undefined => {
    if (entry.running !== undefined) return entry.running
    if (entry.triedAt !== undefined && now() < entry.triedAt + pause) return undefined
    entry.running = look(entry, source).finally(() => {
      entry.running = undefined
    })
    return entry.running
  }

  /** What to wait for before the entry counts; keys are fetched anew while the old ones still do, so that a short failure of the other side goes unnoticed. */
  const renewed = (entry: Fetched, source: Source): Promise<void> | undefined => {
    if (now() >= entry.until) return start(entry, source)
    if (now() >= entry.renewAt) void start(entry, source)
    return undefined
  }

  const current = (entry: Fetched): readonly VerificationKey[] | undefined =>
    now() < entry.until ? entry.keys : undefined

  return {
    find(client, source) {
      if (client.jwksUri === undefined) {
        let keys = own.get(client)
        if (keys === undefined && client.jwks !== undefined)
          own.set(client, (keys = verificationKeys(client.jwks, client.authenticationAlgorithm)))
        return keys
      }
      const entry = entryOf(client)
      const waiting = renewed(entry, source)
      return waiting === undefined ? current(entry) : waiting.then(() => current(entry))
    },
    async again(client, source) {
      if (client.jwksUri === undefined) return undefined
      const entry = entryOf(client)
      const started = start(entry, source)
      if (started === undefined) return undefined
      await started
      return current(entry)
    },
    async set(client, source) {
      if (client.jwksUri === undefined) return client.jwks
      const entry = entryOf(client)
      await renewed(entry, source)
      return now() < entry.until ? entry.set : undefined
    },
  }
}

/** The set at an address, as a public set of keys has to be; a text says what is wrong with it (B-JWK-08, B-JWK-10). */
export async function fetchKeySet(
  fetch: Fetcher,
  url: string,
  source: Source,
): Promise<{ readonly set: KeySet; readonly cacheControl: string } | string> {
  const accept = 'application/jwk-set+json, application/json'
  const answer = await fetch({ purpose: 'jwks', url, maxBytes, accept, source })
  if (!answer.ok) return `cannot be fetched: ${answer.fault}`
  if (answer.status !== 200) return `answers with status ${answer.status}`
  if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(answer.contentType)) return 'is not JSON by its content type'
  const document = parseStrictJson(answer.body)
  if (typeof document === 'string') return 'is not a JSON object that says each thing once'
  const set = readKeySet(document)
  return typeof set === 'string' ? set : { set, cacheControl: answer.cacheControl }
}
