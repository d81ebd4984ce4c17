import { after, lookupKey, newUserCode, OAuthError, refuse, showUserCode, type Form } from '@sallyport/protocol'
import { deviceAddress, deviceAddressWith } from '../authorization/begin-interaction.ts'
import { requireChallenge, requireScope } from '../authorization/validate-request.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import type { Call, Context } from '../context.ts'
import { readStrictForm } from '../form.ts'
import { errorJson, header, json } from '../http.ts'
import { deviceGrant, type AuthenticatedClient } from '../model/client.ts'
import type { DeviceRequest } from '../model/device.ts'
import type { HttpResponse } from '../model/http.ts'
import { reportRefusal } from '../refusals.ts'
import { userCodeKey } from '../secrets.ts'
import { requireNoDetails } from '../tokens/details.ts'
import { resourcesOfGrant } from '../tokens/resource-scope.ts'
import { provenBy } from '../usage.ts'

/**
 * The device authorization endpoint (RFC 8628 section 3.1): parse, authenticate the client as at the token endpoint, judge
 * what it asks for, store once, answer.
 */
export async function deviceAuthorization(ctx: Context, call: Call): Promise<HttpResponse> {
  let client: AuthenticatedClient | undefined
  try {
    const form = readStrictForm(call.request)
    client = await authenticateClient(ctx, call, form)
    if (!client.grantTypes.includes(deviceGrant)) throw refuse('grant_not_allowed')
    await ctx.limits.deviceNetwork(call.network)
    await ctx.limits.device(client.id)
    const made = await store(ctx, await requestOf(ctx, call, client, form))
    ctx.measure('device_codes_issued', {})
    ctx.usage.note(client.id, provenBy(client))
    return json(200, responseOf(ctx, made))
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    if (client !== undefined) ctx.usage.refused(client.id, error.reason)
    await reportRefusal(ctx, call, 'device', error, { clientId: client?.id })
    return errorJson(ctx, error)
  }
}

type Asked = Omit<DeviceRequest, 'digest' | 'userCodeKey'>

async function requestOf(ctx: Context, call: Call, client: AuthenticatedClient, form: Form): Promise<Asked> {
  requireNoDetails(form)
  const scope = requireScope(client, form)
  await requireByDevice(ctx, scope)
  const challenged = form.has('code_challenge') || form.has('code_challenge_method')
  const now = ctx.now()
  return {
    backchannel: undefined,
    clientId: client.id,
    scope,
    resources: await resourcesOfGrant(ctx, client, form, scope),
    codeChallenge: challenged ? requireChallenge(ctx, form) : undefined,
    interval: ctx.policy.devicePollInterval,
    createdAt: now,
    expiresAt: after(now, ctx.policy.deviceCodeLifetime),
    network: call.network,
    userAgent: (header(call.request, 'user-agent') ?? '').slice(0, 200),
  }
}

/** Refuses what an operator marked as too sensitive for a code that somebody else may have sent (A-DEV-02). */
async function requireByDevice(ctx: Context, scope: readonly string[]): Promise<void> {
  const refused = [...(await ctx.resources()).values()].flatMap(({ notByDevice }) => notByDevice)
  if (scope.some((value) => refused.includes(value))) throw refuse('scope_not_by_device')
}

type Made = { readonly deviceCode: string; readonly userCode: string }

/** Codes that are drawn before giving up. A second one is hardly ever needed: there are 34 bits for some thousand requests. */
const attempts = 5

async function store(ctx: Context, asked: Asked): Promise<Made> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const deviceCode = ctx.random.handle()
    const userCode = newUserCode(ctx.random)
    const codes = { digest: lookupKey(deviceCode), userCodeKey: userCodeKey(ctx.secrets, userCode) }
    if (await ctx.store.devices.create({ ...codes, ...asked })) return { deviceCode, userCode }
  }
  throw refuse('overload')
}

/** Everything a device needs (RFC 8628 section 3.2). */
function responseOf(ctx: Context, { deviceCode, userCode }: Made): Record<string, string | number> {
  const shown = showUserCode(userCode)
  return {
    device_code: deviceCode,
    user_code: shown,
    verification_uri: deviceAddress(ctx),
    verification_uri_complete: deviceAddressWith(ctx, shown),
    expires_in: ctx.policy.deviceCodeLifetime,
    interval: ctx.policy.devicePollInterval,
  }
}
