import { OAuthError, reasons, refuse, systemRandom } from '@sallyport/protocol'
import { createContext } from './create-context.ts'
import { documentPreflight, preflight } from './clients/cors.ts'
import type { Call, Context } from './context.ts'
import { authorize, resume } from './endpoints/authorize.ts'
import { backchannelAuthentication } from './endpoints/backchannel-authentication.ts'
import { checkSession } from './endpoints/check-session.ts'
import { clientLogoImage } from './endpoints/client-logo.ts'
import { deviceAuthorization } from './endpoints/device-authorization.ts'
import { discovery, jwks, resourceMetadata } from './endpoints/documents.ts'
import { introspect } from './endpoints/introspect.ts'
import { logout } from './endpoints/logout.ts'
import { deleteRegistration, readRegistration, replaceRegistration } from './endpoints/manage-registration.ts'
import { pushedAuthorization } from './endpoints/par.ts'
import { register } from './endpoints/register.ts'
import { revoke } from './endpoints/revoke.ts'
import { token } from './endpoints/token.ts'
import { userinfo } from './endpoints/userinfo.ts'
import { hostFor, interactionsOf, sessionsOf } from './host.ts'
import { errorJson, errorPage, header } from './http.ts'
import { maintain } from './maintain.ts'
import { typedId } from './ids.ts'
import type { HttpRequest, HttpResponse } from './model/http.ts'
import type { Interactions, Sessions } from './model/interactions.ts'
import type { EventDraft, Route } from './model/route.ts'
import { isAliased } from './mutual-tls.ts'
import { networkOf } from './network.ts'
import { reportRefusal } from './refusals.ts'
import type { ServerOptions } from './server-options.ts'

/** A path that leads somewhere; one that ends with `/` stands for whatever is named below it. */
export type ServerRoute = { readonly path: string; readonly methods: readonly string[] }

/** One running issuer. */
export type Server = {
  readonly issuer: string
  /** Every path this issuer answers, those of the host among them. */
  readonly routes: readonly ServerRoute[]
  /** Answers a request. Never rejects. */
  handle(request: HttpRequest): Promise<HttpResponse>
  /** The browser side for login and consent pages, bound to one request. */
  interactions(request: HttpRequest): Interactions
  sessions(request: HttpRequest): Sessions
  /** One round of upkeep: sweeps, rotates keys by schedule, looks for keys of other nodes, writes folded events. */
  maintain(): Promise<void>
  /** Publishes the next signing keys now; they sign after `lead` seconds (default: the policy's lead). */
  rotateKeys(lead?: number): Promise<void>
  /** Writes a security event that the host found outside any request, such as bytes that never became one. Never rejects. */
  emit(draft: EventDraft, remoteAddress?: string): Promise<void>
  /** Most bytes of a request body, for adapters. */
  readonly maxBodyBytes: number
  /** Stops the upkeep and writes what is left. The store is the caller's to close. */
  close(): Promise<void>
}

type Endpoint = (ctx: Context, call: Call) => Promise<HttpResponse> | HttpResponse

type Entry = {
  readonly methods: ReadonlyMap<string, Endpoint>
  /** How a fault that nobody caught is shown. */
  readonly faults: 'page' | 'json'
  /** A document for everybody: pages of every origin read its refusals as well (A-CORS-02, A-CORS-05). */
  readonly forEverybody?: true
}

/** The routes of an issuer: exact paths, and folders whose entries are named by an id. */
type Routes = {
  readonly exact: Map<string, Entry>
  readonly folders: Map<string, Entry>
  /** Documents of RFC 9728: which of them there are changes with the registered resources. */
  readonly resources: Entry
}

/** Where the documents of resources are (RFC 9728 section 3.1). */
const resourceFolder = '/.well-known/oauth-protected-resource'

function listed({ exact, folders, resources }: Routes): readonly ServerRoute[] {
  const documents: readonly [string, Entry][] = [
    [resourceFolder, resources],
    [`${resourceFolder}/`, resources],
  ]
  return [...exact, ...folders, ...documents].map(([path, entry]) => ({ path, methods: [...entry.methods.keys()] }))
}

/** Nothing that looks like a file name, a path or an encoded character (HH-05). */
const memberSyntax = /^[A-Za-z0-9_-]{1,64}$/

/** The one place that decides what a path leads to (HH-08). */
function entryAt({ exact, folders, resources }: Routes, path: string): Entry | undefined {
  const entry = exact.get(path)
  if (entry !== undefined) return entry
  if (path === resourceFolder || path.startsWith(`${resourceFolder}/`)) return resources
  if (folders.size === 0) return undefined
  const end = path.lastIndexOf('/') + 1
  return memberSyntax.test(path.slice(end)) ? folders.get(path.slice(0, end)) : undefined
}

