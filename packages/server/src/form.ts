import { parseForm, refuse, type Form } from '@sallyport/protocol'
import { header } from './http.ts'
import type { HttpRequest } from './model/http.ts'

const formType = /^application\/x-www-form-urlencoded *(?:; *charset *= *"?utf-8"? *)?$/i

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function bodyText(body: Uint8Array | undefined): string {
  if (body === undefined || body.length === 0) return ''
  try {
    return decoder.decode(body)
  } catch (cause) {
    throw refuse('param_encoding', { cause })
  }
}

/** Reads the body as a form: one content type, UTF-8, uncompressed (A-TOK-02, HH-11). Faults of single parameters are left in the form. */
export function readBody(request: HttpRequest): Form {
  if (request.fault !== undefined) throw refuse(request.fault)
  const encoding = header(request, 'content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw refuse('encoding')
  if (!formType.test(header(request, 'content-type') ?? '')) throw refuse('content_type')
  return parseForm(bodyText(request.body))
}

/**
 * The form of a back-channel endpoint: body only, every ambiguity refused (A-TOK-02, PP-02, PP-03). Throws before
 * anything is looked up.
 */
export function readStrictForm(request: HttpRequest): Form {
  if (request.query !== '') {
    const credential =
      /(?:^|&)(?:client_secret|code|code_verifier|device_code|refresh_token|token|access_token|client_assertion|assertion|subject_token|actor_token)=/.test(
        request.query,
      )
    throw refuse(credential ? 'query_credential' : 'query_on_post')
  }
  const form = readBody(request)
  if (form.fault !== undefined) throw refuse(form.fault)
  if (form.duplicated.size > 0) throw refuse('param_duplicated', { detail: knownNames(form.duplicated) })
  return form
}

const specified: ReadonlySet<string> = new Set(
  (
    'acr_values actor_token actor_token_type assertion audience claims claims_locales client_assertion client_assertion_type client_id client_secret code code_challenge ' +
    'code_challenge_method code_verifier csrf decision device_code dpop_jkt display grant_type id_token_hint interaction login_hint logout_hint ' +
    'max_age nonce password post_logout_redirect_uri prompt redirect_uri refresh_token registration request request_uri ' +
    'requested_token_type resource response_mode response_type scope state subject_token subject_token_type token token_type_hint ui_locales user_code username'
  ).split(' '),
)

/** Names for the operator. A name that no specification has may be a secret in the wrong place and is not repeated (A-LOG-02). */
export const knownNames = (names: ReadonlySet<string>): string =>
  [...new Set([...names].map((name) => (specified.has(name) ? name : 'other')))].slice(0, 10).join(' ')
