import { matchRedirectUri, refuse, type Form } from '@sallyport/protocol'
import { documentClient } from '../clients/documents.ts'
import { looksLikeDocument } from '../clients/document-url.ts'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'

/** A request whose client and redirect URI are beyond doubt: from here on, and not before, errors may go back. */
export type SettledClient = { readonly client: Client; readonly redirectUri: string }

/** Thrown material for the development view of a mismatching redirect URI. */
export class RedirectUriMismatch extends Error {
  readonly client: Client
  readonly sent: string

  constructor(client: Client, sent: string) {
    super('redirect_uri_mismatch')
    this.client = client
    this.sent = sent
  }
}

/**
 * Settles client and redirect URI before anything else is read (OAuth 2.1 section 4.1.2.1, A-AUTHZ-02 to -04). Everything
 * thrown here is shown on a page of the server and never redirects (A-REDIR-12).
 */
export async function settleClient(ctx: Context, call: Call, form: Form): Promise<SettledClient> {
  if (form.duplicated.has('redirect_uri')) throw refuse('param_duplicated')
  return settleRedirectUri(await requireClient(ctx, call, form), form)
}

/** The client that a request of a browser names. */
export async function requireClient(ctx: Context, call: Call, form: Form): Promise<Client> {
  if (form.fault === 'param_count') throw refuse('param_count')
  if (form.duplicated.has('client_id')) throw refuse('param_duplicated')
  const clientId = form.get('client_id')
  if (clientId === undefined) throw refuse('client_id_missing')
  const found = looksLikeDocument(clientId) ? documentClient(ctx, call, clientId) : findClient(ctx, clientId)
  const client = found instanceof Promise ? await found : found
  if (client === undefined) throw refuse('client_unknown')
  if (client.disabledAt !== undefined) throw refuse('client_disabled')
  return client
}

/** Holds the redirect URI of a request against those of its client, whichever way the client was settled. */
export function settleRedirectUri(client: Client, form: Form): SettledClient {
  const redirectUri = form.get('redirect_uri')
  if (redirectUri === undefined) throw refuse('redirect_uri_missing')
  if (matchRedirectUri(redirectUri, client.redirectUris, client.applicationType) === undefined) {
    throw refuse('redirect_uri_mismatch', { cause: new RedirectUriMismatch(client, redirectUri) })
  }
  return { client, redirectUri }
}

const findClient = (ctx: Context, id: string): Client | undefined | Promise<Client | undefined> =>
  id.length > 200 ? undefined : ctx.clients.find(id)
