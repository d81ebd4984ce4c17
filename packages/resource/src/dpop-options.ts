import { proofAlgorithms, type Seconds } from '@sallyport/protocol'
import { isSecureUrl } from './fetch-document.ts'

/** Where used proofs are remembered, for all processes of an API together (RFC 9449 section 11.1). */
export type ReplayStore = {
  /**
   * Law: over all time, in all processes, at most one call per key resolves true before `expiresAt`. A call that rejects
   * lets nobody in; it has to settle within seconds, because a request waits for it.
   */
  rememberOnce(key: string, expiresAt: Seconds, now: Seconds): Promise<boolean>
}

/** How an API checks proofs of possession. */
export type DpopOptions = {
  /**
   * Every address under which the root of this server is reached from outside, such as `https://api.example.com/v1`. Proofs
   * are compared with these, and never with what a request or a proxy says about itself (B-DPOP-11).
   */
  readonly urls: readonly string[]
  readonly replay: ReplayStore
  /**
   * Demands a nonce of this API in every proof (RFC 9449 section 9): a secret of at least 32 bytes that all processes of the
   * API have. No nonces when left out.
   */
  readonly nonceKey?: Uint8Array | undefined
  /** Told why the replay store could not be asked. */
  readonly onReplayFailed?: ((cause: unknown) => void) | undefined
}

const maxUrls = 20
const minNonceKey = 32

function checkUrl(url: string): void {
  if (!isSecureUrl(url)) throw new TypeError(`urls must be https, or http on the loopback interface: ${url}`)
  if (/[?#@]/.test(url) || url.endsWith('/'))
    throw new TypeError(`urls must have no query, no fragment, no user and no slash at the end: ${url}`)
}

/** Throws TypeError for options with which replays or foreign proofs would pass. */
export function checkDpopOptions({ urls, replay, nonceKey }: DpopOptions): void {
  if (urls.length === 0 || urls.length > maxUrls)
    throw new TypeError(`urls must name between 1 and ${maxUrls} addresses`)
  for (const url of urls) checkUrl(url)
  // Whoever writes JavaScript may leave it out, and nothing would be noticed until a proof is replayed.
  if (typeof (replay as Partial<ReplayStore> | undefined)?.rememberOnce !== 'function')
    throw new TypeError('replay must be a store that all processes share, or replayInOneProcess(...)')
  if (nonceKey !== undefined && nonceKey.length < minNonceKey)
    throw new TypeError(`nonceKey must have at least ${minNonceKey} bytes`)
}

/** What challenges say about the algorithms of proofs (RFC 9449 section 7.1). */
export const proofAlgorithmList = proofAlgorithms.join(' ')
