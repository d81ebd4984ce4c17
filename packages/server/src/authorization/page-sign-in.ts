import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { redirect } from '../http.ts'
import type { HttpResponse } from '../model/http.ts'
import type { Interaction, PageRequest } from '../model/interaction.ts'
import { deviceAddress, deviceAddressWith, pageAddress, requestsAddress, stepUrl } from './begin-interaction.ts'
import { currentSession } from './browser.ts'

type Waiting = { readonly interaction: Interaction; readonly handle: string; readonly request: PageRequest }

/** Goes back to the page that wanted somebody signed in, once somebody is. The interaction ends with that. */
export async function resumePage(
  ctx: Context,
  call: Call,
  { interaction, handle, request }: Waiting,
): Promise<HttpResponse> {
  const session = await currentSession(ctx, call)
  if (session === undefined) return redirect(stepUrl(ctx, 'login', handle))
  if (request.page === 'security') {
    // The page wants a sign-in from just now, not one that was there before.
    if (interaction.loginSessionId !== session.id) return redirect(stepUrl(ctx, 'login', handle))
    await end(ctx, interaction)
    return redirect(pageAddress(ctx, ctx.accounts.securityUrl ?? ''))
  }
  await end(ctx, interaction)
  if (request.page === 'requests') return redirect(requestsAddress(ctx))
  const { userCode } = request
  return redirect(userCode === undefined ? deviceAddress(ctx) : deviceAddressWith(ctx, userCode))
}

/** Gives up signing in for a page. Nobody waits for an answer, so the person gets one. */
export async function cancelPage(ctx: Context, interaction: Interaction): Promise<never> {
  await end(ctx, interaction)
  throw refuse('user_denied')
}

async function end(ctx: Context, { digest, version }: Interaction): Promise<void> {
  if (!(await ctx.store.endInteraction(digest, version))) throw refuse('interaction_consumed')
}
