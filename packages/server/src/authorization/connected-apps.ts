import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import type { Authorization } from '../model/authorization.ts'
import type { ConnectedApp, ConnectedAppsView } from '../model/connected-apps.ts'
import type { Consent, Session } from '../model/interaction.ts'
import { maxPage } from '../model/retention.ts'
import { formToken, formTokenFits } from '../secrets.ts'
import { currentSession } from './browser.ts'
import { requireOwnForm } from './own-form.ts'
import { scopesInWords } from './scope-words.ts'

/** Pages of authorizations that are looked through; beyond that the oldest count, and an operator can list the rest. */
const maxPages = 10

/** What one application holds for a person. */
type Held = { readonly authorizations: Authorization[]; consent: Consent | undefined }

async function heldBy(ctx: Context, subject: string): Promise<ReadonlyMap<string, Held>> {
  const now = ctx.now()
  const held = new Map<string, Held>()
  const of = (clientId: string): Held => {
    const entry = held.get(clientId) ?? { authorizations: [], consent: undefined }
    held.set(clientId, entry)
    return entry
  }
  let after: string | undefined
  for (let page = 0; page < maxPages; page++) {
    // What came of these ends with them, and lives for minutes: there is nothing in it to take back.
    const { items, next } = await ctx.store.admin.listAuthorizations({ subject, given: true }, after, maxPage)
    for (const { authorization, revokedAt } of items)
      if (revokedAt === undefined && authorization.expiresAt > now)
        of(authorization.clientId).authorizations.push(authorization)
    if (next === undefined) break
    after = next
  }
  for (const consent of await ctx.store.listConsents(subject, now)) of(consent.clientId).consent = consent
  return held
}

/** The token of a form names what it takes back, so it fits only until that has changed. */
const facts = (session: Session, clientId: string, { authorizations, consent }: Held): string =>
  `apps ${session.digest} ${clientId} ${authorizations.at(-1)?.id ?? 'none'} ${consent?.grantedAt ?? 'none'}`

const shownDevices = 10

/** Each device is an authorization of its own, since nothing is remembered for the next. */
const devicesOf = (authorizations: readonly Authorization[]): ConnectedApp['devices'] =>
  authorizations
    .flatMap(({ createdAt: since, deviceNetwork: network }) => (network === undefined ? [] : [{ since, network }]))
    .slice(-shownDevices)
    .reverse()

async function appOf(ctx: Context, session: Session, id: string, held: Held): Promise<ConnectedApp | undefined> {
  const client = await ctx.clients.find(id)
  if (client === undefined) return undefined
  const { authorizations, consent } = held
  const scope = new Set([...authorizations.flatMap((one) => one.scope), ...(consent?.scope ?? [])])
  return {
    client,
    scopes: await scopesInWords(ctx, [...scope]),
    since: authorizations[0]?.createdAt,
    offline: authorizations.some((one) => one.offline),
    devices: devicesOf(authorizations),
    rememberedUntil: consent?.expiresAt,
    csrf: formToken(ctx.secrets, facts(session, id, held)),
  }
}

/** The applications of the person who is signed in at this browser. */
export async function listApps(ctx: Context, call: Call): Promise<ConnectedAppsView | undefined> {
  const session = await currentSession(ctx, call)
  if (session === undefined) return undefined
  const apps: ConnectedApp[] = []
  for (const [id, held] of await heldBy(ctx, session.subject)) {
    const app = await appOf(ctx, session, id, held)
    if (app !== undefined) apps.push(app)
    if (apps.length === maxPage) break
  }
  return { session, apps: apps.sort((a, b) => (a.client.name < b.client.name ? -1 : 1)) }
}

/** Takes back what the posted form names, in one durable write, and says so in the audit trail (RT-17, A-LOG-04). */
export async function withdrawApp(ctx: Context, call: Call): Promise<void> {
  const form = readBody(call.request)
  if (form.fault !== undefined) throw refuse(form.fault)
  if (form.duplicated.size > 0) throw refuse('param_duplicated')
  const session = await currentSession(ctx, call)
  const clientId = form.get('client_id') ?? ''
  const held = session === undefined ? undefined : (await heldBy(ctx, session.subject)).get(clientId)
  const fits =
    session !== undefined &&
    held !== undefined &&
    formTokenFits(ctx.secrets, facts(session, clientId, held), form.get('csrf'))
  requireOwnForm(ctx, call, fits)
  if (session === undefined) return
  const event = ctx.events.record(
    { event: 'consent.revoked', clientId, subject: session.subject, reason: 'consent_withdrawn' },
    { requestId: call.id, network: call.network },
  )
  if (await ctx.store.withdrawConsent(session.subject, clientId, ctx.now(), [event])) ctx.events.stored([event])
}
