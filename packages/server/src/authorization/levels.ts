import type { Context } from '../context.ts'
import type { Authentication } from '../model/authorization.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { Session } from '../model/interaction.ts'

/** What a request asks about how strongly the person signs in: some class of these, the dearest first. */
export type LevelWish = { readonly values: readonly string[]; readonly essential: boolean }

/** The essential `acr` claim (OpenID Connect Core section 5.5.1.1), or else what is merely wished for. */
export function levelWish({ acrValues, claims }: AuthorizationRequest): LevelWish | undefined {
  const wanted = claims?.idToken['acr']
  if (wanted === undefined) return acrValues.length === 0 ? undefined : { values: acrValues, essential: false }
  const values = wanted.values ?? (wanted.value === undefined ? [] : [wanted.value])
  if (wanted.essential && values.length > 0) return { values, essential: true }
  const wished = acrValues.length === 0 ? values : acrValues
  return wished.length === 0 ? undefined : { values: wished, essential: false }
}

/** Whether a sign-in of one class counts as another: classes are listed best first, and each includes those after it. */
export function countsAs(acrValues: readonly string[], reached: string | undefined, wanted: string): boolean {
  if (reached === undefined) return false
  if (reached === wanted) return true
  const place = acrValues.indexOf(reached)
  return place !== -1 && place < acrValues.indexOf(wanted)
}

/** The classes this person could reach; asked only where the sign-in there is does not do already. */
export async function reachableLevels(
  ctx: Context,
  request: AuthorizationRequest,
  session: Session | undefined,
): Promise<readonly string[]> {
  const wish = levelWish(request)
  if (wish === undefined || session === undefined) return none
  const { acrValues } = ctx.accounts
  const [dearest = ''] = wish.values
  if (countsAs(acrValues, session.authentication.acr, dearest)) return none
  return ctx.accounts.reachableAcr?.(session.subject) ?? acrValues
}

const none: readonly string[] = []

/**
 * How the sign-in is told: as the class that the request insists on, where it counts as that one (B-OIDC-19), otherwise as
 * what was really reached (B-OIDC-18).
 */
export function toldAuthentication(
  ctx: Context,
  request: AuthorizationRequest,
  { authentication }: Session,
): Authentication {
  const wish = levelWish(request)
  const { acr } = authentication
  if (wish?.essential !== true || acr === undefined || wish.values.includes(acr)) return authentication
  const told = wish.values.find((value) => countsAs(ctx.accounts.acrValues, acr, value))
  return told === undefined ? authentication : { ...authentication, acr: told }
}
