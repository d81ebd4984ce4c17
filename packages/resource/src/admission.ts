import type { AccessToken } from './access-token.ts'
import { isAuthenticated, requireAuthenticationRule, type AuthenticationNeeded } from './authentication.ts'
import { BearerError } from './bearer-error.ts'
import { refusal, type Refusal } from './challenge.ts'
import { requireQuotable } from './challenge-text.ts'
import { schemeOf, sentToken, type RequestParts, type TokenScheme } from './credentials.ts'
import type { ProvenToken } from './dpop.ts'
import { impliedScopes, type ScopeImplications } from './scope-rules.ts'
import type { Verifier } from './verifier-of.ts'

/** What an operation asks of those who call it. */
export type AdmissionRules = {
  readonly scope: readonly string[]
  readonly implies: ScopeImplications
  readonly realm: string
  readonly resourceMetadata: string | undefined
  readonly announceScope: boolean
  readonly requireDpop: boolean
  readonly requireCertificate: boolean
  readonly requireAuthentication: AuthenticationNeeded | undefined
}

/** A request that may go on, and headers that its answer has to carry. */
export type Admitted = { readonly token: AccessToken; readonly headers: Readonly<Record<string, string>> }

export type Admission = {
  admit(parts: RequestParts): Promise<Admitted | Refusal>
  /** The answer to a request for which an admitted token is not enough. */
  refuse(error: BearerError, parts: RequestParts): Refusal
}

/** True for an answer to give instead of going on. */
export const isRefusal = (result: Admitted | Refusal): result is Refusal => 'status' in result

const noHeaders: Readonly<Record<string, string>> = {}

/** An answer with a nonce is for one client alone (RFC 9449 section 8.2). */
const nonceHeaders = (nonce: string): Readonly<Record<string, string>> => ({
  'dpop-nonce': nonce,
  'cache-control': 'no-store',
})

function requireRules(verifier: Verifier, rules: AdmissionRules): void {
  const { realm, scope, resourceMetadata, requireDpop, requireCertificate, requireAuthentication } = rules
  requireQuotable('realm', realm)
  requireQuotable('scope', scope.join(' '))
  if (resourceMetadata !== undefined) requireQuotable('resourceMetadata', resourceMetadata)
  if (requireAuthentication !== undefined) requireAuthenticationRule(requireAuthentication)
  if (requireDpop && verifier.dpop === undefined)
    throw new TypeError('requireDpop needs a verifier with the option dpop, or nobody could ever get in')
  if (requireCertificate && verifier.certificateOf === undefined)
    throw new TypeError('requireCertificate needs a verifier with the option certificates, or nobody could ever get in')
  if (requireCertificate && requireDpop)
    throw new TypeError('requireCertificate and requireDpop exclude each other: a token is bound in one way')
}

/** Finds the token of a request, verifies it in the way it was sent, and compares its scopes and how the person signed in. */
export function createAdmission(verifier: Verifier, rules: AdmissionRules): Admission {
  requireRules(verifier, rules)
  const { scope: required, implies, realm, resourceMetadata, requireAuthentication: needed } = rules
  const { dpop } = verifier
  const bearer: readonly TokenScheme[] = rules.requireDpop ? [] : ['Bearer']
  const schemes: readonly TokenScheme[] = dpop === undefined ? bearer : [...bearer, 'DPoP']

  const verified = async (parts: RequestParts, scheme: TokenScheme | undefined): Promise<ProvenToken> => {
    const token = await sentToken(parts, scheme)
    if (scheme === 'DPoP' && dpop !== undefined) {
      if (rules.requireCertificate) throw new BearerError('certificate_unbound')
      if (parts.proof === undefined) throw new BearerError('dpop_missing')
      return dpop.verify(token, parts.proof)
    }
    if (rules.requireDpop) throw new BearerError('bearer')
    const content = await verifier.verify(token, parts.certificate)
    if (rules.requireCertificate && content.certificateThumbprint === undefined)
      throw new BearerError('certificate_unbound')
    return { token: content, nonce: undefined }
  }

  /** One challenge tells all that is missing, so that nobody has to be asked twice (RFC 9470 section 3). */
  const requireEnough = (token: AccessToken): void => {
    const scopes = impliedScopes(token.scope, implies)
    const lacks = required.every((scope) => scopes.has(scope)) ? [] : required
    if (needed !== undefined && !isAuthenticated(token.claims, needed, verifier.now()))
      throw new BearerError('authentication', { required: lacks, authentication: needed })
    if (lacks.length > 0) throw new BearerError('scope', { required })
  }

  const refuse = (error: BearerError, parts: RequestParts): Refusal => {
    if (error.reason !== 'no_credentials') verifier.rejected(error.reason)
    const scope = rules.announceScope ? required : undefined
    const used = schemeOf(parts, dpop !== undefined)
    return refusal(error, { realm, resourceMetadata, scope, schemes, used, nonce: dpop?.nonce() })
  }

  return {
    refuse,
    async admit(parts) {
      try {
        const { token, nonce } = await verified(parts, schemeOf(parts, dpop !== undefined))
        requireEnough(token)
        return { token, headers: nonce === undefined ? noHeaders : nonceHeaders(nonce) }
      } catch (error) {
        if (error instanceof BearerError) return refuse(error, parts)
        throw error
      }
    },
  }
}
