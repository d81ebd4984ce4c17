import { sharedRedirectUris, type Client } from '@sallyport/server'
import { CommandFailure, exitCode } from './failure.ts'
import type { Workplace } from './workplace.ts'

/** What the audit event says about a redirect URI that was shared on purpose. */
export type SharingDetail = Readonly<Record<string, string>>

/**
 * Refuses an https redirect URI that another client has, unless sharing was allowed; then gives what the audit event has to
 * say about it (A-REDIR-13). URIs that the client had before are not asked about again.
 */
export async function sharingDetail(
  { store }: Workplace,
  client: Client,
  { before = [], allowed }: { readonly before?: readonly string[]; readonly allowed: boolean },
): Promise<SharingDetail> {
  const shared = (await sharedRedirectUris(store.admin, client)).filter(({ uri }) => !before.includes(uri))
  if (shared.length === 0) return {}
  if (!allowed)
    throw new CommandFailure(
      exitCode.missing,
      'a redirect URI belongs to another client already, so that an answer could not be told apart',
      shared.map(
        ({ uri, clientId }) =>
          `--redirect-uri: ${uri} belongs to ${clientId}; use one of its own, or add --allow-shared-redirect-uri`,
      ),
    )
  return {
    shared_redirect_uri: [...new Set(shared.map(({ uri }) => uri))].join(' '),
    shared_with: [...new Set(shared.map(({ clientId }) => clientId))].join(' '),
  }
}
