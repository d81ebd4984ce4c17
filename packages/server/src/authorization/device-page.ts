import { parseForm, readUserCode, refuse, showUserCode, type Form } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { locales } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { DeviceView } from '../model/device.ts'
import type { DeviceDecision, DeviceProblem, DeviceStep } from '../model/device-page.ts'
import type { Session } from '../model/interaction.ts'
import { formToken, formTokenFits, userCodeKey } from '../secrets.ts'
import { beginInteraction } from './begin-interaction.ts'
import { currentSession } from './browser.ts'
import { decideDevice, type Decidable } from './device-approval.ts'
import { attemptsOf, countAttempt } from './device-guesses.ts'
import { requireOwnForm, requireOwnOrigin } from './own-form.ts'
import { resourceNames, scopesInWords } from './scope-words.ts'

/** What a person typed, cut to what a field can hold, for showing it again. */
const shown = (typed: string): string => {
  const code = readUserCode(typed)
  return code === undefined ? typed.slice(0, 40) : showUserCode(code)
}

/** Without the grant there is no such page, whoever serves it. */
function requireOffered(ctx: Context): void {
  if (!ctx.policy.deviceGrant) throw refuse('path')
}

/** A visit of the page. The code of a link only fills the field: whoever made the link decided nothing (A-DEV-08). */
export async function showDevice(ctx: Context, call: Call): Promise<DeviceStep> {
  requireOffered(ctx)
  const typed = parseForm(call.request.query).get('user_code') ?? ''
  const session = await currentSession(ctx, call)
  return session === undefined ? signIn(ctx, call, typed) : entry(ctx, session, typed)
}

/** A posted form: a code, or a decision about the one that was entered. */
export async function postDevice(ctx: Context, call: Call): Promise<DeviceStep> {
  requireOffered(ctx)
  requireOwnOrigin(ctx, call)
  const form = readBody(call.request)
  if (form.fault !== undefined) throw refuse(form.fault)
  if (form.duplicated.size > 0) throw refuse('param_duplicated')
  const typed = form.get('user_code') ?? ''
  const session = await currentSession(ctx, call)
  if (session === undefined) return signIn(ctx, call, typed)
  return form.get('step') === 'decide' ? decided(ctx, call, session, form) : entered(ctx, call, session, form)
}

/** The person signs in before entering a code (A-DEV-05), and comes back with what came with the link. */
async function signIn(ctx: Context, call: Call, typed: string): Promise<DeviceStep> {
  const code = readUserCode(typed)
  const userCode = code === undefined ? undefined : showUserCode(code)
  const request = { page: 'device', userCode, uiLocales: locales(call).slice(0, 10) } as const
  return { step: 'login', response: await beginInteraction(ctx, call, request, 'login') }
}

const entryFacts = (session: Session, attempts: number): string => `device code ${session.id} ${attempts}`
const decisionFacts = (key: string, session: Session): string => `device decision ${key} ${session.id}`

async function entry(ctx: Context, session: Session, typed: string, problem?: DeviceProblem): Promise<DeviceStep> {
  const csrf = formToken(ctx.secrets, entryFacts(session, await attemptsOf(ctx, session)))
  return { step: 'enter', session, typed: shown(typed), csrf, problem }
}

async function entered(ctx: Context, call: Call, session: Session, form: Form): Promise<DeviceStep> {
  const facts = entryFacts(session, await attemptsOf(ctx, session))
  requireOwnForm(ctx, call, formTokenFits(ctx.secrets, facts, form.get('csrf')))
  const typed = form.get('user_code') ?? ''
  // Nothing typed guesses nothing.
  if (typed === '') return entry(ctx, session, typed, 'code')
  const attempt = await countAttempt(ctx, call, session)
  if (attempt.wait !== undefined) return { step: 'wait', seconds: attempt.wait }
  const found = await claimed(ctx, session, typed)
  if (found === undefined) return entry(ctx, session, typed, 'code')
  await attempt.right()
  return decide(ctx, call, found, { typed, undecided: false })
}

/** The waiting request of a user code, if this session is the first to enter it or was before (DV-06). */
async function claimed(ctx: Context, session: Session, typed: string): Promise<Decidable | undefined> {
  const code = readUserCode(typed)
  if (code === undefined) return undefined
  const view = await ctx.store.devices.findWaiting(userCodeKey(ctx.secrets, code), ctx.now())
  if (view === undefined || !(await ctx.store.devices.claim(view.request.digest, session.id, ctx.now())))
    return undefined
  return decidable(ctx, session, view)
}

async function decidable(ctx: Context, session: Session, { request }: DeviceView): Promise<Decidable | undefined> {
  const found = ctx.clients.find(request.clientId)
  const client: Client | undefined = found instanceof Promise ? await found : found
  return client === undefined || client.disabledAt !== undefined ? undefined : { client, session, request }
}

type Asking = { readonly typed: string; readonly undecided: boolean }

async function decide(ctx: Context, call: Call, found: Decidable, { typed, undecided }: Asking): Promise<DeviceStep> {
  const { client, session, request } = found
  const open = {
    ...{ client, session },
    userCode: shown(typed),
    scopes: await scopesInWords(ctx, request.scope),
    resources: await resourceNames(ctx, request.resources),
    since: request.createdAt,
    network: request.network,
    userAgent: request.userAgent,
    sameNetwork: request.network === call.network,
    csrf: formToken(ctx.secrets, decisionFacts(request.userCodeKey ?? '', session)),
  }
  return { step: 'decide', open, undecided }
}

const decisions: readonly string[] = ['allow', 'deny', 'disown'] satisfies DeviceDecision[]
const isDecision = (text: string | undefined): text is DeviceDecision => text !== undefined && decisions.includes(text)

/** The token says that this very session was shown this very request; without that nothing is looked up (DV-06). */
async function decided(ctx: Context, call: Call, session: Session, form: Form): Promise<DeviceStep> {
  const code = readUserCode(form.get('user_code') ?? '')
  const key = code === undefined ? '' : userCodeKey(ctx.secrets, code)
  requireOwnForm(ctx, call, formTokenFits(ctx.secrets, decisionFacts(key, session), form.get('csrf')))
  const view = await ctx.store.devices.findWaiting(key, ctx.now())
  const found = view?.claimedBy === session.id ? await decidable(ctx, session, view) : undefined
  if (found === undefined) return entry(ctx, session, '', 'over')
  const decision = form.get('decision')
  if (!isDecision(decision)) return decide(ctx, call, found, { typed: code ?? '', undecided: true })
  if (!(await decideDevice(ctx, call, found, decision))) return entry(ctx, session, '', 'over')
  ctx.measure('device_decisions', { decision })
  return { step: 'done', decision, client: found.client, session }
}
