import { after, lookupKey, refuse, type Reason } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { SecurityEvent } from '../model/authorization.ts'
import { isSelfRegistered, type Client } from '../model/client.ts'
import type { DynamicRegistration, InitialAccessToken } from '../model/registrations.ts'
import { changeClient, registerClient, type RegistrationContext } from './client-record.ts'
import { authenticationRefusal, readClientMetadata, type SelfDescription } from './client-metadata.ts'
import { requireFetchedMetadata } from './fetched-metadata.ts'
import type { MetadataDocument } from './metadata-fields.ts'
import { certificateMethods, keptProtections } from './metadata-rules.ts'
import { ClientMetadataError } from './registration-rules.ts'
import type { PresentedRegistration } from './registration-access.ts'
import { withSoftwareStatement } from './software-statement.ts'

/** A client as it is now, with what is told only once. */
export type Registered = {
  readonly client: Client
  readonly registration: DynamicRegistration
  readonly secret: string | undefined
  readonly accessToken: string
}

/** Seconds for which the token before still works after a change (A-DCM-07). */
const tokenOverlap = 60

const reasonOf: Readonly<Record<string, Reason>> = {
  redirectUris: 'registration_redirect_uri',
  name: 'registration_name',
  grantTypes: 'registration_grant',
  scope: 'registration_scope',
}

/** The faults that the one validator finds, in the words of RFC 7591. */
function judged<T>(ctx: Context, work: (context: RegistrationContext) => T): T {
  const context = contextOf(ctx)
  try {
    return work(context)
  } catch (error) {
    if (!(error instanceof ClientMetadataError)) throw error
    const [{ member = '' } = {}] = error.faults
    const authentication = member === 'authenticationMethod' ? authenticationRefusal(context.keysOnly) : undefined
    throw refuse(authentication ?? reasonOf[member] ?? 'registration_metadata', { detail: error.message })
  }
}

const keysOnly = (ctx: Context): boolean => ctx.policy.stages.requirePrivateKeyJwt === 'enforce'

const contextOf = (ctx: Context): RegistrationContext & { readonly keysOnly: boolean } => ({
  development: !ctx.secure,
  now: ctx.now(),
  random: ctx.random,
  secretLifetime: ctx.policy.clientSecretLifetime,
  keysOnly: keysOnly(ctx),
  profile: ctx.policy.profile,
})

function described(
  ctx: Context,
  sent: MetadataDocument,
  scopeCeiling: readonly string[],
): { readonly description: SelfDescription; readonly statement: string | undefined } {
  const { document, statement } = withSoftwareStatement(ctx, sent)
  const { registration: policy } = ctx
  const facts = {
    policy,
    scopeCeiling,
    development: !ctx.secure,
    keysOnly: keysOnly(ctx),
    certificateMethods: certificateMethods(ctx),
    kept: keptProtections(ctx),
  }
  return { description: readClientMetadata(document, facts), statement }
}

/** What the audit keeps of a registration: the values in force, never a token (DC-09). */
function noted(ctx: Context, call: Call, event: 'client.registered' | 'client.updated', client: Client): SecurityEvent {
  const detail = {
    channel: client.channel,
    type: client.type,
    authentication: client.authenticationMethod,
    grant_types: client.grantTypes.join(' '),
    scope: client.scope.join(' ').slice(0, 500),
    redirect_uris: client.redirectUris.join(' ').slice(0, 500),
  }
  const reason = event === 'client.registered' ? ctx.registration.mode : 'self_service'
  return ctx.events.record(
    { event, clientId: client.id, reason, detail },
    { requestId: call.id, network: call.network },
  )
}

/** Registers the client that a document describes (RFC 7591 section 3). One write decides whether there is room for it. */
export async function registerDynamicClient(
  ctx: Context,
  call: Call,
  sent: MetadataDocument,
  initial: InitialAccessToken | undefined,
): Promise<Registered> {
  const scopeCeiling = initial?.scope ?? ctx.registration.scope
  const { description, statement } = described(ctx, sent, scopeCeiling)
  const { client: made, secret } = judged(ctx, (context) => registerClient(description, context))
  await requireFetchedMetadata(ctx, call, made)
  const client: Client = { ...made, channel: 'dynamic' }
  const accessToken = ctx.random.handle()
  const registration: DynamicRegistration = {
    clientId: client.id,
    tokenDigest: lookupKey(accessToken),
    previous: undefined,
    scopeCeiling,
    unusedLifetime: ctx.registration.unusedLifetime,
    softwareStatement: statement,
  }
  const events = [noted(ctx, call, 'client.registered', client)]
  const outcome = await ctx.store.registrations.register(
    { client, registration, initialToken: initial?.digest, most: ctx.registration.mostClients, events },
    ctx.now(),
  )
  if (outcome === 'token_spent') throw refuse('registration_token')
  if (outcome === 'full') throw refuse('registration_quota', { detail: 'full', headers: { 'retry-after': '86400' } })
  ctx.events.stored(events)
  return { client, registration, secret, accessToken }
}

