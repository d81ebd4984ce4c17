import { formEncode } from './parameters.ts'

/** Longer request objects are not looked at (JW-05). */
export const maxRequestObjectLength = 32_768

/** Seconds from the beginning of a request object to its end, and for which its beginning may lie in the past (B-JAR-05). */
export const maxRequestObjectLifetime = 3600

/** Claims about the object itself (RFC 7519 section 4.1); no parameters of the request. */
const aboutItself: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/** Parameters with a form of their own: as JSON (OpenID Connect Core section 6.1), a number, or several times (RFC 8707). */
const structured: ReadonlySet<string> = new Set(['claims', 'authorization_details'])
const numeric = 'max_age'
const repeated = 'resource'

/** Every other parameter that means something here is a text; of what means nothing, the type means nothing either. */
const texts: ReadonlySet<string> = new Set(
  (
    'acr_values claims_locales client_id code_challenge code_challenge_method display dpop_jkt id_token_hint login_hint nonce prompt ' +
    'redirect_uri registration response_mode response_type scope state ui_locales code_verifier client_secret'
  ).split(' '),
)

/** The values of one claim as a form would carry them; `undefined` when it has a type that its parameter does not have. */
function valuesOf(name: string, value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value]
  if (name === numeric) return typeof value === 'number' ? [String(value)] : undefined
  if (structured.has(name)) return typeof value === 'object' && value !== null ? [JSON.stringify(value)] : undefined
  if (name === repeated)
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined
  return texts.has(name) ? undefined : []
}

/**
 * The parameters that a request object carries as claims (RFC 9101 section 4), written as a form, so that they are read and judged
 * like those of any other request. Otherwise the name of the claim that is no parameter of its type.
 */
export function requestObjectText(
  claims: Readonly<Record<string, unknown>>,
): { readonly text: string } | { readonly unfit: string } {
  const pairs: string[] = []
  for (const [name, value] of Object.entries(claims)) {
    if (aboutItself.has(name)) continue
    const values = valuesOf(name, value)
    if (values === undefined) return { unfit: name }
    for (const one of values) pairs.push(`${formEncode(name)}=${formEncode(one)}`)
  }
  return { text: pairs.join('&') }
}
