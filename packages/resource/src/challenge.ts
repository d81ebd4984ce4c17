import { authenticationParameters } from './authentication.ts'
import { answerOf, type BearerError } from './bearer-error.ts'
import type { TokenScheme } from './credentials.ts'
import { proofAlgorithmList } from './dpop-options.ts'

/** What a challenge tells besides the error. */
export type ChallengeOptions = {
  readonly realm: string
  /** Address of the protected resource metadata (RFC 9728), where there is one. */
  readonly resourceMetadata: string | undefined
  /** Scopes to ask for, told to whoever comes without a good token; MCP clients begin with them. */
  readonly scope?: readonly string[] | undefined
  /** How tokens may be sent here, the usual way first. */
  readonly schemes: readonly TokenScheme[]
  /** How the one that is refused was sent. */
  readonly used: TokenScheme | undefined
  /** The nonce that proofs need. */
  readonly nonce: string | undefined
}

/** A refusal, ready to be written. */
export type Refusal = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Parameters = readonly (readonly [name: string, value: string])[]

/** What a refusal says besides where it is: scopes to ask for, the error, and the sign-in that is needed. */
function errorParameters(error: BearerError, { scope: announced = [] }: ChallengeOptions): Parameters {
  const { status, error: code, description } = answerOf(error.reason)
  const scope = status === 401 && error.required.length === 0 ? announced : error.required
  const parameters: [string, string][] = []
  if (scope.length > 0) parameters.push(['scope', scope.join(' ')])
  if (code !== undefined) parameters.push(['error', code], ['error_description', description])
  parameters.push(...authenticationParameters(error.authentication))
  return parameters
}

function challengeText(scheme: TokenScheme, said: Parameters, { realm, resourceMetadata }: ChallengeOptions): string {
  const parameters = [['realm', realm], ...said]
  if (scheme === 'DPoP') parameters.push(['algs', proofAlgorithmList])
  if (resourceMetadata !== undefined) parameters.push(['resource_metadata', resourceMetadata])
  return `${scheme} ${parameters.map(([name, value]) => `${name}="${value}"`).join(', ')}`
}

/**
 * The schemes to answer with. Whoever sent a token is told about the way it was sent; one that cannot be taken so, because
 * it is bound or has to be, is told about the other way too (RFC 9449 section 7.2, B-DPOP-30).
 */
function schemesFor({ reason }: BearerError, { schemes, used }: ChallengeOptions): readonly TokenScheme[] {
  if (used === undefined || !schemes.includes(used) || reason === 'cnf') return schemes
  return [used]
}

/** The answer of RFC 6750 section 3 and RFC 9449 section 7.1: bare without credentials, otherwise with an error code. */
export function refusal(error: BearerError, options: ChallengeOptions): Refusal {
  const { status, error: code, description } = answerOf(error.reason)
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (status === 503) headers['retry-after'] = '5'
  else {
    const said = errorParameters(error, options)
    headers['www-authenticate'] = schemesFor(error, options)
      .map((scheme) => challengeText(scheme, said, options))
      .join(', ')
  }
  if (error.reason === 'dpop_nonce' && options.nonce !== undefined) headers['dpop-nonce'] = options.nonce
  if (code === undefined) return { status, headers, body: '' }
  headers['content-type'] = 'application/json'
  return { status, headers, body: JSON.stringify({ error: code, error_description: description }) }
}
