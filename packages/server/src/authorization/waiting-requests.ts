import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { locales } from '../http.ts'
import type { DeviceDecision } from '../model/device-page.ts'
import type { DeviceView } from '../model/device.ts'
import type { Session } from '../model/interaction.ts'
import type { WaitingRequest, WaitingStep } from '../model/waiting-requests.ts'
import { formToken, formTokenFits } from '../secrets.ts'
import { beginInteraction } from './begin-interaction.ts'
import { currentSession } from './browser.ts'
import { decideDevice, type Decidable } from './device-approval.ts'
import { notifyClient } from './notify-client.ts'
import { requireOwnForm } from './own-form.ts'
import { resourceNames, scopesInWords } from './scope-words.ts'

/** Without the grant there is no such page, whoever serves it. */
function requireOffered(ctx: Context): void {
  if (!ctx.policy.backchannelGrant) throw refuse('path')
}

/** A visit of the page: it decides nothing. */
export async function showWaiting(ctx: Context, call: Call): Promise<WaitingStep> {
  requireOffered(ctx)
  const session = await currentSession(ctx, call)
  return session === undefined ? signIn(ctx, call) : list(ctx, session)
}

async function signIn(ctx: Context, call: Call): Promise<WaitingStep> {
  const request = { page: 'requests', userCode: undefined, uiLocales: locales(call).slice(0, 10) } as const
  return { step: 'login', response: await beginInteraction(ctx, call, request, 'login') }
}

async function list(
  ctx: Context,
  session: Session,
  problem?: Extract<WaitingStep, { step: 'list' }>['problem'],
): Promise<WaitingStep> {
  const requests: WaitingRequest[] = []
  for (const view of await ctx.store.devices.listWaiting(session.subject, ctx.now())) {
    const found = await decidable(ctx, session, view)
    if (found !== undefined) requests.push(await inWords(ctx, found))
  }
  return { step: 'list', session, requests, problem }
}

/** What this person may decide about in this session: another session that decided meanwhile has the request. */
async function decidable(ctx: Context, session: Session, view: DeviceView): Promise<Decidable | undefined> {
  const { request, claimedBy } = view
  if (request.backchannel?.subject !== session.subject) return undefined
  if (claimedBy !== undefined && claimedBy !== session.id) return undefined
  const client = await ctx.clients.find(request.clientId)
  return client === undefined || client.disabledAt !== undefined ? undefined : { client, session, request }
}

const facts = (digest: string, session: Session): string => `backchannel decision ${digest} ${session.id}`

async function inWords(ctx: Context, { client, session, request }: Decidable): Promise<WaitingRequest> {
  return {
    id: request.digest,
    client,
    bindingMessage: request.backchannel?.bindingMessage,
    scopes: await scopesInWords(ctx, request.scope),
    resources: await resourceNames(ctx, request.resources),
    since: request.createdAt,
    network: request.network,
    expiresAt: request.expiresAt,
    csrf: formToken(ctx.secrets, facts(request.digest, session)),
  }
}

const decisions: readonly string[] = ['allow', 'deny', 'disown'] satisfies DeviceDecision[]
const isDecision = (text: string | undefined): text is DeviceDecision => text !== undefined && decisions.includes(text)

/** A posted decision. The token says that this very session was shown this very request; without that nothing is looked up. */
export async function postWaiting(ctx: Context, call: Call): Promise<WaitingStep> {
  requireOffered(ctx)
  const form = readBody(call.request)
  if (form.fault !== undefined) throw refuse(form.fault)
  if (form.duplicated.size > 0) throw refuse('param_duplicated')
  const session = await currentSession(ctx, call)
  if (session === undefined) return signIn(ctx, call)
  const digest = form.get('request') ?? ''
  requireOwnForm(ctx, call, formTokenFits(ctx.secrets, facts(digest, session), form.get('csrf')))
  const decision = form.get('decision')
  if (!isDecision(decision)) return list(ctx, session, 'undecided')
  const view = await ctx.store.devices.find(digest)
  const found = view === undefined ? undefined : await decidable(ctx, session, view)
  const decided =
    found !== undefined &&
    (await ctx.store.devices.claim(digest, session.id, ctx.now())) &&
    (await decideDevice(ctx, call, found, decision))
  if (!decided) return list(ctx, session, 'over')
  ctx.measure('backchannel_decisions', { decision })
  void notifyClient(ctx, found.client, found.request)
  return { step: 'done', decision, session }
}
