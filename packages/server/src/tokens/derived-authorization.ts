import { after, type Seconds } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import { orderedId } from '../ids.ts'
import type { Authorization, Derivation } from '../model/authorization.ts'
import type { AuthenticatedClient } from '../model/client.ts'

export type DerivedFacts = Pick<Authorization, 'subject' | 'scope' | 'resources' | 'authentication'> & {
  readonly client: AuthenticatedClient
  readonly derived: Derivation
  /** The session that it ends with; `undefined` where nobody signed in here. */
  readonly session: Pick<Authorization, 'sessionId' | 'offline'> | undefined
  /** Seconds that the one token under it may live. */
  readonly lifetime: number
  /** When it ends at the latest, whatever its lifetime. */
  readonly notAfter: Seconds | undefined
}

/** An authorization that no person gave on a page: it lives as long as the token that is issued with it. */
export function derivedAuthorization(ctx: Context, facts: DerivedFacts): Authorization {
  const { client, subject, scope, resources, authentication, derived, session, lifetime, notAfter } = facts
  const now = ctx.now()
  const id = orderedId(now, ctx.random)
  const ends = after(now, lifetime)
  return {
    id,
    clientId: client.id,
    subject,
    // An id that no session has: nothing but its own end, and that of person and client, ends such an authorization.
    sessionId: session?.sessionId ?? id,
    scope,
    resources,
    claims: undefined,
    authentication,
    tellAuthTime: false,
    tellAcr: false,
    offline: session?.offline ?? false,
    deviceNetwork: undefined,
    derived,
    createdAt: now,
    expiresAt: notAfter !== undefined && notAfter < ends ? notAfter : ends,
  }
}
