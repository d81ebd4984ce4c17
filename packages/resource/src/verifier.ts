import { isJwsAlgorithm, type JwsAlgorithm } from '@sallyport/protocol'
import { readAccessToken, type Expected } from './access-token.ts'
import { BearerError, type BearerReason } from './bearer-error.ts'
import type { CertificateOptions } from './client-certificate.ts'
import { requireSecureUrl } from './fetch-document.ts'
import type { DpopOptions } from './dpop-options.ts'
import { createKeySource, defaultAlgorithms } from './key-source.ts'
import { verifierOf, type Verifier } from './verifier-of.ts'

export type VerifierOptions = {
  /** The issuer identifier, exactly as in its metadata. https, or http on the loopback interface. */
  readonly issuer: string
  /** The identifier of this API, exactly as clients name it in `resource`. */
  readonly audience: string
  /** Where the keys are; found through the issuer's metadata when left out. */
  readonly jwksUri?: string | undefined
  /** Accepted signature algorithms; ES256, PS256, Ed25519 and EdDSA when left out. RS256 has to be named. */
  readonly algorithms?: readonly JwsAlgorithm[] | undefined
  /** Seconds by which clocks may differ; 30 when left out, at most 60. */
  readonly tolerance?: number | undefined
  /** Takes tokens that are bound to a key, and how; without it they are refused. */
  readonly dpop?: DpopOptions | undefined
  /** Takes tokens that are bound to client certificates, and where those come from; without it they are refused. */
  readonly certificates?: CertificateOptions | undefined
  readonly fetch?: typeof fetch | undefined
  /** Seconds since 1970; the system clock when left out. */
  readonly now?: (() => number) | undefined
  /** Told each reason for which a token or request is refused, for the log; never a token. */
  readonly onRejected?: ((reason: BearerReason) => void) | undefined
  /** Told why the keys could not be fetched. */
  readonly onFetchFailed?: ((cause: unknown) => void) | undefined
}

function checkOptions({ issuer, audience, jwksUri, algorithms = defaultAlgorithms, tolerance = 30 }: VerifierOptions) {
  requireSecureUrl('issuer', issuer)
  if (/[?#]/.test(issuer)) throw new TypeError('issuer must have no query and no fragment')
  if (audience === '') throw new TypeError('audience must not be empty')
  if (jwksUri !== undefined) requireSecureUrl('jwksUri', jwksUri)
  if (algorithms.length === 0) throw new TypeError('algorithms must not be empty')
  for (const name of algorithms)
    if (!isJwsAlgorithm(name)) throw new TypeError(`${String(name)} is not an accepted signature algorithm`)
  if (!(tolerance >= 0 && tolerance <= 60)) throw new TypeError('tolerance must be between 0 and 60 seconds')
  return { algorithms, tolerance }
}

/** Makes a verifier. Nothing is fetched before the first token arrives. Throws TypeError for an impossible option. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { algorithms, tolerance } = checkOptions(options)
  const { issuer, audience } = options
  const now = options.now ?? (() => Date.now() / 1000)
  const expected: Expected = { issuer, audience, tolerance }
  const source = createKeySource({
    issuer,
    jwksUri: options.jwksUri,
    algorithms,
    fetch: options.fetch ?? fetch,
    now,
    onFetchFailed: (cause) => options.onFetchFailed?.(cause),
  })
  return verifierOf(options, now, async (token) => {
    let result = readAccessToken(token, await source.current(), expected, now())
    if (result === 'kid') result = readAccessToken(token, await source.refreshed(), expected, now())
    if (typeof result === 'string') throw new BearerError(result)
    return result
  })
}
