import { after, lookupKey, refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { HttpResponse } from '../model/http.ts'
import { isPageRequest, type PageRequest } from '../model/interaction.ts'
import type { InteractionStep } from '../model/interactions.ts'
import { retention } from '../model/retention.ts'
import { redirect } from '../http.ts'
import { bindBrowser } from './browser.ts'
import { sealRequest } from './sealed-request.ts'

/** Stores a request that needs a person, tied to this browser, and sends the browser to the page it needs first. */
export async function beginInteraction(
  ctx: Context,
  call: Call,
  request: AuthorizationRequest | PageRequest,
  step: InteractionStep,
): Promise<HttpResponse> {
  const handle = ctx.random.handle()
  const browser = bindBrowser(ctx, call)
  const now = ctx.now()
  const expiresAt = after(now, ctx.policy.transactionLifetime)
  if (!isPageRequest(request) && request.pushed !== undefined) {
    const kept = after(expiresAt, retention.pushedRequest)
    if (!(await ctx.store.pushed.claim(request.pushed, browser.digest, kept))) throw refuse('par_used')
  }
  await ctx.store.saveInteraction({
    digest: lookupKey(handle),
    browserDigest: browser.digest,
    request: sealRequest(handle, request),
    createdAt: now,
    expiresAt,
    version: 0,
    loginSessionId: undefined,
    account: undefined,
    decision: undefined,
  })
  const headers = browser.cookies.length === 0 ? {} : { 'set-cookie': browser.cookies }
  return redirect(stepUrl(ctx, step, handle), headers)
}

/** Absolute address of a page of the accounts. */
export const pageAddress = (ctx: Context, page: string): string =>
  page.startsWith('/') ? `${ctx.origin}${ctx.basePath}${page}` : page

/** An address with one more parameter. */
export const withParameter = (address: string, name: string, value: string): string =>
  `${address}${address.includes('?') ? '&' : '?'}${name}=${value}`

/** Address of the page for a step; only a reference to the stored request travels, never an address (A-UI-08). */
export function stepUrl(ctx: Context, step: InteractionStep, interaction: string): string {
  const { loginUrl, consentUrl, accountUrl, factorUrl } = ctx.accounts
  const pages = { login: loginUrl, factor: factorUrl ?? loginUrl, account: accountUrl, consent: consentUrl }
  const page = pages[step]
  return withParameter(pageAddress(ctx, page), 'interaction', interaction)
}

/** Address of the page where requests wait for people. */
export const requestsAddress = (ctx: Context): string => pageAddress(ctx, ctx.accounts.requestsUrl ?? '')

/** Address of the page for user codes, alone and with a code in two groups. */
export const deviceAddress = (ctx: Context): string => pageAddress(ctx, ctx.accounts.deviceUrl ?? '')
export const deviceAddressWith = (ctx: Context, userCode: string): string =>
  withParameter(deviceAddress(ctx), 'user_code', userCode)
