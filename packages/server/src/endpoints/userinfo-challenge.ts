import { proofAlgorithms, resourceMetadataUrl, type OAuthError, type Reason } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import { errorBody, json } from '../http.ts'
import type { HttpResponse } from '../model/http.ts'

/** How an access token was sent (RFC 6750 section 2.1, RFC 9449 section 7.1). */
export type TokenScheme = 'Bearer' | 'DPoP'

const invalid: ReadonlySet<Reason> = new Set([
  'token_invalid',
  'token_expired',
  'token_audience',
  'token_typ',
  'token_revoked',
  'token_certificate',
])

const algorithms = `algs="${proofAlgorithms.join(' ')}"`

/** One challenge; it names the document of RFC 9728, with an error or without (A-PRM-03). */
function challengeOf(ctx: Context, scheme: TokenScheme, error: OAuthError | undefined): string {
  const parts = [`realm="${ctx.issuer}"`]
  if (error !== undefined) parts.push(`error="${error.code}"`, `error_description="${error.description}"`)
  if (error?.reason === 'scope_insufficient') parts.push('scope="openid"')
  if (scheme === 'DPoP') parts.push(algorithms)
  return `${scheme} ${[...parts, `resource_metadata="${resourceMetadataUrl(ctx.endpoints.userinfo)}"`].join(', ')}`
}

/** The schemes to answer with: the one that was used, or each that could be. */
function schemesFor(
  ctx: Context,
  used: TokenScheme | undefined,
  error: OAuthError | undefined,
): readonly TokenScheme[] {
  if (!ctx.policy.dpop) return ['Bearer']
  if (used === undefined || error?.reason === 'token_cnf') return ['Bearer', 'DPoP']
  return [used]
}

/**
 * The answer of RFC 6750 section 3 and RFC 9449 section 7.1: bare without credentials, with an error code otherwise (A-BEAR-04
 * to -06, -09). What is wrong with a proof is a 401 here, and not a 400 as at the token endpoint.
 */
export function challenge(ctx: Context, used: TokenScheme | undefined, error: OAuthError | undefined): HttpResponse {
  const text = schemesFor(ctx, used, error)
    .map((scheme) => challengeOf(ctx, scheme, error))
    .join(', ')
  if (error === undefined)
    return { status: 401, headers: { 'www-authenticate': text, 'cache-control': 'no-store' }, body: '' }
  const headers: Record<string, string> = { ...error.headers }
  const ofProof = error.page === 'dpop'
  if (ofProof || invalid.has(error.reason) || error.status === 403 || error.status === 400)
    headers['www-authenticate'] = text
  if (error.status === 503) headers['retry-after'] = '2'
  return json(ofProof ? 401 : error.status, errorBody(ctx, error), headers)
}
