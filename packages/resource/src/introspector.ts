import { parseScope, readConfirmation, sha256 } from '@sallyport/protocol'
import { boundBy, type AccessToken } from './access-token.ts'
import { BearerError, type BearerReason } from './bearer-error.ts'
import type { CertificateOptions } from './client-certificate.ts'
import type { DpopOptions } from './dpop-options.ts'
import { parseObject, postForm, requireSecureUrl } from './fetch-document.ts'
import { discoverAddress } from './key-source.ts'
import { createAnswerReader, signedAnswerType, type SignedAnswers } from './signed-answer.ts'
import { verifierOf, type Verifier } from './verifier-of.ts'

export type IntrospectorOptions = {
  /** The issuer identifier, exactly as in its metadata. https, or http on the loopback interface. */
  readonly issuer: string
  /** The identifier of this API, exactly as clients name it in `resource`. */
  readonly audience: string
  /** The client of this API at the issuer, which is registered as its server. */
  readonly clientId: string
  readonly clientSecret: string
  /** Where to ask; found through the issuer's metadata when left out. */
  readonly introspectionEndpoint?: string | undefined
  /** Seconds for which an answer is believed without asking again; 30 when left out, which is the most; 0 asks each time. */
  readonly cacheFor?: number | undefined
  /** Takes answers as signed JWTs alone (RFC 9701); without it they are plain JSON. */
  readonly signedAnswers?: SignedAnswers | undefined
  /** Takes tokens that are bound to a key, and how; without it they are refused. */
  readonly dpop?: DpopOptions | undefined
  /** Takes tokens that are bound to client certificates, and where those come from; without it they are refused. */
  readonly certificates?: CertificateOptions | undefined
  readonly fetch?: typeof fetch | undefined
  /** Seconds since 1970; the system clock when left out. */
  readonly now?: (() => number) | undefined
  /** Told each reason for which a token or request is refused, for the log; never a token. */
  readonly onRejected?: ((reason: BearerReason) => void) | undefined
  /** Told why the issuer could not be asked. */
  readonly onFetchFailed?: ((cause: unknown) => void) | undefined
}

/** A revoked token is over within this many seconds everywhere (RFC 7662 section 4, A-INT-09). */
const maxCacheFor = 30
const maxTokens = 10_000
const maxTokenLength = 16 * 1024

type Answer = Readonly<Record<string, unknown>>

const text = (value: unknown): value is string => typeof value === 'string' && value !== ''

const instant = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

function names(aud: unknown, audience: string): boolean {
  if (!Array.isArray(aud)) return aud === audience
  return (aud as readonly unknown[]).includes(audience)
}

const isType = (type: unknown, expected: 'bearer' | 'dpop'): boolean =>
  type === undefined || (typeof type === 'string' && type.toLowerCase() === expected)

/**
 * Reads an answer as strictly as a JWT: what an issuer says about a token for somebody else, or about one that is bound in
 * a way that cannot be checked, lets nobody in here.
 */
function readAnswer(
  answer: Answer,
  { issuer, audience }: IntrospectorOptions,
  now: number,
): AccessToken | BearerReason {
  if (answer['active'] !== true) return 'inactive'
  const { iss, aud, sub, client_id: clientId, jti, iat, exp, nbf, scope, token_type: type } = answer
  if (!text(sub) || !text(clientId) || !instant(exp)) return 'claims'
  if ((iat !== undefined && !instant(iat)) || (nbf !== undefined && !instant(nbf))) return 'claims'
  if (scope !== undefined && typeof scope !== 'string') return 'claims'
  const scopes = scope === undefined || scope === '' ? [] : parseScope(scope)
  if (scopes === undefined) return 'claims'
  if (iss !== undefined && iss !== issuer) return 'iss'
  if (!names(aud, audience)) return 'aud'
  if (exp <= now) return 'exp'
  if (nbf !== undefined && nbf > now) return 'nbf'
  const cnf = readConfirmation(answer['cnf'])
  const bound = boundBy(cnf)
  if (('cnf' in answer && cnf === undefined) || !isType(type, bound.jkt === undefined ? 'bearer' : 'dpop')) return 'cnf'
  return {
    subject: sub,
    clientId,
    scope: scopes,
    id: text(jti) ? jti : '',
    issuedAt: iat ?? now,
    expiresAt: exp,
    ...bound,
    claims: answer,
  }
}

