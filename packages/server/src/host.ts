import { refuse } from '@sallyport/protocol'
import { currentSession, sessionClearCookie } from './authorization/browser.ts'
import { listApps, withdrawApp } from './authorization/connected-apps.ts'
import {
  decideConsent,
  interactionForm,
  keepAccount,
  login,
  openInteraction,
  renew,
  requireCheckedForm,
} from './authorization/interactions.ts'
import { refused } from './authorization/proceed.ts'
import type { Call, Context } from './context.ts'
import { page } from './http.ts'
import type { Interactions, Sessions } from './model/interactions.ts'
import type { RouteHost } from './model/route.ts'

/** The interactions of one request. */
export function interactionsOf(ctx: Context, call: Call): Interactions {
  return {
    find: () => openInteraction(ctx, call),
    form: (_request, open) => interactionForm(ctx, call, open),
    login: (_request, open, who) => login(ctx, call, open, who),
    keepAccount: (_request, open) => keepAccount(ctx, open),
    decide: (_request, open, decision) => decideConsent(ctx, open, decision),
    cancel: (_request, open) => {
      requireCheckedForm(open, 'browser')
      const { interaction, client, id } = open
      return refused(
        ctx,
        call,
        { client, request: interaction.request, interaction, handle: id },
        refuse('user_denied'),
      )
    },
    renew: (open) => renew(ctx, open),
  }
}

export function sessionsOf(ctx: Context, call: Call): Sessions {
  return {
    find: () => currentSession(ctx, call),
    end: async () => {
      const session = await currentSession(ctx, call)
      if (session !== undefined) {
        const event = ctx.events.record(
          { event: 'session.ended', subject: session.subject, reason: 'logout' },
          { requestId: call.id, network: call.network },
        )
        if (await ctx.store.endSession(session.id, ctx.now(), [event])) ctx.events.stored([event])
      }
      return { 'set-cookie': sessionClearCookie(ctx) }
    },
  }
}

/** What an added route may use, for one request. */
export const hostFor = (ctx: Context, call: Call): RouteHost => ({
  issuer: ctx.issuer,
  development: ctx.development,
  interactions: interactionsOf(ctx, call),
  sessions: sessionsOf(ctx, call),
  apps: { list: () => listApps(ctx, call), withdraw: () => withdrawApp(ctx, call) },
  now: () => ctx.now(),
  requestId: call.id,
  network: call.network,
  emit: (draft) => ctx.events.write(draft, { requestId: call.id, network: call.network }),
  page: (html, options = {}) => page(ctx.secure, html, { ...options, status: options.status ?? 200 }),
})
