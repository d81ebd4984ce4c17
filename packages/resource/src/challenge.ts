import { answerOf, type BearerError } from './bearer-error.ts'

/** What a challenge tells besides the error. */
export type ChallengeOptions = {
  readonly realm: string
  /** Address of the protected resource metadata (RFC 9728), where there is one. */
  readonly resourceMetadata: string | undefined
  /** Scopes to ask for, told to whoever comes without a good token; MCP clients begin with them. */
  readonly scope?: readonly string[] | undefined
}

/** A refusal, ready to be written. */
export type Refusal = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Characters that may stand in a quoted value without escapes (A-BEAR-09). */
const quotable = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

export function requireQuotable(name: string, value: string): void {
  if (!quotable.test(value)) throw new TypeError(`${name} must be printable ASCII without quotes and backslashes`)
}

/** The answer of RFC 6750 section 3: a bare challenge without credentials, otherwise one with an error code. */
export function refusal(error: BearerError, options: ChallengeOptions): Refusal {
  const { status, error: code, description } = answerOf(error.reason)
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (status === 503) headers['retry-after'] = '5'
  else {
    const parameters = [['realm', options.realm]]
    const scope = status === 401 ? (options.scope ?? []) : error.required
    if (scope.length > 0) parameters.push(['scope', scope.join(' ')])
    if (code !== undefined) parameters.push(['error', code], ['error_description', description])
    if (options.resourceMetadata !== undefined) parameters.push(['resource_metadata', options.resourceMetadata])
    headers['www-authenticate'] = `Bearer ${parameters.map(([name, value]) => `${name}="${value}"`).join(', ')}`
  }
  if (code === undefined) return { status, headers, body: '' }
  headers['content-type'] = 'application/json'
  return { status, headers, body: JSON.stringify({ error: code, error_description: description }) }
}
