import {
  absentTyp,
  after,
  clockSkew,
  isThumbprint,
  lookupKey,
  maxAssertionLength,
  maxAssertionLifetime,
  readCompactJws,
  refuse,
  seconds,
  verifyJwt,
  type JwtFault,
  type OAuthError,
  type VerifiedJwt,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import type { AssertionIssuer, AssertionKind } from '../trusted-issuers.ts'

type Claims = VerifiedJwt['claims']

/** An assertion about a person that counts, apart from whether it came before. */
export type TrustedAssertion = {
  readonly from: AssertionIssuer
  readonly claims: Claims
  /** The identifier of the person there. */
  readonly subject: string
  /** The key that whoever presents it has to prove (RFC 7800 section 3). */
  readonly boundTo: string | undefined
}

/** `typ` of an identity assertion; nothing else is one (B-JAG-04). */
export const identityAssertionType = 'oauth-id-jag+jwt'

const types: Readonly<Record<AssertionKind, readonly string[]>> = {
  jwt: [absentTyp, 'jwt', 'authorization-grant+jwt'],
  'id-jag': [identityAssertionType],
}

const identityType = /^(?:application\/)?oauth-id-jag\+jwt$/i

const longestText = 512

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= longestText

const claimFault = (what: string): OAuthError => refuse('bearer_assertion_claims', { detail: what })

/**
 * Verifies an assertion about a person as an authorization grant (RFC 7523 section 3): an issuer that is trusted for this
 * client, its key, audience, times and whom it was issued to. Nothing is written here: a failure spends nothing.
 */
export async function trustedAssertion(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  assertion: string,
): Promise<TrustedAssertion> {
  if (assertion.length > maxAssertionLength) throw refuse('bearer_assertion_invalid', { detail: 'size' })
  const from = issuerOf(ctx, client, assertion)
  const { claims } = await verified(ctx, call, from, assertion)
  requireClaims(ctx, client, from, claims)
  return { from, claims, subject: String(claims['sub']), boundTo: boundTo(claims) }
}

/** The one entry that can fit, by what the assertion says of itself; what it says is believed only after its signature fits. */
function issuerOf(ctx: Context, client: AuthenticatedClient, assertion: string): AssertionIssuer {
  const jws = readCompactJws(assertion)
  const claims = typeof jws === 'string' ? undefined : jws.claims()
  if (typeof jws === 'string' || claims === undefined) throw refuse('bearer_assertion_invalid', { detail: 'syntax' })
  // What we signed is for others; taken here it would turn any token into an authorization (B-JAG-05).
  if (claims['iss'] === ctx.issuer) throw refuse('bearer_assertion_issuer', { detail: 'issued by this server' })
  const { typ } = jws.header
  const kind: AssertionKind = typeof typ === 'string' && identityType.test(typ) ? 'id-jag' : 'jwt'
  const from = ctx.trustedIssuers
    .of(claims['iss'])
    .find(({ accepts, tenant, clients }) => accepts === kind && tenant === claims['tenant'] && clients.has(client.id))
  if (from === undefined) throw refuse('bearer_assertion_issuer')
  return from
}

/** With the keys that are at hand, and once more with new ones where the key is not among them. */
async function verified(ctx: Context, call: Call, from: AssertionIssuer, assertion: string): Promise<VerifiedJwt> {
  const source = { requestId: call.id, network: call.network }
  const keys = await ctx.clientKeys.find(from, source)
  if (keys === undefined) throw refuse('bearer_assertion_invalid', { detail: 'keys' })
  let found: VerifiedJwt | JwtFault = verifyJwt(assertion, types[from.accepts], keys)
  if (found === 'kid') {
    const renewed = await ctx.clientKeys.again(from, source)
    if (renewed !== undefined) found = verifyJwt(assertion, types[from.accepts], renewed)
  }
  if (typeof found === 'string') throw refuse('bearer_assertion_invalid', { detail: found })
  return found
}

/** What the claims have to say; an absent claim is a fault, never a check less (B-JB-02, B-JB-03, B-JAG-04). */
function requireClaims(ctx: Context, client: AuthenticatedClient, from: AssertionIssuer, claims: Claims): void {
  const { sub, aud, exp, jti } = claims
  if (!isText(sub)) throw claimFault('sub')
  const only: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  if (only !== ctx.issuer) throw claimFault('aud')
  const now = ctx.now()
  if (typeof exp !== 'number' || exp <= now || exp > now + maxAssertionLifetime) throw claimFault('exp')
  for (const what of ['iat', 'nbf'] as const) {
    const instant = claims[what]
    if (instant === undefined ? what === 'iat' && from.accepts === 'id-jag' : !isPast(instant, now))
      throw claimFault(what)
  }
  if (!isText(jti)) throw claimFault('jti')
  const named = claims['client_id']
  if (named === undefined ? from.accepts === 'id-jag' : named !== client.id) throw claimFault('client_id')
}

const isPast = (instant: unknown, now: number): boolean => typeof instant === 'number' && instant <= now + clockSkew

/** The one confirmation there is; what is bound in another way is good for nothing (B-ATJ-08). */
function boundTo({ cnf }: Claims): string | undefined {
  if (cnf === undefined) return undefined
  const jkt: unknown = typeof cnf === 'object' && cnf !== null && 'jkt' in cnf ? cnf.jkt : undefined
  if (!isThumbprint(jkt) || Object.keys(cnf as object).length !== 1) throw claimFault('cnf')
  return jkt
}

/** Single use, on every node, until it is over anyway (B-JB-02). The last thing that is asked, and the only one written. */
export async function requireFirstUse(ctx: Context, { from, claims }: TrustedAssertion): Promise<void> {
  const { jti, exp } = claims
  const mark = `assertion:${lookupKey(`${from.issuer} ${String(jti)}`)}`
  if (!(await ctx.store.rememberOnce(mark, after(seconds(Number(exp)), clockSkew), ctx.now())))
    throw refuse('bearer_assertion_replayed')
}
