import { maxRequestObjectLength, refuse, sha256, type OAuthError, type Reason } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { UnreadableRequest } from './pushed-request.ts'

const types: readonly string[] = ['application/oauth-authz-req+jwt', 'application/jwt']

/**
 * The request object at an address (OpenID Connect Core section 6.2, RFC 9101 section 5.2). Only addresses that the client
 * registered are asked, each time anew, by the guarded fetcher; a fragment is the digest that the content has to have (B-JAR-11,
 * JR-04).
 */
export async function fetchRequestObject(ctx: Context, call: Call, client: Client, uri: string): Promise<string> {
  const refused = (reason: Reason, detail?: string): OAuthError =>
    refuse(reason, { detail, cause: new UnreadableRequest(client) })
  const [url = '', digest] = uri.split('#', 2)
  if (!client.requestUris.some((known) => known === uri || known === url)) throw refused('jar_uri')
  const source = { requestId: call.id, network: call.network }
  const accept = types.join(', ')
  const answer = await ctx.fetch({ purpose: 'request_uri', url, maxBytes: maxRequestObjectLength, accept, source })
  if (!answer.ok) throw refused('jar_fetch', answer.fault)
  if (answer.status !== 200) throw refused('jar_fetch', `status ${answer.status}`)
  if (!types.includes(answer.contentType)) throw refused('jar_fetch', 'content type')
  // A JWT is ASCII; whatever else this is, it is no request.
  const content = answer.body.toString('latin1')
  if (digest !== undefined && digest !== '' && sha256(content) !== digest) throw refused('jar_fetch', 'digest')
  return content.trim()
}
