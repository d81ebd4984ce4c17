import type { HttpRequest, HttpResponse, OpenLogin, Route, RouteHost, Store, User } from '@sallyport/server/model'
import { refusedFactor, type CheckFactor, type FactorCheck } from '../factors/factor-check.ts'
import { levelOf, type Level } from '@sallyport/server/model'
import type { KnownDevices } from '../known-device.ts'
import { codeField, factorPage, factorWaitPage, maxCodeLength } from '../pages/factor-page.ts'
import type { Setting } from '../pages/layout.ts'
import { loginPage } from '../pages/login-page.ts'
import { seeOther, show, withCookie } from './respond.ts'

export type FactorRouteOptions = {
  readonly settingFor: (request: HttpRequest, open: OpenLogin) => Setting
  readonly check: CheckFactor
  readonly devices: KnownDevices
  readonly levels: readonly Level[]
  readonly store: Pick<Store, 'accounts' | 'subjectActive'>
}

/** Seconds for which a password that was right waits for its code. */
const patience = 300

/** Whose second factor is asked for: of somebody whose password was right, or of a session that is to be worth more. */
type Asked = { readonly user: User; readonly amr: readonly string[]; readonly more: boolean }

/** One password and one code (RFC 8176): that is more than one factor. */
const withCode = (amr: readonly string[]): readonly string[] => [...new Set([...amr, 'otp', 'mfa'])]

/** GET asks for the code, POST takes it. */
export function createFactorRoute({ settingFor, check, devices, levels, store }: FactorRouteOptions): Route {
  /** `undefined` when nobody here has come as far as this page: it gives nothing to half a sign-in (BF-08). */
  const askedOf = async (host: RouteHost, open: OpenLogin): Promise<Asked | undefined> => {
    const { firstFactor: first } = open.interaction
    const more = first === undefined
    const subject = more ? (open.step === 'factor' ? open.session?.subject : undefined) : first.subject
    const user = subject === undefined ? undefined : await store.accounts.findUser(subject)
    if (user === undefined || user.disabledAt !== undefined) return undefined
    if (more) return { user, amr: open.session?.authentication.amr ?? [], more }
    // A password that was changed in the meantime is no first factor any more.
    const over = host.now() - first.time > patience || user.updatedAt > first.time
    return over ? undefined : { user, amr: first.amr, more }
  }

  const accepted = async (host: RouteHost, request: HttpRequest, open: OpenLogin, asked: Asked) => {
    const { user, more } = asked
    const amr = withCode(asked.amr)
    const acr = levelOf(levels, amr)
    const response = more
      ? await host.interactions.raise(request, open, { amr, acr })
      : await host.interactions.login(request, open, { subject: user.id, amr, acr })
    const reauth = more || [open.session, ...open.aside].some((session) => session?.subject === user.id)
    const detail = { method: more ? 'otp' : 'pwd otp', reauth }
    await host.emit({ event: 'login.succeeded', subject: user.id, clientId: open.client?.id, detail })
    return withCookie(response, await devices.remember(host, request, user.username))
  }

  type Refused = { readonly open: OpenLogin; readonly asked: Asked; readonly result: FactorCheck }

  const refused = async (host: RouteHost, request: HttpRequest, { open, asked, result }: Refused) => {
    const setting = settingFor(request, open)
    const about = { subject: asked.user.id, clientId: open.client?.id }
    if (result.outcome === 'throttled') {
      await host.emit({ ...about, event: 'login.throttled', reason: 'factor', detail: { method: 'otp' } })
      const headers = { 'retry-after': String(result.retryAfter) }
      return show(host, open, factorWaitPage(setting, result.retryAfter), { status: 429, headers })
    }
    await host.emit({ ...about, ...refusedFactor(result) })
    const left = await host.interactions.failedCode(open)
    const begins = left.interaction.firstFactor === undefined && left.step !== 'factor'
    const html = begins
      ? loginPage(setting, { open: left, username: '', problem: { key: 'problem.factorAgain' } })
      : factorPage(setting, { open: left, more: asked.more, problem: { key: 'problem.factorCode', field: codeField } })
    return show(host, left, html, { status: 403 })
  }

  const get = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.findLogin(request)
    const setting = settingFor(request, open)
    const asked = await askedOf(host, open)
    if (asked === undefined) return seeOther(setting, '/login', open)
    return show(host, open, factorPage(setting, { open, more: asked.more }))
  }

  const post = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.findLogin(request)
    const form = host.interactions.form(request, open)
    const decision = form.get('decision')
    if (decision === 'cancel') return host.interactions.cancel(request, open)
    const asked = await askedOf(host, open)
    if (asked === undefined) {
      await host.emit({ event: 'mfa.failed', reason: 'premature', clientId: open.client?.id })
      return seeOther(settingFor(request, open), '/login', open)
    }
    if (decision === 'without' && asked.more && open.optional) return host.interactions.keepLevel(request, open)
    const typed = (form.get(codeField) ?? '').slice(0, maxCodeLength)
    const device = await devices.recognise(host, request, asked.user.username)
    const result = await check(host, { subject: asked.user.id, typed, device })
    if (result.outcome === 'accepted') return accepted(host, request, open, asked)
    return refused(host, request, { open, asked, result })
  }

  return { path: '/login/code', methods: { GET: get, POST: post } }
}