const methods = (table: Record<string, Endpoint>): ReadonlyMap<string, Endpoint> => new Map(Object.entries(table))

/** For endpoints that read no form: nothing is answered to a request that an adapter found wrong. */
const sound =
  (endpoint: Endpoint): Endpoint =>
  (ctx, call) => {
    if (call.request.fault !== undefined) throw refuse(call.request.fault)
    return endpoint(ctx, call)
  }

function protocolRoutes(ctx: Context): Routes {
  const routes = new Map<string, Entry>()
  const folders = new Map<string, Entry>()
  const at = (path: string, table: Record<string, Endpoint>, faults: Entry['faults']): void => {
    routes.set(path, { methods: methods(table), faults })
  }
  const published = (endpoint: Endpoint): Entry => {
    const table = { GET: sound(endpoint), HEAD: sound(endpoint), OPTIONS: documentPreflight }
    return { methods: methods(table), faults: 'json', forEverybody: true }
  }
  const base = ctx.basePath
  const crossOrigin =
    (allowed: string): Endpoint =>
    (context, call) =>
      preflight(context, call.request, allowed)
  at(`${base}/oauth2/authorize`, { GET: authorize, POST: authorize }, 'page')
  at(`${base}/oauth2/par`, { POST: pushedAuthorization, OPTIONS: crossOrigin('POST') }, 'json')
  at(`${base}/oauth2/resume`, { GET: resume }, 'page')
  at(`${base}/oauth2/logout`, { GET: logout, POST: logout }, 'page')
  const frame = sound(checkSession)
  if (ctx.policy.sessionManagement) at(`${base}/oauth2/check-session`, { GET: frame, HEAD: frame }, 'json')
  at(`${base}/oauth2/token`, { POST: token, OPTIONS: crossOrigin('POST') }, 'json')
  at(`${base}/oauth2/revoke`, { POST: revoke, OPTIONS: crossOrigin('POST') }, 'json')
  at(`${base}/oauth2/introspect`, { POST: introspect }, 'json')
  at(`${base}/oauth2/userinfo`, { GET: userinfo, POST: userinfo, OPTIONS: crossOrigin('GET, POST') }, 'json')
  // No other origin has a reason to ask here (A-CORS-02).
  if (ctx.policy.deviceGrant) at(`${base}/oauth2/device_authorization`, { POST: deviceAuthorization }, 'json')
  if (ctx.policy.backchannelGrant)
    at(`${base}/oauth2/backchannel_authentication`, { POST: backchannelAuthentication }, 'json')
  const picture = sound(clientLogoImage)
  at(`${base}/oauth2/client-logo`, { GET: picture, HEAD: picture }, 'json')
  routes.set(`${base}/oauth2/jwks`, published(jwks))
  routes.set(`${base}/.well-known/openid-configuration`, published(discovery))
  routes.set(`/.well-known/openid-configuration${base}`, published(discovery))
  routes.set(`/.well-known/oauth-authorization-server${base}`, published(discovery))
  if (ctx.registration.mode !== 'off') {
    at(`${base}/oauth2/register`, { POST: register, OPTIONS: crossOrigin('POST') }, 'json')
    const manage = { GET: readRegistration, PUT: replaceRegistration, DELETE: deleteRegistration }
    const table = methods({ ...manage, OPTIONS: crossOrigin('GET, PUT, DELETE') })
    folders.set(`${base}/oauth2/register/`, { methods: table, faults: 'json' })
  }
  return { exact: routes, folders, resources: published(resourceMetadata) }
}

function addedRoutes(ctx: Context, routes: readonly Route[], into: Map<string, Entry>): void {
  for (const route of routes) {
    const path = `${ctx.basePath}${route.path}`
    if (into.has(path)) throw new TypeError(`two routes for ${path}`)
    const table: Record<string, Endpoint> = {}
    for (const [method, handler] of Object.entries(route.methods))
      table[method] = sound(async (context, call) => {
        const response = await handler(hostFor(context, call), call.request)
        // A host may well keep an asset's answer and give it again.
        return { ...response, headers: { ...response.headers } }
      })
    if (table['GET'] !== undefined) table['HEAD'] ??= table['GET']
    into.set(path, { methods: methods(table), faults: 'page' })
  }
}