function checkOptions(options: IntrospectorOptions): number {
  const { issuer, audience, clientId, clientSecret, introspectionEndpoint, cacheFor = maxCacheFor } = options
  requireSecureUrl('issuer', issuer)
  if (/[?#]/.test(issuer)) throw new TypeError('issuer must have no query and no fragment')
  if (introspectionEndpoint !== undefined) requireSecureUrl('introspectionEndpoint', introspectionEndpoint)
  for (const [name, value] of Object.entries({ audience, clientId, clientSecret }))
    if (value === '') throw new TypeError(`${name} must not be empty`)
  if (!(cacheFor >= 0 && cacheFor <= maxCacheFor))
    throw new TypeError(`cacheFor must be between 0 and ${maxCacheFor} seconds`)
  return cacheFor
}

/** Credentials of a client in a header (OAuth 2.1 section 2.4.1): each part is form-encoded first. */
function basicCredentials({ clientId, clientSecret }: IntrospectorOptions): string {
  const encoded = (part: string): string => new URLSearchParams([['', part]]).toString().slice(1)
  return `Basic ${btoa(`${encoded(clientId)}:${encoded(clientSecret)}`)}`
}

/** Asks the issuer about a token; whatever comes back that is no answer of the wanted form lets nobody in. */
function questioner(
  options: IntrospectorOptions,
  now: () => number,
): (token: string, asked: number) => Promise<Answer> {
  const { issuer, clientId, signedAnswers, onFetchFailed } = options
  const fetcher = options.fetch ?? fetch
  const authorization = basicCredentials(options)
  const told = (cause: unknown): void => onFetchFailed?.(cause)
  const parties = { issuer, clientId, fetch: fetcher, now, onFetchFailed: told }
  const open = signedAnswers === undefined ? undefined : createAnswerReader(signedAnswers, parties)
  const accept = open === undefined ? 'application/json' : signedAnswerType
  let endpoint = options.introspectionEndpoint
  return async (token, asked) => {
    try {
      endpoint ??= await discoverAddress({ issuer, fetch: fetcher }, 'introspection_endpoint')
      const form = { token, token_type_hint: 'access_token' }
      const body = await postForm(fetcher, endpoint, form, { accept, authorization })
      return await (open === undefined ? parseObject(body, endpoint) : open(body, asked))
    } catch (cause) {
      // The next attempt asks the metadata again: the address may have moved.
      endpoint = options.introspectionEndpoint
      // Why there are no keys was told when they could not be had.
      if (!(cause instanceof BearerError)) told(cause)
      throw new BearerError('introspection_unavailable')
    }
  }
}

/**
 * Makes a verifier that asks the issuer about each token (RFC 7662), for tokens that are handles as well as for JWTs. A good
 * answer is believed for `cacheFor` seconds and never past the token's own end; a bad one is never kept, and neither is
 * anything believed while the issuer cannot be asked. Throws TypeError for an impossible option.
 */
export function createIntrospector(options: IntrospectorOptions): Verifier {
  const cacheFor = checkOptions(options)
  const now = options.now ?? (() => Date.now() / 1000)
  const question = questioner(options, now)
  const believed = new Map<string, { readonly token: AccessToken; readonly until: number }>()
  const running = new Map<string, Promise<AccessToken>>()
  const look = async (token: string, digest: string): Promise<AccessToken> => {
    // From before the question: an answer is as old as the moment it was asked for.
    const asked = now()
    const result = readAnswer(await question(token, asked), options, asked)
    if (typeof result === 'string') throw new BearerError(result)
    const until = Math.min(asked + cacheFor, result.expiresAt)
    if (until > asked) {
      if (believed.size >= maxTokens) believed.delete(believed.keys().next().value ?? '')
      believed.set(digest, { token: result, until })
    }
    return result
  }

  const read = async (token: string): Promise<AccessToken> => {
    if (token.length > maxTokenLength) throw new BearerError('size')
    const digest = sha256(token)
    const known = believed.get(digest)
    if (known !== undefined && now() < known.until) return known.token
    believed.delete(digest)
    const current = running.get(digest)
    if (current !== undefined) return current
    const started = look(token, digest).finally(() => running.delete(digest))
    running.set(digest, started)
    return started
  }

  return verifierOf(options, now, read)
}
