import {
  formatScope,
  isCertificateSenderKey,
  maxAssertionLifetime,
  numericDate,
  parseScope,
  refuse,
  signJwt,
  type Form,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { IdentityAudience } from '../identity-audiences.ts'
import type { Authorization } from '../model/authorization.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import { subjectFor } from '../subjects.ts'
import { presentedToken, tokenTypes } from './presented-token.ts'
import { requestedResources } from './resource-scope.ts'

/** Name of the type (draft of identity assertion authorization grants, token exchange). */
export const identityAssertionTokenType = 'urn:ietf:params:oauth:token-type:id-jag'

/** `typ` of what is signed: no verifier of another kind takes it. */
const headerType = 'oauth-id-jag+jwt'

type Asked = {
  readonly to: IdentityAudience
  /** What the client is called there. */
  readonly clientId: string
  readonly authorization: Authorization
  readonly scope: readonly string[]
  readonly resources: readonly string[]
}

/**
 * An identity assertion (ID-JAG) as the issuer of a sign-in: a person who signed in here is vouched for at another
 * authorization server, by written policy (B-JAG-01 to -03). Gives the whole answer; the event is durable before it is sent.
 */
export async function identityAssertion(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<{ readonly storedAnswer: string }> {
  const asked = await askedFor(ctx, client, form)
  const claims = await claimsOf(ctx, client, asked, senderKey)
  const signed = await signJwt(ctx.keys().signer('ES256', ctx.now()), headerType, claims)
  const { authorization, to, scope } = asked
  const event = ctx.events.record(
    {
      event: 'identity.assertion.issued',
      ...{ clientId: client.id, subject: authorization.subject, authorizationId: authorization.id },
      detail: { audience: to.audience, client_there: asked.clientId, scope: formatScope(scope) },
    },
    { requestId: call.id, network: call.network },
  )
  await ctx.store.redeem(
    { kind: 'none' },
    { refreshToken: undefined, accessToken: undefined, events: [event] },
    ctx.now(),
  )
  ctx.events.stored([event])
  ctx.usage.note(client.id, ['tokens_exchanged'], call.request.headers)
  return {
    storedAnswer: JSON.stringify({
      issued_token_type: identityAssertionTokenType,
      access_token: signed,
      token_type: 'N_A',
      expires_in: claims.exp - claims.iat,
      scope: formatScope(scope),
    }),
  }
}

/** What is asked for, as far as policy allows it. The audience is settled before any token is looked at. */
async function askedFor(ctx: Context, client: AuthenticatedClient, form: Form): Promise<Asked> {
  const [token, type] = [form.get('subject_token'), form.get('subject_token_type')]
  if (token === undefined || type === undefined) throw refuse('exchange_parameters', { detail: 'subject' })
  if (form.has('actor_token') || form.has('actor_token_type')) throw refuse('exchange_parameters', { detail: 'actor' })
  if (type !== tokenTypes.id_token && type !== tokenTypes.refresh_token)
    throw refuse('exchange_token_type', { detail: 'subject' })
  const to = ctx.identityAudiences.of(form.get('audience') ?? '')
  if (to === undefined) throw refuse('exchange_target', { detail: 'audience' })
  const clientId = Object.hasOwn(to.clients, client.id) ? to.clients[client.id] : undefined
  if (clientId === undefined) throw refuse('identity_not_allowed', { detail: 'client' })
  const subject = await presentedToken(ctx, client, token, type)
  if (typeof subject === 'string') throw refuse('identity_subject', { detail: subject })
  const { authorization } = subject
  // Nobody's word is passed on: the person signed in here, and to this very client.
  if (authorization === undefined || authorization.derived !== undefined)
    throw refuse('identity_subject', { detail: 'no sign-in' })
  requirePerson(ctx, to, authorization)
  return { to, clientId, authorization, scope: grantedScope(to, form), resources: grantedResources(to, form) }
}

/** Whether the policy lets this person go there, and whether the sign-in is strong and young enough (B-JAG-03). */
function requirePerson(
  ctx: Context,
  { people, maxAge, acrValues }: IdentityAudience,
  { subject, authentication }: Authorization,
): void {
  if (people?.includes(subject) === false) throw refuse('identity_not_allowed', { detail: 'person' })
  const tooOld = maxAge !== undefined && ctx.now() - authentication.time > maxAge
  const tooWeak = acrValues !== undefined && !acrValues.includes(authentication.acr ?? '')
  if (!tooOld && !tooWeak) return
  throw refuse('identity_sign_in', {
    detail: tooOld ? 'age' : 'acr',
    members: {
      ...(maxAge === undefined ? {} : { max_age: maxAge }),
      ...(acrValues === undefined ? {} : { acr_values: acrValues.join(' ') }),
    },
  })
}

/** What the policy leaves of what was asked; the answer tells it (B-JAG-02). Nothing left is refused. */
function grantedScope(to: IdentityAudience, form: Form): readonly string[] {
  const text = form.get('scope')
  if (text === undefined) return to.scope
  const asked = parseScope(text)
  if (asked === undefined) throw refuse('scope_syntax')
  const left = asked.filter((value) => to.scope.includes(value))
  if (left.length === 0) throw refuse('scope')
  return left
}

function grantedResources({ resources = [] }: IdentityAudience, form: Form): readonly string[] {
  const asked = requestedResources(form)
  if (asked.some((value) => !resources.includes(value))) throw refuse('exchange_target', { detail: 'resource' })
  return asked.length === 0 ? resources : asked
}

async function claimsOf(
  ctx: Context,
  client: AuthenticatedClient,
  { to, clientId, authorization, scope, resources }: Asked,
  senderKey: string | undefined,
) {
  const knownAs = to.knownAs === undefined ? client : await ctx.clients.find(to.knownAs)
  if (knownAs === undefined) throw refuse('identity_not_allowed', { detail: 'knownAs is no client' })
  const iat = numericDate(ctx.now())
  const { time, acr, amr } = authorization.authentication
  // A certificate says nothing at another server, so only the key of a proof is passed on (B-JAG-06).
  const jkt = senderKey === undefined || isCertificateSenderKey(senderKey) ? undefined : senderKey
  return {
    ...{ iss: ctx.issuer, sub: subjectFor(ctx, knownAs, authorization.subject), aud: to.audience, client_id: clientId },
    ...{ jti: ctx.random.id(20), iat, exp: Math.min(iat + maxAssertionLifetime, numericDate(authorization.expiresAt)) },
    scope: formatScope(scope),
    ...(resources.length === 0 ? {} : { resource: resources.length === 1 ? resources[0] : resources }),
    ...{ auth_time: numericDate(time), ...(acr === undefined ? {} : { acr }), amr },
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
  }
}
