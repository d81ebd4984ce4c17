import type { Form } from '@sallyport/protocol'
import type { AuthenticatedClient } from '../model/client.ts'
import type { Call, Context } from '../context.ts'
import type { GrantType } from '../model/client.ts'
import type { StoredAnswer, TokenGrant } from '../tokens/token-grant.ts'
import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import { refreshToken } from './refresh-token.ts'

/** Reads and decides; changes nothing but what a proven attack makes necessary. */
export type Grant = (
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
) => Promise<TokenGrant | StoredAnswer>

/** The grant types there are. The implicit and password grants are not among them and cannot be added by a setting. */
export const grants: Readonly<Record<GrantType, Grant>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
}

export const isGrantType = (name: string): name is GrantType => Object.hasOwn(grants, name)
