import type { Form } from '@sallyport/protocol'
import type { AuthenticatedClient } from '../model/client.ts'
import type { Call, Context } from '../context.ts'
import { backchannelGrant, deviceGrant, jwtBearerGrant, tokenExchangeGrant, type GrantType } from '../model/client.ts'
import type { StoredAnswer, TokenGrant } from '../tokens/token-grant.ts'
import { authorizationCode } from './authorization-code.ts'
import { backchannel } from './backchannel.ts'
import { clientCredentials } from './client-credentials.ts'
import { deviceCode } from './device-code.ts'
import { jwtBearer } from './jwt-bearer.ts'
import { refreshToken } from './refresh-token.ts'
import { tokenExchange } from './token-exchange.ts'

/** Reads and decides by what was sent and by the key it was proven with; changes nothing but what a proven attack makes necessary. */
export type Grant = (
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
) => Promise<TokenGrant | StoredAnswer>

/** The grant types there are. The implicit and password grants are not among them and cannot be added by a setting. */
export const grants: Readonly<Record<GrantType, Grant>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
  [deviceGrant]: deviceCode,
  [jwtBearerGrant]: jwtBearer,
  [tokenExchangeGrant]: tokenExchange,
  [backchannelGrant]: backchannel,
}

const isGrantType = (name: string): name is GrantType => Object.hasOwn(grants, name)

/** What has to be set up before a grant is offered; the others always are. */
const conditions: Partial<Record<GrantType, (ctx: Context) => boolean>> = {
  [deviceGrant]: ({ policy }) => policy.deviceGrant,
  [backchannelGrant]: ({ policy }) => policy.backchannelGrant,
  [jwtBearerGrant]: ({ trustedIssuers }) => trustedIssuers.kinds.size > 0,
  [tokenExchangeGrant]: ({ exchange, identityAudiences }) => exchange.offered || identityAudiences.clients.size > 0,
}

/** True for a grant type that there is and that the policy offers. */
export const isOffered = (ctx: Context, name: string): name is GrantType =>
  isGrantType(name) && conditions[name]?.(ctx) !== false

/** The grant types that are offered, as the metadata names them. */
export const offeredGrants = (ctx: Context): readonly string[] =>
  Object.keys(grants).filter((name) => isOffered(ctx, name))
