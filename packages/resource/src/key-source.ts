import type { JwsAlgorithm, VerificationKey } from '@sallyport/protocol'
import { BearerError } from './bearer-error.ts'
import { fetchDocument, requireSecureUrl, type FetchedDocument } from './fetch-document.ts'
import { importKeys } from './import-keys.ts'

/** Where the keys of an issuer come from. */
export type KeySource = {
  /** Keys that are inside their cache lifetime. Throws BearerError `keys_unavailable` when there are none to be had. */
  current(): Promise<readonly VerificationKey[]>
  /** Keys after a token named an unknown one; asks the issuer again at most once in 30 s (TX-04). */
  refreshed(): Promise<readonly VerificationKey[]>
}

export type KeySourceOptions = {
  readonly issuer: string
  readonly jwksUri: string | undefined
  readonly algorithms: readonly JwsAlgorithm[]
  readonly fetch: typeof fetch
  /** Seconds since 1970. */
  readonly now: () => number
  readonly onFetchFailed: (cause: unknown) => void
}

type KeySet = { readonly keys: readonly VerificationKey[]; readonly fetchedAt: number; readonly maxAge: number }

/** Signature algorithms that are taken unless others are named; RS256 is not among them. */
export const defaultAlgorithms: readonly JwsAlgorithm[] = ['ES256', 'PS256', 'Ed25519', 'EdDSA']

/** Seconds between two attempts that unknown key ids caused, and after an attempt that failed. */
const unknownKeyInterval = 30
const failureInterval = 5

/** Seconds that keys are kept: what the issuer said, within these bounds. */
const defaultMaxAge = 300
const minMaxAge = 30
const maxMaxAge = 86_400

/** The metadata address of an issuer: the well-known part stands before its path (RFC 8414 section 3.1). */
export function metadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
}

/** An address that the issuer's metadata names. */
export async function discoverAddress(
  { issuer, fetch: fetcher }: Pick<KeySourceOptions, 'issuer' | 'fetch'>,
  member: 'jwks_uri' | 'introspection_endpoint',
): Promise<string> {
  const { body } = await fetchDocument(fetcher, metadataUrl(issuer))
  // Compared as it stands: a document of another issuer must not name the keys of this one (A-META-03).
  if (body['issuer'] !== issuer) throw new Error('the metadata names another issuer')
  const uri = body[member]
  if (typeof uri !== 'string') throw new Error(`the metadata names no ${member}`)
  requireSecureUrl(member, uri)
  return uri
}

function keySet(options: KeySourceOptions, { body, maxAge }: FetchedDocument): KeySet {
  const keys = importKeys(body, options.algorithms)
  if (keys.length === 0) throw new Error('the JWK set has no usable key')
  return { keys, fetchedAt: options.now(), maxAge: Math.min(Math.max(maxAge ?? defaultMaxAge, minMaxAge), maxMaxAge) }
}

/**
 * Keeps the issuer's keys for their cache lifetime and renews them during its second half, so that a short outage of the
 * issuer is not noticed. Once they are past it and the issuer cannot be reached, nothing is accepted.
 */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { now } = options
  let address = options.jwksUri
  let known: KeySet | undefined
  let attemptedAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let attempt: Promise<void> | undefined

  const load = async (): Promise<void> => {
    attemptedAt = now()
    try {
      address ??= await discoverAddress(options, 'jwks_uri')
      known = keySet(options, await fetchDocument(options.fetch, address))
      failedAt = Number.NEGATIVE_INFINITY
    } catch (cause) {
      failedAt = now()
      // The next attempt asks the metadata again: the address may have moved.
      address = options.jwksUri
      options.onFetchFailed(cause)
    }
  }

  /** One fetch at a time, whoever asks. */
  const reload = (): Promise<void> => (attempt ??= load().finally(() => (attempt = undefined)))

  const fresh = (): KeySet | undefined =>
    known !== undefined && now() < known.fetchedAt + known.maxAge ? known : undefined

  const mayRetry = (): boolean => now() >= failedAt + failureInterval

  const current = async (): Promise<readonly VerificationKey[]> => {
    const held = fresh()
    if (held !== undefined) {
      if (now() >= held.fetchedAt + held.maxAge / 2 && mayRetry()) void reload()
      return held.keys
    }
    if (attempt !== undefined || mayRetry()) await reload()
    const loaded = fresh()
    if (loaded === undefined) throw new BearerError('keys_unavailable')
    return loaded.keys
  }

  const refreshed = async (): Promise<readonly VerificationKey[]> => {
    if (attempt !== undefined || now() >= attemptedAt + unknownKeyInterval) await reload()
    return current()
  }

  return { current, refreshed }
}
