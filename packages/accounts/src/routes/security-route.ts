import type { Random } from '@sallyport/protocol'
import { typedId } from '@sallyport/server'
import type { HttpRequest, HttpResponse, Route, RouteHost, Session, Store } from '@sallyport/server/model'
import { refusedFactor, seedContext, type CheckFactor, type FactorCheck } from '../factors/factor-check.ts'
import { makeRecoveryCodes, recoveryCodeTyped } from '../factors/recovery-codes.ts'
import { codeTyped, keyText, keyUri, seedBytes, stepOf } from '../factors/totp.ts'
import type { KnownDevices } from '../known-device.ts'
import type { SignedInAs } from '../pages/consent-page.ts'
import { codeField, factorWaitPage, maxCodeLength } from '../pages/factor-page.ts'
import type { Problem, Setting } from '../pages/layout.ts'
import { recoveryCodesPage, securityPage, type NewKey, type SecurityPage } from '../pages/security-page.ts'

export type SecurityRouteOptions = {
  readonly settingFor: (request: HttpRequest) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
  readonly check: CheckFactor
  readonly devices: KnownDevices
  readonly store: Pick<Store, 'factors'>
  readonly random: Random
  /** Draws a QR code as SVG. */
  readonly qrCode: ((text: string) => Promise<string>) | undefined
}

const path = '/account/security'

/** Seconds since the sign-in: to come here, and to finish what was begun (BF-10). */
const fresh = { show: 300, change: 900 }

/** A sealed key is for one session: somebody else's does not open. */
const keyContext = ({ id }: Session): string => `new key ${id}`

type Visit = { readonly host: RouteHost; readonly request: HttpRequest; readonly session: Session }
type Shown = Pick<SecurityPage, 'notice' | 'problem'> & { readonly seed?: Uint8Array | undefined }

/** GET shows how somebody signs in, POST adds an authenticator app, takes it away, or makes new recovery codes. */
export function createSecurityRoute(options: SecurityRouteOptions): Route {
  const { settingFor, accountOf, check, devices, store, random, qrCode } = options

  const offer = async ({ host, request, session }: Visit, seed: Uint8Array, name: string): Promise<NewKey> => {
    const uri = keyUri(seed, settingFor(request).brand.name, name)
    return {
      sealed: Buffer.from(host.vault.seal(seed, keyContext(session))).toString('base64url'),
      text: keyText(seed),
      uri,
      picture: await qrCode?.(uri),
    }
  }

  const page = async (visit: Visit, shown: Shown = {}): Promise<HttpResponse> => {
    const { host, request, session } = visit
    const factor = await store.factors.find(session.subject)
    const account = await accountOf(session)
    const seed = shown.seed ?? Buffer.from(random.handle(), 'base64url').subarray(0, seedBytes)
    const offered = factor === undefined ? await offer(visit, seed, account.username ?? account.name) : undefined
    const csrf = host.own.csrf(session, 'security')
    const { notice, problem } = shown
    const html = securityPage(settingFor(request), { account, csrf, factor, offered, notice, problem })
    return host.page(html, { status: problem === undefined ? 200 : 400 })
  }

  /** New codes, and what the store keeps of them. */
  const codesFor = ({ host, session }: Visit) => {
    const codes = makeRecoveryCodes(random)
    const digests = codes.map((code) => host.vault.digest(recoveryCodeTyped(code) ?? '', session.subject))
    return { codes, digests }
  }

  const enrol = async (visit: Visit, typed: string, key: string): Promise<HttpResponse> => {
    const { host, request, session } = visit
    const seed = host.vault.open(Buffer.from(key, 'base64url'), keyContext(session))
    if (seed === undefined) return page(visit)
    const code = codeTyped(typed)
    const step = code === undefined ? undefined : stepOf(seed, code, host.now())
    const problem: Problem = { key: 'problem.factorConfirm', field: 'enrol-code' }
    if (step === undefined) return page(visit, { problem, seed })
    const { subject } = session
    const { codes, digests } = codesFor(visit)
    const event = host.record({ event: 'mfa.enrolled', subject, detail: { method: 'otp' } })
    const sealed = host.vault.seal(seed, seedContext(subject))
    const factor = { id: typedId(random, 16), subject, seed: sealed, lastStep: step, createdAt: host.now() }
    if (!(await store.factors.enrol(factor, digests, [event]))) return page(visit)
    host.stored([event])
    return host.page(recoveryCodesPage(settingFor(request), codes, true))
  }

  const refused = async (visit: Visit, step: 'codes' | 'remove', result: FactorCheck): Promise<HttpResponse> => {
    const { host, request, session } = visit
    const { subject } = session
    if (result.outcome === 'throttled') {
      await host.emit({ event: 'login.throttled', subject, reason: 'factor', detail: { method: 'otp' } })
      const headers = { 'retry-after': String(result.retryAfter) }
      return host.page(factorWaitPage(settingFor(request), result.retryAfter), { status: 429, headers })
    }
    await host.emit({ ...refusedFactor(result), subject })
    return page(visit, { problem: { key: 'problem.factorCode', field: `${step}-code` } })
  }

  const change = async (visit: Visit, step: 'codes' | 'remove', typed: string): Promise<HttpResponse> => {
    const { host, request, session } = visit
    const { subject } = session
    const view = await store.factors.find(subject)
    if (view === undefined) return page(visit)
    const { username } = await accountOf(session)
    const device = username === undefined ? undefined : await devices.recognise(host, request, username)
    const result = await check(host, { subject, typed, device })
    if (result.outcome !== 'accepted') return refused(visit, step, result)
    const { codes, digests } = codesFor(visit)
    const reason = step === 'remove' ? 'second_factor' : 'recovery_codes'
    const event = host.record({ event: 'credential.reset', subject, reason, detail: { by: 'person' } })
    const { id } = view.factor
    const done =
      step === 'remove'
        ? await store.factors.remove(id, [event])
        : await store.factors.replaceRecovery(id, digests, [event])
    if (done) host.stored([event])
    if (done && step === 'codes') return host.page(recoveryCodesPage(settingFor(request), codes, false))
    return page(visit, done ? { notice: 'removed' } : {})
  }

  const post = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const { session, response } = await host.own.visitor(request, fresh.change)
    if (session === undefined) return response
    const form = host.own.form(request, session, 'security')
    const visit = { host, request, session }
    const typed = (form.get(codeField) ?? '').slice(0, maxCodeLength)
    const step = form.get('step')
    if (step === 'enrol') return enrol(visit, typed, form.get('key') ?? '')
    return step === 'codes' || step === 'remove' ? change(visit, step, typed) : page(visit)
  }

  const get = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const { session, response } = await host.own.visitor(request, fresh.show)
    return session === undefined ? response : page({ host, request, session })
  }

  return { path, methods: { GET: get, POST: post } }
}
