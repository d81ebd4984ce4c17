import { sharesKey, type Seconds } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Authorization } from '../model/authorization.ts'
import type { Client } from '../model/client.ts'
import type { DynamicRegistration } from '../model/registrations.ts'

const unusedLifetime = 30 * 86_400
/** Documents that are kept; clients that register by other doors are counted apart. */
const mostDocuments = 10_000

// No digest of any token looks like this: nobody manages such a client over the network.
const noToken = 'metadata_document'

/** What people agreed to depends on these (A-CIMD-11). */
const agreedTo = ({
  name,
  localized,
  redirectUris,
  scope,
  logoUri,
  authenticationMethod,
  type,
  ...its
}: Client): string =>
  JSON.stringify([name, localized, redirectUris, scope, logoUri, authenticationMethod, type, its.jwks, its.jwksUri])

/** What was issued to one who proved himself one way is not for one who proves himself another way (A-CIMD-11). */
const provesOtherwise = (before: Client, next: Client): boolean =>
  before.authenticationMethod !== next.authenticationMethod ||
  (next.authenticationMethod === 'private_key_jwt' &&
    (before.jwksUri !== next.jwksUri || !sharesKey(before.jwks, next.jwks)))

const grantsAPage = 200

async function endGrants(ctx: Context, call: Call, client: Client): Promise<void> {
  let after: string | undefined
  do {
    const page = await ctx.store.admin.listAuthorizations({ clientId: client.id }, after, grantsAPage)
    const standing = page.items.filter(({ revokedAt }) => revokedAt === undefined)
    await Promise.all(standing.map(({ authorization }) => endGrant(ctx, call, authorization)))
    after = page.next
  } while (after !== undefined)
}

async function endGrant(ctx: Context, call: Call, { id, subject, clientId }: Authorization): Promise<void> {
  const event = ctx.events.record(
    { event: 'grant.revoked', clientId, subject, authorizationId: id, reason: 'client_key_changed' },
    { requestId: call.id, network: call.network },
  )
  if (await ctx.store.revokeAuthorization(id, 'client_key_changed', ctx.now(), [event])) ctx.events.stored([event])
}

/**
 * Stores the copy of a document over the one before, with what a change of it means: other agreement, or the end of what was
 * issued. Where somebody else stored one meanwhile, theirs stays.
 */
export async function storeDocumentClient(
  ctx: Context,
  call: Call,
  stored: Client | undefined,
  client: Client,
): Promise<void> {
  const now: Seconds = ctx.now()
  const registration: DynamicRegistration = {
    clientId: client.id,
    tokenDigest: noToken,
    previous: undefined,
    scopeCeiling: client.scope,
    unusedLifetime,
    softwareStatement: undefined,
  }
  const event = { reason: 'metadata_document', clientId: client.id }
  const source = { requestId: call.id, network: call.network }
  if (stored === undefined) {
    const events = [ctx.events.record({ event: 'client.registered', ...event }, source)]
    try {
      const outcome = await ctx.store.registrations.register(
        { client, registration, initialToken: undefined, most: mostDocuments, events },
        now,
      )
      if (outcome === 'registered') ctx.events.stored(events)
    } catch (error) {
      // Two requests may bring the same new client at once; the row of the first is as good.
      if ((await ctx.store.findClient(client.id)) === undefined) throw error
    }
    return
  }
  // Before the new record, so that a fetch that was cut short is begun again by the next one.
  if (provesOtherwise(stored, client)) await endGrants(ctx, call, stored)
  const withdrawConsent = agreedTo(stored) !== agreedTo(client)
  const events = withdrawConsent ? [ctx.events.record({ event: 'client.updated', ...event }, source)] : []
  const replaced = await ctx.store.registrations.replace(
    { client, registration, presented: noToken, withdrawConsent, events },
    now,
  )
  if (replaced) ctx.events.stored(events)
}
