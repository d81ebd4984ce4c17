import { numericDate } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import type { DynamicRegistration } from '../model/registrations.ts'
import { clientMetadata } from './client-metadata.ts'

/**
 * The client information response (RFC 7591 section 3.2.1, RFC 7592 section 3). Secret and registration access token are
 * there only when they were just made: the server keeps their digests and could not tell them again.
 */
export function registrationAnswer(
  ctx: Context,
  { client, registration }: { readonly client: Client; readonly registration: DynamicRegistration },
  fresh: { readonly secret?: string | undefined; readonly accessToken?: string | undefined } = {},
): Readonly<Record<string, unknown>> {
  const expiry = client.secrets.map(({ expiresAt }) => expiresAt).sort((a, b) => b - a)[0]
  return {
    ...clientMetadata(client),
    client_secret: fresh.secret,
    client_secret_expires_at: expiry === undefined ? undefined : numericDate(expiry),
    software_statement: registration.softwareStatement,
    registration_client_uri: `${ctx.endpoints.registration}/${client.id}`,
    registration_access_token: fresh.accessToken,
  }
}
