import { parseForm } from '@sallyport/protocol'
import { BearerError } from './bearer-error.ts'

/** What of a request matters for finding its token. */
export type RequestParts = {
  /** Every `Authorization` header that was sent. */
  readonly authorization: readonly string[]
  /** The query as sent, without its question mark. */
  readonly query: string
  readonly contentType: string | undefined
  /** Reads up to 64 KiB of the body without taking it from the handler; only called for form bodies. */
  readonly formBody: () => Promise<string>
}

const token68 = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i
const queryToken = /(?:^|&)access_token=/

/** True for a body in which RFC 6750 section 2.2 would look for a token. */
export const isFormBody = (contentType: string | undefined): boolean =>
  (contentType ?? '').split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded'

/**
 * The access token of a request: only the `Authorization` header counts (RFC 6750 section 2.1). A token that stands
 * somewhere else as well makes the request malformed; one that stands only there is ignored (A-BEAR-01 to -04).
 * @throws BearerError with the reason when there is no token to check.
 */
export async function bearerToken(parts: RequestParts): Promise<string> {
  const inQuery = queryToken.test(parts.query)
  const [header, ...more] = parts.authorization
  if (more.length > 0) throw new BearerError('several_methods')
  if (header === undefined || !/^bearer(?: |$)/i.test(header))
    throw new BearerError(inQuery ? 'query_token' : 'no_credentials')
  if (inQuery) throw new BearerError('several_methods')
  const token = token68.exec(header)?.[1]
  if (token === undefined) throw new BearerError('malformed_header')
  if (isFormBody(parts.contentType) && parseForm(await parts.formBody()).has('access_token'))
    throw new BearerError('several_methods')
  return token
}
