import { clientAssertionType, formDecode, refuse, unverifiedClaims, type Form } from '@sallyport/protocol'
import type { ClientAuthenticationMethod } from '../model/client.ts'

/** Credentials as a request carries them; nothing is verified yet. */
export type Presented = {
  readonly method: ClientAuthenticationMethod
  readonly clientId: string
  readonly secret: string | undefined
  readonly assertion: string | undefined
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Strict base64, one colon-split, then one form-decode of each part (A-TOK-09, CA-11). */
function parseBasic(value: string): Presented {
  const encoded = /^basic +(\S+)$/i.exec(value)?.[1]
  if (encoded === undefined || !base64.test(encoded)) throw refuse('basic_syntax')
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.toString('base64') !== encoded) throw refuse('basic_syntax')
  const text = bytes.toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1 || Buffer.from(text).compare(bytes) !== 0) throw refuse('basic_syntax')
  const clientId = formDecode(text.slice(0, colon))
  const secret = formDecode(text.slice(colon + 1))
  if (clientId === undefined || secret === undefined || secret === '') throw refuse('basic_syntax')
  return { method: 'client_secret_basic', clientId, secret, assertion: undefined }
}

/** Which credentials the request carries; more than one kind is ambiguous and refused (A-TOK-08). */
export function presented(authorization: string | undefined, form: Form): Presented {
  const named = form.get('client_id')
  const secret = form.get('client_secret')
  const assertion = form.has('client_assertion') || form.has('client_assertion_type')
  if (authorization !== undefined) {
    if (secret !== undefined || assertion) throw refuse('multiple_methods')
    const basic = parseBasic(authorization)
    if (named !== undefined && named !== basic.clientId)
      throw refuse('multiple_methods', { detail: 'client_id differs' })
    return basic
  }
  if (assertion) {
    if (secret !== undefined) throw refuse('multiple_methods')
    return presentedAssertion(form, named)
  }
  if (named === undefined) throw refuse('client_auth_missing')
  const method = secret === undefined ? 'none' : 'client_secret_post'
  return { method, clientId: named, secret, assertion: undefined }
}

/** An assertion says itself whose it is; a `client_id` beside it has to say the same (RFC 7521 section 4.2, B-CA-02). */
function presentedAssertion(form: Form, named: string | undefined): Presented {
  const assertion = form.get('client_assertion')
  if (assertion === undefined || form.get('client_assertion_type') !== clientAssertionType)
    throw refuse('assertion_type')
  const subject = unverifiedClaims(assertion)?.['sub']
  const clientId = named ?? (typeof subject === 'string' ? subject : undefined)
  if (clientId === undefined) throw refuse('assertion_subject')
  return { method: 'private_key_jwt', clientId, secret: undefined, assertion }
}