const serverIssued = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
]

/** A client sends back who it is, and nothing that only the server may say (RFC 7592 section 2.2). */
function requireOwnDocument(ctx: Context, document: MetadataDocument, client: Client): void {
  const foreign = serverIssued.find((member) => document[member] !== undefined)
  if (foreign !== undefined) throw refuse('registration_metadata', { detail: `${foreign} is not the client's to send` })
  if (document['client_id'] !== client.id) throw refuse('registration_metadata', { detail: 'client_id differs' })
  const secret = document['client_secret']
  if (secret === undefined) return
  const digest = typeof secret === 'string' ? lookupKey(secret) : ''
  if (!client.secrets.some((known) => known.digest === digest && known.expiresAt > ctx.now()))
    throw refuse('registration_metadata', { detail: 'client_secret is not the current one' })
}

/** What people agreed to was agreed to for another client than this one has become (A-DCM-05). */
const mattersToPeople = (before: Client, next: Client): boolean =>
  (['redirectUris', 'scope', 'grantTypes', 'authenticationMethod', 'jwks', 'jwksUri', 'name'] as const).some(
    (member) => JSON.stringify(before[member]) !== JSON.stringify(next[member]),
  )

/** Replaces what a client says about itself; `undefined` when somebody else was faster. */
export async function replaceDynamicClient(
  ctx: Context,
  call: Call,
  { client: before, registration: held, presented }: PresentedRegistration,
  sent: MetadataDocument,
): Promise<Registered | undefined> {
  requireOwnDocument(ctx, sent, before)
  const { description, statement } = described(ctx, sent, held.scopeCeiling)
  const client = judged(ctx, (context) => changeClient(before, description, context))
  await requireFetchedMetadata(ctx, call, client, before)
  const accessToken = ctx.random.handle()
  const now = ctx.now()
  const until = presented === held.tokenDigest ? after(now, tokenOverlap) : (held.previous?.until ?? now)
  const registration: DynamicRegistration = {
    ...held,
    tokenDigest: lookupKey(accessToken),
    previous: { digest: presented, until },
    softwareStatement: statement,
  }
  const events = [noted(ctx, call, 'client.updated', client)]
  const withdrawConsent = mattersToPeople(before, client)
  const records = { client, registration, presented, withdrawConsent, events }
  if (!(await ctx.store.registrations.replace(records, now))) return undefined
  ctx.events.stored(events)
  ctx.clients.forget(client.id)
  return { client, registration, secret: undefined, accessToken }
}

/** Removes a client that nobody needs any more, with everything issued to it. */
export async function removeDynamicClient(
  ctx: Context,
  client: Client,
  reason: 'self_service_deleted' | 'unused',
  source: { readonly requestId: string | undefined; readonly network: string | undefined },
): Promise<void> {
  const event = ctx.events.record(
    { event: 'client.updated', clientId: client.id, reason, detail: { channel: client.channel } },
    source,
  )
  if (await ctx.store.admin.deleteClient(client.id, ctx.now(), [event])) ctx.events.stored([event])
  ctx.clients.forget(client.id)
}

/** Most clients that one round of upkeep removes: each of them may take several transactions. */
const removalsARound = 20

/**
 * True for a client that was in force and was disabled. What is known of it is evidence, and without its row a document
 * would come back as a new client that is in force. A document that waits for its review since it came holds nothing.
 */
const wasDisabled = ({ channel, createdAt, disabledAt }: Client): boolean =>
  disabledAt !== undefined && (channel === 'dynamic' || disabledAt > createdAt)

/**
 * Removes self-registered clients that were not used for as long as their registration allows (B-REG-11). Use is known
 * from the counts by client; a client that was used only has its time begin anew, and so has one that was disabled. True
 * when there may be more to do.
 */
export async function removeUnusedClients(ctx: Context): Promise<boolean> {
  const now = ctx.now()
  const due = await ctx.store.registrations.listDue(now, removalsARound)
  for (const { clientId, unusedLifetime } of due) {
    const usedAt = (await ctx.store.usage.lastUse(clientId))?.usedAt
    const client = await ctx.store.findClient(clientId)
    if (client === undefined) continue
    if (usedAt !== undefined && usedAt + unusedLifetime > now) await ctx.store.registrations.postpone(clientId, usedAt)
    else if (wasDisabled(client)) await ctx.store.registrations.postpone(clientId, now)
    else if (isSelfRegistered(client))
      await removeDynamicClient(ctx, client, 'unused', { requestId: undefined, network: undefined })
  }
  return due.length >= removalsARound
}
