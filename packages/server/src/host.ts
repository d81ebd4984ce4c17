import { refuse } from '@sallyport/protocol'
import { currentSession, sessionClearCookies } from './authorization/browser.ts'
import { listApps, withdrawApp } from './authorization/connected-apps.ts'
import {
  addAccount,
  decideConsent,
  interactionForm,
  keepAccount,
  login,
  openInteraction,
  openLogin,
  renew,
  requireCheckedForm,
  takeAccount,
} from './authorization/interactions.ts'
import { asideClearCookies } from './authorization/other-accounts.ts'
import { postDevice, showDevice } from './authorization/device-page.ts'
import { ownPagesOf } from './authorization/own-pages.ts'
import { endOwnSessions, listOwnSessions } from './authorization/own-sessions.ts'
import { cancelPage } from './authorization/page-sign-in.ts'
import { refused } from './authorization/proceed.ts'
import { failedCode, keepLevel, passedFirst, raise } from './authorization/second-factor.ts'
import { postWaiting, showWaiting } from './authorization/waiting-requests.ts'
import type { Call, Context } from './context.ts'
import { endSessions, everySession } from './authorization/end-sessions.ts'
import { page } from './http.ts'
import { isPageRequest } from './model/interaction.ts'
import type { Interactions, Sessions } from './model/interactions.ts'
import type { RouteHost } from './model/route.ts'
import { vaultOf } from './vault.ts'

/** The interactions of one request. */
export function interactionsOf(ctx: Context, call: Call): Interactions {
  return {
    find: () => openInteraction(ctx, call),
    findLogin: () => openLogin(ctx, call),
    form: (_request, open) => interactionForm(ctx, call, open),
    login: (_request, open, who) => login(ctx, call, open, who),
    passedFirst: (_request, open, passed) => passedFirst(ctx, open, passed),
    failedCode: (open) => failedCode(ctx, open),
    raise: (_request, open, reached) => raise(ctx, call, open, reached),
    keepLevel: (_request, open) => keepLevel(ctx, open),
    keepAccount: (_request, open) => keepAccount(ctx, open),
    takeAccount: (_request, open, sessionId) => takeAccount(ctx, call, open, sessionId),
    addAccount: (_request, open) => addAccount(ctx, open),
    decide: (_request, open, decision) => decideConsent(ctx, open, decision),
    cancel: (_request, open) => {
      requireCheckedForm(open, 'browser')
      const { interaction, client, id } = open
      const { request } = interaction
      if (client === undefined || isPageRequest(request)) return cancelPage(ctx, interaction)
      return refused(ctx, call, { client, request, interaction, handle: id }, refuse('user_denied'))
    },
    renew: (open) => renew(ctx, open),
  }
}

export function sessionsOf(ctx: Context, call: Call): Sessions {
  return {
    find: () => currentSession(ctx, call),
    end: async () => {
      await endSessions(ctx, call, await everySession(ctx, call), { clientId: undefined, reason: 'logout' })
      return { 'set-cookie': [...sessionClearCookies(ctx), ...asideClearCookies(ctx, call)] }
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
  ownSessions: { list: () => listOwnSessions(ctx, call), end: () => endOwnSessions(ctx, call) },
  device: { show: () => showDevice(ctx, call), post: () => postDevice(ctx, call) },
  own: ownPagesOf(ctx, call),
  vault: vaultOf(ctx.secrets, ctx.random),
  waiting: { show: () => showWaiting(ctx, call), post: () => postWaiting(ctx, call) },
  now: () => ctx.now(),
  requestId: call.id,
  network: call.network,
  record: (draft) => ctx.events.record(draft, { requestId: call.id, network: call.network }),
  stored: (events) => {
    ctx.events.stored(events)
  },
  emit: (draft) => ctx.events.write(draft, { requestId: call.id, network: call.network }),
  page: (html, options = {}) => page(ctx.secure, html, { ...options, status: options.status ?? 200 }),
})
