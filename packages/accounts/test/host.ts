import { parseForm, type Form, type Seconds } from '@sallyport/protocol'
import type {
  EventDraft,
  FirstFactor,
  HttpRequest,
  HttpResponse,
  Login,
  OpenInteraction,
  PageOptions,
  RouteHost,
} from '@sallyport/server/model'

/** What a route asked of its host. */
export type Calls = {
  readonly events: EventDraft[]
  readonly pages: PageOptions[]
  readonly logins: Login[]
  readonly passed: Omit<FirstFactor, 'time'>[]
  readonly raised: Omit<Login, 'subject'>[]
  levelsKept: number
  readonly decisions: { readonly allow: boolean; readonly scope: readonly string[]; readonly remember: boolean }[]
  cancelled: number
  kept: number
  readonly taken: string[]
  added: number
  renewed: number
}

const sentOn: HttpResponse = {
  status: 303,
  headers: { location: '/next', 'set-cookie': 'sallyport-session=S' },
  body: '',
}

/** A host with one open interaction; it answers like a server does and keeps what it was asked. */
export function createHost(open: () => OpenInteraction, now: () => Seconds): { host: RouteHost; calls: Calls } {
  const calls: Calls = {
    events: [],
    pages: [],
    logins: [],
    passed: [],
    raised: [],
    levelsKept: 0,
    decisions: [],
    taken: [],
    cancelled: 0,
    kept: 0,
    added: 0,
    renewed: 0,
  }
  const host: RouteHost = {
    issuer: 'https://as.example',
    development: false,
    requestId: 'request-id',
    network: '192.0.2.1',
    now,
    emit: async (draft) => void calls.events.push(draft),
    page: (html, options = {}) => {
      calls.pages.push(options)
      return { status: options.status ?? 200, headers: { 'content-type': 'text/html', ...options.headers }, body: html }
    },
    sessions: { find: async () => undefined, end: async () => ({}) },
    device: {
      show: () => Promise.reject(new Error('no device here')),
      post: () => Promise.reject(new Error('no device here')),
    },
    own: {
      visitor: () => Promise.reject(new Error('no page of their own here')),
      csrf: () => 'csrf-token',
      form: () => {
        throw new Error('no page of their own here')
      },
    },
    vault: {
      seal: (secret) => secret,
      open: (sealed) => sealed,
      digest: (secret, context) => `${context} ${secret}`,
    },
    record: () => {
      throw new Error('no store here')
    },
    stored: () => undefined,
    waiting: {
      show: () => Promise.reject(new Error('nothing waits here')),
      post: () => Promise.reject(new Error('nothing waits here')),
    },
    apps: { list: async () => undefined, withdraw: async () => undefined },
    ownSessions: { list: async () => undefined, end: async () => undefined },
    interactions: {
      find: async () => open(),
      findLogin: async () => open(),
      form: (request): Form => parseForm(Buffer.from(request.body ?? new Uint8Array()).toString()),
      login: async (_request, _open, login) => (calls.logins.push(login), sentOn),
      passedFirst: async (_request, _open, passed) => (calls.passed.push(passed), sentOn),
      failedCode: async (before) => (calls.renewed++, { ...before, csrf: `csrf-token-${calls.renewed}` }),
      raise: async (_request, _open, reached) => (calls.raised.push(reached), sentOn),
      keepLevel: async () => (calls.levelsKept++, sentOn),
      keepAccount: async () => (calls.kept++, sentOn),
      takeAccount: async (_request, _open, id) => (calls.taken.push(id), sentOn),
      addAccount: async () => (calls.added++, sentOn),
      decide: async (_request, _open, decision) => (calls.decisions.push(decision), sentOn),
      cancel: async () => (calls.cancelled++, sentOn),
      renew: async (before) => (calls.renewed++, { ...before, csrf: `csrf-token-${calls.renewed}` }),
    },
  }
  return { host, calls }
}

/** A request to a page, as an adapter makes it. */
export const pageRequest = (
  form: Readonly<Record<string, string>> | undefined,
  more: { readonly address?: string; readonly headers?: HttpRequest['headers']; readonly query?: string } = {},
): HttpRequest => ({
  method: form === undefined ? 'GET' : 'POST',
  path: '/login',
  query: more.query ?? '',
  headers: more.headers ?? {},
  body: form === undefined ? undefined : Buffer.from(new URLSearchParams(form).toString()),
  remoteAddress: more.address ?? '192.0.2.1',
})
