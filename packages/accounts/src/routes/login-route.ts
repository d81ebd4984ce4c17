import {
  isPageRequest,
  type HttpRequest,
  type HttpResponse,
  type OpenLogin,
  type Route,
  type RouteHost,
  type User,
} from '@sallyport/server/model'
import { levelOf, type Level } from '@sallyport/server/model'
import type { KnownDevices } from '../known-device.ts'
import type { MessageKey } from '../messages/en.ts'
import type { Setting } from '../pages/layout.ts'
import { loginPage, maxPasswordLength, maxUsernameLength, passwordField, usernameField } from '../pages/login-page.ts'
import { throttledPage } from '../pages/throttled-page.ts'
import type { CheckCredentials, SignIn } from '../sign-in.ts'
import { show, withCookie } from './respond.ts'

/** What `login` reports: one factor, a password. */
const passwordAmr = ['pwd'] as const

export type LoginRouteOptions = {
  readonly settingFor: (request: HttpRequest, open: OpenLogin) => Setting
  readonly check: CheckCredentials
  readonly devices: KnownDevices
  readonly findUser: (id: string) => Promise<User | undefined>
  readonly levels: readonly Level[]
  /** Whether somebody with a second factor is asked for it at each sign-in; where not, only for levels that need it. */
  readonly asksForCode: (subject: string) => Promise<boolean>
}

const longerThan = (text: string, length: number): boolean => text.length > length && [...text].length > length

/** What is wrong with the form before anybody is looked up; said beside the field it concerns. */
function formFault(username: string, password: string): { key: MessageKey; field: string } | undefined {
  if (username === '') return { key: 'problem.usernameMissing', field: usernameField }
  if (longerThan(username, maxUsernameLength)) return { key: 'problem.usernameLong', field: usernameField }
  if (password === '') return { key: 'problem.passwordMissing', field: passwordField }
  if (longerThan(password, maxPasswordLength)) return { key: 'problem.passwordLong', field: passwordField }
  return undefined
}

type Failure = Extract<SignIn, { outcome: 'failed' | 'throttled' }>

/** GET shows the form, POST takes it. */
export function createLoginRoute(options: LoginRouteOptions): Route {
  const { settingFor, check, devices, findUser, levels, asksForCode } = options

  /** A hint, or the person who has to show up again; never what somebody else might have typed. */
  const prefill = async (open: OpenLogin): Promise<string> => {
    const { request } = open.interaction
    const loginHint = isPageRequest(request) ? undefined : request.loginHint
    if (loginHint !== undefined) return longerThan(loginHint, maxUsernameLength) ? '' : loginHint
    if (open.step !== 'login' || open.session === undefined || open.interaction.account === 'another') return ''
    return (await findUser(open.session.subject))?.username ?? ''
  }

  const get = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.findLogin(request)
    return show(host, open, loginPage(settingFor(request, open), { open, username: await prefill(open) }))
  }

  const refuse = async (host: RouteHost, request: HttpRequest, open: OpenLogin, failure: Failure, username: string) => {
    const setting = settingFor(request, open)
    const event = { clientId: open.client?.id, detail: { method: 'pwd' } }
    if (failure.outcome === 'throttled') {
      const { retryAfter, reason } = failure.throttled
      await host.emit({ ...event, event: 'login.throttled', reason })
      const headers = { 'retry-after': String(Math.ceil(retryAfter)) }
      return show(host, open, throttledPage(setting, open, retryAfter), { status: 429, headers })
    }
    await host.emit({ ...event, event: 'login.failed', reason: failure.reason, subject: failure.user?.id })
    const renewed = await host.interactions.renew(open)
    const problem = { key: 'problem.credentials', field: usernameField } as const
    return show(host, renewed, loginPage(setting, { open: renewed, username, problem }), { status: 403 })
  }

  const post = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.findLogin(request)
    const form = host.interactions.form(request, open)
    if (form.get('decision') === 'cancel') return host.interactions.cancel(request, open)
    const username = (form.get(usernameField) ?? '').trim()
    const password = form.get(passwordField) ?? ''
    const problem = formFault(username, password)
    if (problem !== undefined) {
      const shown = longerThan(username, maxUsernameLength) ? '' : username
      return show(host, open, loginPage(settingFor(request, open), { open, username: shown, problem }), { status: 400 })
    }
    const device = await devices.recognise(host, request, username)
    const signIn = await check({ username, password, network: host.network, device })
    if (signIn.outcome !== 'succeeded') return refuse(host, request, open, signIn, username)
    const { user } = signIn
    if (await asksForCode(user.id))
      return host.interactions.passedFirst(request, open, { subject: user.id, amr: passwordAmr })
    const login = { subject: user.id, amr: passwordAmr, acr: levelOf(levels, passwordAmr) }
    const response = await host.interactions.login(request, open, login)
    const detail = {
      method: 'pwd',
      reauth: [open.session, ...open.aside].some((session) => session?.subject === user.id),
    }
    await host.emit({ event: 'login.succeeded', subject: user.id, clientId: open.client?.id, detail })
    return withCookie(response, await devices.remember(host, request, user.username))
  }

  return { path: '/login', methods: { GET: get, POST: post } }
}
