import { after, OAuthError, refuse, type Reason } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { documentTrust } from '../document-policy.ts'
import type { Client } from '../model/client.ts'
import { cacheLifetime } from '../outbound/cache-lifetime.ts'
import type { FetchAnswer, FetchFault } from '../model/outbound.ts'
import { registerClient, registrationOf } from './client-record.ts'
import { DocumentFault, documentDescription } from './document-client.ts'
import { storeDocumentClient } from './document-copy.ts'
import { withOperatorsPart } from './document-members.ts'
import { documentHost } from './document-url.ts'
import { keptProtections } from './metadata-rules.ts'
import { ClientMetadataError } from './registration-rules.ts'

const maxBytes = 5120
/** Bounds of what cache headers may say, in seconds (A-CIMD-10). */
const freshness = { least: 60, most: 86_400 }

/** True while documents of this client's host count; a host that was blocked takes its clients with it at once. */
export function documentStillAccepted(ctx: Context, client: Client): boolean {
  if (client.channel !== 'metadata_document') return true
  const host = documentHost(client.id, ctx.documents.loopback)
  return host !== undefined && documentTrust(ctx.documents, host) !== 'block'
}

/**
 * The client that a metadata document describes. The document is fetched when there is no fresh copy; the copy is a row like
 * that of any client, so that every node and every write sees the same. Throws what is shown on a page (A-CIMD-03).
 */
export async function documentClient(ctx: Context, call: Call, clientId: string): Promise<Client> {
  if (ctx.documents.accept === 'none') throw refuse('client_unknown')
  const host = documentHost(clientId, ctx.documents.loopback)
  if (host === undefined) throw await rejected(ctx, call, 'document_url', { clientId: undefined, host: undefined })
  const trust = documentTrust(ctx.documents, host)
  if (trust === 'block') throw await rejected(ctx, call, 'document_not_accepted', { clientId, host })
  const stored = await ctx.clients.find(clientId)
  const fresh = stored?.documentFreshUntil !== undefined && stored.documentFreshUntil > ctx.now()
  const client = fresh && stored !== undefined ? stored : await refreshed(ctx, call, { clientId, host, stored })
  if (client.disabledAt !== undefined) throw refuse('document_review')
  return client
}

/** Seconds for which the keys of a document count beyond its freshness, where it cannot be fetched anew. */
const grace = 600

/**
 * The client as its document has it now: keys that were taken out of a document stop working although nobody signs in with it
 * (A-CIMD-07). A short failure of the document's host goes unnoticed; a long one leaves `undefined`.
 */
export async function currentDocumentClient(ctx: Context, call: Call, client: Client): Promise<Client | undefined> {
  const { documentFreshUntil: until = 0 } = client
  if (until > ctx.now()) return client
  try {
    return await documentClient(ctx, call, client.id)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    return error.reason !== 'document_invalid' && ctx.now() < until + grace ? client : undefined
  }
}

type Named = { readonly clientId: string | undefined; readonly host: string | undefined; readonly detail?: string }

async function rejected(ctx: Context, call: Call, reason: Reason, { clientId, host, detail }: Named) {
  await ctx.events.write(
    {
      event: 'cimd.rejected',
      reason,
      clientId,
      detail: { ...(host === undefined ? {} : { host }), ...(detail === undefined ? {} : { reason_detail: detail }) },
    },
    { requestId: call.id, network: call.network },
  )
  return refuse(reason, { reported: true, ...(detail === undefined ? {} : { detail }) })
}

type Wanted = { readonly clientId: string; readonly host: string; readonly stored: Client | undefined }

async function refreshed(ctx: Context, call: Call, wanted: Wanted): Promise<Client> {
  const { clientId, host } = wanted
  const result = await ctx.fetch({
    purpose: 'metadata_document',
    url: clientId,
    maxBytes,
    accept: 'application/json',
    source: { requestId: call.id, network: call.network },
  })
  if (!result.ok) throw unavailable(result.fault)
  const problem = answerProblem(result)
  if (problem !== undefined)
    throw await rejected(ctx, call, 'document_unavailable', { clientId, host, detail: problem })
  let client: Client
  try {
    client = described(ctx, wanted, result, await askableScopes(ctx))
  } catch (error) {
    // The second says that an operator's own setting does not fit any more what the document says now.
    if (!(error instanceof DocumentFault || error instanceof ClientMetadataError)) throw error
    throw await rejected(ctx, call, 'document_invalid', { clientId, host, detail: error.message.slice(0, 200) })
  }
  await storeDocumentClient(ctx, call, wanted.stored, client)
  ctx.clients.forget(clientId)
  // Another node may have been quicker; what is stored is what counts.
  const kept = await ctx.clients.find(clientId)
  if (kept === undefined) throw refuse('document_unavailable', { detail: 'no room' })
  return kept
}

const unavailable = (fault: FetchFault) =>
  fault === 'quota' || fault === 'budget'
    ? refuse('rate_limited', { headers: { 'retry-after': '60' } })
    : refuse('document_unavailable', { detail: fault, reported: true })

function answerProblem({ status, contentType }: FetchAnswer): string | undefined {
  if (status !== 200) return `status ${status}`
  return /^application\/(?:[a-z0-9.-]+\+)?json$/.test(contentType) ? undefined : 'not JSON by its content type'
}

/** Scopes of registered APIs: each has words, and people are asked about it. */
async function askableScopes(ctx: Context): Promise<readonly string[]> {
  const resources = await ctx.resources()
  return [...resources.values()].flatMap(({ scopes }) => scopes.map(({ name }) => name))
}

function described(ctx: Context, { clientId, host, stored }: Wanted, answer: FetchAnswer, askable: readonly string[]) {
  const now = ctx.now()
  const { reservedNames, grantTypes } = ctx.registration
  const facts = { askable, allowed: ctx.documents.redirects, grantTypes, kept: keptProtections(ctx), reservedNames }
  const description = documentDescription(answer.body, clientId, facts)
  // Its sector is no matter of the rules for redirect URIs, which know nothing of documents.
  const said = { ...description, subjectType: undefined }
  const whole = stored === undefined ? said : withOperatorsPart(said, registrationOf(stored))
  const { client } = registerClient(whole, { development: false, now, random: ctx.random, secretLifetime: 0 })
  const awaitsReview = documentTrust(ctx.documents, host) === 'review'
  return {
    ...client,
    id: clientId,
    channel: 'metadata_document' as const,
    subjectType: description.subjectType ?? 'pairwise',
    documentFreshUntil: after(now, cacheLifetime(answer.cacheControl, freshness, freshness.least)),
    version: (stored?.version ?? 0) + 1,
    createdAt: stored?.createdAt ?? now,
    disabledAt: stored === undefined ? (awaitsReview ? now : undefined) : stored.disabledAt,
  }
}
