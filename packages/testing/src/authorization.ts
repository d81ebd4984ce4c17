import type { Random } from '@sallyport/protocol'
import { backChannel } from './back-channel.ts'
import { createBrowser, type Browser, type Visit } from './browser.ts'
import type { IssuerCore } from './issuer-core.ts'
import { formsOf } from './html-forms.ts'
import { encodeParameters, type Parameters } from './parameters.ts'
import type { Person } from './people.ts'
import { pkcePair } from './pkce-pair.ts'
import type { TestClient } from './test-client.ts'

/** What a test wants to be different from the plain flow of alice at client K. */
export type FlowOptions = {
  readonly client?: TestClient | undefined
  readonly person?: Person | undefined
  /** A browser that may be signed in; a new one when left out. */
  readonly browser?: Browser | undefined
  /** Changes to the plain request; `undefined` leaves a parameter out. */
  readonly parameters?: Parameters | undefined
  readonly decision?: 'allow' | 'deny' | undefined
  /** Ticks the box that lets the server remember the consent. */
  readonly remember?: boolean | undefined
  /** Password typed in; the person's own when left out. */
  readonly password?: string | undefined
  /** Makes the code of a second factor, where one is asked for; without it the browser stays at that page. */
  readonly code?: (() => string) | undefined
  /** Lets the client push the request first; the browser then brings nothing but the reference (RFC 9126). */
  readonly pushed?: boolean | undefined
  /** Sends the request by POST. */
  readonly method?: 'GET' | 'POST' | undefined
}

/** A request on its way, at the page where the browser came to rest. */
export type BegunAuthorization = {
  readonly client: TestClient
  readonly browser: Browser
  readonly verifier: string
  readonly challenge: string
  /** Every parameter as sent. */
  readonly sent: Parameters
  readonly visit: Visit
}

/** How an authorization request ended. */
export type Authorized = BegunAuthorization & {
  /** Parameters of the authorization response; empty when the browser stayed at a page. */
  readonly response: URLSearchParams
  /** The code; empty when there is none. */
  readonly code: string
  readonly error: string | undefined
}

/** The browser side of authorization requests. */
export type AuthorizationDriver = {
  readonly browser: (options?: { readonly remoteAddress?: string; readonly userAgent?: string }) => Browser
  /** Sends the request and goes as far as the browser gets without a person. */
  readonly begin: (options?: FlowOptions) => Promise<BegunAuthorization>
  /** Answers every page as the person would, until the browser leaves or a page is none of the known ones. */
  readonly finish: (begun: BegunAuthorization, options?: FlowOptions) => Promise<Authorized>
  /** Both together. */
  readonly authorize: (options?: FlowOptions) => Promise<Authorized>
}

/** The plain authorization request: `openid offline_access read` for the first API, state, nonce and a fresh challenge. */
export function plainRequest(client: TestClient, challenge: string, random: Random): Parameters {
  return {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    scope: 'openid offline_access read',
    state: random.id(16),
    nonce: random.id(16),
    resource: 'https://rs1.test',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
}

/** The parameters an authorization response carries, in the redirect or in the form of response mode form_post. */
function responseOf({ answer, leftFor }: Visit): URLSearchParams {
  if (leftFor !== undefined) return answer.parameters
  const form = formsOf(answer.text).find(({ id }) => id === 'authorization-response')
  return new URLSearchParams(form?.fields ?? {})
}

export function authorizationDriver(core: IssuerCore): AuthorizationDriver {
  const { clients, alice, basePath, clock, handle, origin, random } = core
  const browser: AuthorizationDriver['browser'] = (options) =>
    createBrowser({ handle, origin, now: clock.now, ...options })

  const { push } = backChannel(core)
  /** What the browser brings when its request was pushed. */
  const pushed = async (client: TestClient, parameters: Parameters): Promise<Parameters> => {
    const answer = await push(client, parameters)
    if (answer.status !== 201) throw new Error(`not pushed: ${answer.status} ${answer.text}`)
    return { client_id: client.id, request_uri: String(answer.json['request_uri']) }
  }

  const begin: AuthorizationDriver['begin'] = async (options = {}) => {
    const client = options.client ?? clients.K
    const used = options.browser ?? browser()
    const { verifier, challenge } = pkcePair(random)
    const sent = { ...plainRequest(client, challenge, random), ...options.parameters }
    const path = `${basePath}/oauth2/authorize`
    const query = encodeParameters(options.pushed === true ? await pushed(client, sent) : sent)
    // A post as another site's form would send it: authorization requests come from the applications.
    const visit =
      options.method === 'POST'
        ? await used.postFromElsewhere(path, query, 'https://app.test')
        : await used.open(`${path}?${query}`)
    return { client, browser: used, verifier, challenge, sent, visit }
  }

  const step = (begun: BegunAuthorization, visit: Visit, options: FlowOptions): Promise<Visit> | undefined => {
    const has = (id: string): boolean => visit.forms.some((form) => form.id === id)
    const { person = alice, decision = 'allow', password = person.password } = options
    if (has('login-form')) return begun.browser.submit(visit, 'login-form', { username: person.username, password })
    if (has('factor-form') && options.code !== undefined)
      return begun.browser.submit(visit, 'factor-form', { code: options.code() })
    if (has('account-form')) return begun.browser.submit(visit, 'account-form', { decision: 'keep' })
    if (!has('consent-form')) return undefined
    const remember: Record<string, string> = options.remember === true ? { remember: 'yes' } : {}
    return begun.browser.submit(visit, 'consent-form', { decision, ...remember })
  }

  const finish: AuthorizationDriver['finish'] = async (begun, options = {}) => {
    let { visit } = begun
    for (let pages = 0; visit.leftFor === undefined && visit.answer.status === 200; pages++) {
      if (pages > 5) throw new Error(`the pages do not end: ${visit.url}`)
      const next = step(begun, visit, options)
      if (next === undefined) break
      visit = await next
    }
    const response = responseOf(visit)
    return { ...begun, visit, response, code: response.get('code') ?? '', error: response.get('error') ?? undefined }
  }
  return { browser, begin, finish, authorize: async (options) => finish(await begin(options), options) }
}
