import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { locales } from '../http.ts'
import type { Session } from '../model/interaction.ts'
import type { OwnPages, Visitor } from '../model/own-pages.ts'
import { formToken, formTokenFits } from '../secrets.ts'
import { beginInteraction } from './begin-interaction.ts'
import { currentSession } from './browser.ts'
import { requireOwnForm, requireOwnOrigin } from './own-form.ts'

const facts = ({ digest }: Session, about: string): string => `own ${digest} ${about}`

async function visitor(ctx: Context, call: Call, maxAge: number): Promise<Visitor> {
  const session = await currentSession(ctx, call)
  if (session !== undefined && ctx.now() - session.authentication.time <= maxAge) return { session }
  // Another site learns nothing of who is signed in, and its form is not what brings somebody to a sign-in.
  if (call.request.method === 'POST') requireOwnOrigin(ctx, call)
  const request = { page: 'security', userCode: undefined, uiLocales: locales(call).slice(0, 10) } as const
  return { response: await beginInteraction(ctx, call, request, 'login') }
}

/** The person's own pages, for one request. */
export const ownPagesOf = (ctx: Context, call: Call): OwnPages => ({
  visitor: (_request, maxAge) => visitor(ctx, call, maxAge),
  csrf: (session, about) => formToken(ctx.secrets, facts(session, about)),
  form: (_request, session, about) => {
    requireOwnOrigin(ctx, call)
    const form = readBody(call.request)
    if (form.fault !== undefined) throw refuse(form.fault)
    if (form.duplicated.size > 0) throw refuse('param_duplicated')
    requireOwnForm(ctx, call, formTokenFits(ctx.secrets, facts(session, about), form.get('csrf')))
    return form
  },
})
