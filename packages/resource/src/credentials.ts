import { parseForm, type PresentedCertificate } from '@sallyport/protocol'
import { BearerError } from './bearer-error.ts'
import type { ProofParts } from './dpop.ts'

/** What of a request matters for finding its token. */
export type RequestParts = {
  /** Every `Authorization` header that was sent. */
  readonly authorization: readonly string[]
  /** The query as sent, without its question mark. */
  readonly query: string
  readonly contentType: string | undefined
  /** Reads up to 64 KiB of the body without taking it from the handler; only called for form bodies. */
  readonly formBody: () => Promise<string>
  /** What a proof is about; without it no token that is bound to a key gets in. */
  readonly proof?: ProofParts | undefined
  /** The client certificate of the connection; without it no token that is bound to one gets in. */
  readonly certificate?: PresentedCertificate | undefined
}

/** How an access token is sent: RFC 6750 section 2.1, RFC 9449 section 7.1. */
export type TokenScheme = 'Bearer' | 'DPoP'

const token68: Readonly<Record<TokenScheme, RegExp>> = {
  Bearer: /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i,
  DPoP: /^dpop +([A-Za-z0-9\-._~+/]+=*)$/i,
}
const queryToken = /(?:^|&)access_token=/

/** True for a body in which RFC 6750 section 2.2 would look for a token. */
export const isFormBody = (contentType: string | undefined): boolean =>
  (contentType ?? '').split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded'

/** The scheme of a request; `undefined` for none, or one that is not offered. */
export function schemeOf({ authorization }: RequestParts, takesDpop: boolean): TokenScheme | undefined {
  const header = authorization[0] ?? ''
  if (/^bearer(?: |$)/i.test(header)) return 'Bearer'
  return takesDpop && /^dpop(?: |$)/i.test(header) ? 'DPoP' : undefined
}

/**
 * The access token of a request: only the `Authorization` header counts (RFC 6750 section 2.1). A token that stands
 * somewhere else as well makes the request malformed; one that stands only there is ignored (A-BEAR-01 to -04).
 * @throws BearerError with the reason when there is no token to check.
 */
export async function sentToken(parts: RequestParts, scheme: TokenScheme | undefined): Promise<string> {
  const inQuery = queryToken.test(parts.query)
  const [header = '', ...more] = parts.authorization
  if (more.length > 0) throw new BearerError('several_methods')
  if (scheme === undefined) throw new BearerError(inQuery ? 'query_token' : 'no_credentials')
  if (inQuery) throw new BearerError('several_methods')
  const token = token68[scheme].exec(header)?.[1]
  if (token === undefined) throw new BearerError('malformed_header')
  if (isFormBody(parts.contentType) && parseForm(await parts.formBody()).has('access_token'))
    throw new BearerError('several_methods')
  return token
}