/**
 * Starts an issuer: checks the options, derives its keys, makes signing keys where there are none. Throws PolicyError,
 * IssuerError, MasterKeyMismatch or ExternalKeyFault when it must not start.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const {
    context: ctx,
    keyOptions,
    setKeys,
  } = await createContext({ ...options, random: options.random ?? systemRandom() })
  const routes = protocolRoutes(ctx)
  addedRoutes(ctx, options.routes ?? [], routes.exact)
  const upkeep = (): Promise<void> => maintain(ctx, keyOptions, setKeys)
  const interval = options.upkeepInterval ?? 10
  const timer =
    interval === 0
      ? undefined
      : setInterval(
          () =>
            void upkeep().catch((cause: unknown) =>
              options.onFault?.({ requestId: undefined, message: 'upkeep failed', cause }),
            ),
          interval * 1000,
        )
  timer?.unref()
  const callFor = (request: HttpRequest): Call => ({
    request,
    id: typedId(ctx.random, 12),
    network: networkOf(request.remoteAddress),
  })
  return {
    issuer: ctx.issuer,
    routes: listed(routes),
    maxBodyBytes: ctx.policy.requestBodySize,
    handle: (request) => answer(ctx, routes, callFor(request)),
    interactions: (request) => interactionsOf(ctx, callFor(request)),
    sessions: (request) => sessionsOf(ctx, callFor(request)),
    maintain: upkeep,
    rotateKeys: (lead) => maintain(ctx, keyOptions, setKeys, { lead: lead ?? ctx.policy.keyPublicationLead }),
    emit: (draft, remoteAddress) =>
      ctx.events.write(draft, {
        requestId: undefined,
        network: remoteAddress === undefined ? undefined : networkOf(remoteAddress),
      }),
    close: async () => {
      clearInterval(timer)
      await ctx.logouts.close()
      await ctx.events.flush()
      ctx.alerts.flush()
      await ctx.usage.flush()
    },
  }
}

/** One map lookup and one try/catch around everything (design, section 1). */
async function answer(ctx: Context, routes: Routes, call: Call): Promise<HttpResponse> {
  const { request } = call
  const entry = entryAt(routes, request.path)
  let response: HttpResponse
  try {
    // Wherever it was sent, and if it was sent there.
    if (request.fault === 'framing') throw refuse('framing')
    if (ctx.policy.refuseUnknownHosts && !namesIssuer(ctx, request)) throw refuse('host')
    if (entry === undefined || !isThere(ctx, request)) throw refuse('path')
    const endpoint = entry.methods.get(request.method)
    if (endpoint === undefined) throw refuse('method', { headers: { allow: allowed(entry) } })
    response = await endpoint(ctx, call)
  } catch (error) {
    response = await failed(ctx, call, entry, error).catch((fault: unknown) => lastResort(ctx, call, fault))
  }
  response.headers['x-request-id'] = call.id
  return request.method === 'HEAD' ? withoutBody(response) : response
}

/** The answer to a HEAD: the length that a GET would have had, and nothing of it (RFC 9110 section 9.3.2). */
function withoutBody({ status, headers, body }: HttpResponse): HttpResponse {
  if (status === 304 || status === 204) return { status, headers, body: '' }
  return { status, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, body: '' }
}

/** Nothing is ever made from the Host header; an operator may also want it to be right (HH-01). */
const namesIssuer = (ctx: Context, request: HttpRequest): boolean => {
  const host = header(request, 'host')?.toLowerCase()
  return host !== undefined && (host === new URL(ctx.origin).host || host === ctx.mutualTls?.host)
}

/** The host that asks for certificates has the endpoints that clients call themselves, and no page for a browser (B-MTLS-10). */
function isThere(ctx: Context, request: HttpRequest): boolean {
  const host = ctx.mutualTls?.host
  if (host === undefined || header(request, 'host')?.toLowerCase() !== host) return true
  return isAliased(ctx, request.path)
}

const allowed = (entry: Entry): string =>
  [...entry.methods.keys()].filter((method) => method !== 'OPTIONS' && method !== 'HEAD').join(', ')

async function failed(ctx: Context, call: Call, entry: Entry | undefined, thrown: unknown): Promise<HttpResponse> {
  const error = thrown instanceof OAuthError ? thrown : ctx.faultOf(call, thrown)
  await reportRefusal(ctx, call, reasons[error.reason].page === 'http-request' ? 'http' : 'interaction', error)
  const wantsPage =
    entry === undefined ? (header(call.request, 'accept') ?? '').includes('text/html') : entry.faults === 'page'
  const response = wantsPage ? errorPage(ctx, call, error) : errorJson(ctx, error)
  if (entry?.forEverybody === true) response.headers['access-control-allow-origin'] = '*'
  return response
}

/** The pages themselves failed: still an answer, and still nothing leaks. */
function lastResort(ctx: Context, call: Call, fault: unknown): HttpResponse {
  return errorJson(ctx, ctx.faultOf(call, fault))
}
