import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'

/**
 * Refuses a post that a page of another origin sent. With `Referrer-Policy: no-referrer` browsers send `Origin: null` for
 * our own forms, and then the fetch metadata speaks.
 */
export function requireOwnOrigin(ctx: Context, call: Call): void {
  const origin = header(call.request, 'origin')
  const site = header(call.request, 'sec-fetch-site')
  const foreign =
    origin !== undefined && origin !== 'null' ? origin !== ctx.origin : site !== undefined && site !== 'same-origin'
  if (foreign) throw refuse('csrf', { detail: 'foreign origin' })
}

/**
 * Refuses a form that did not come from our own page (A-UI-06): its token is bound to interaction, browser and version, so
 * it works once; the origin is the second line.
 */
export function requireOwnForm(ctx: Context, call: Call, fits: boolean): void {
  requireOwnOrigin(ctx, call)
  if (!fits) throw refuse('csrf', { detail: 'token' })
}
