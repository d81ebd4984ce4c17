import type { EventWriter } from '../events.ts'
import type {
  Connect,
  Fetcher,
  FetchFault,
  FetchRequest,
  FetchResult,
  OutboundOptions,
  Resolve,
} from '../model/outbound.ts'
import { createBudgets, type Budgets } from './budgets.ts'
import { connectTo, resolveName } from './connect.ts'
import { exchange } from './exchange.ts'
import { specialUse } from './special-use.ts'
import { fetchTarget, fixedAddresses, type FetchTarget } from './target.ts'

/** Addresses of one name that are tried, and that are looked at in all. */
const maxTried = 2
const maxAddresses = 64

export type FetcherContext = {
  readonly events: Pick<EventWriter, 'write'>
  readonly now: () => number
  /** The issuer is plain http on this machine itself. */
  readonly development: boolean
}

type Way = {
  readonly loopback: boolean
  readonly resolve: Resolve
  readonly connect: Connect
  readonly connectTimeout: number
  readonly timeout: number
  readonly budgets: Budgets
}

/** A fault with what only the operator is told. */
class Blocked extends Error {
  readonly fault: FetchFault
  readonly what: string | undefined

  constructor(fault: FetchFault, what?: string) {
    super(fault)
    this.fault = fault
    this.what = what
  }
}

/**
 * Makes the fetcher: the name is resolved once, every address is checked, and the connection goes to an address that was
 * checked, so that a second answer of a lying name server is never asked for (DC-02, DC-04). Requests for the same address at
 * the same time share one fetch.
 */
export function createFetcher(context: FetcherContext, options: OutboundOptions = {}): Fetcher {
  const way: Way = {
    loopback: context.development && (options.loopback ?? false),
    resolve: options.resolve ?? resolveName,
    connect: options.connect ?? connectTo,
    connectTimeout: Math.min(options.connectTimeout ?? 2000, 2000),
    timeout: Math.min(options.timeout ?? 5000, 5000),
    budgets: createBudgets(context.now),
  }
  const running = new Map<string, Promise<FetchResult>>()
  return (request) => {
    if (request.content !== undefined) return guarded(context, way, request)
    const key = `${request.purpose} ${request.maxBytes} ${request.accept} ${request.url}`
    const current = running.get(key)
    if (current !== undefined) return current
    const started = guarded(context, way, request).finally(() => running.delete(key))
    running.set(key, started)
    return started
  }
}

async function guarded(context: FetcherContext, way: Way, request: FetchRequest): Promise<FetchResult> {
  const target = fetchTarget(request.url, way.loopback)
  let result: FetchResult
  let what: string | undefined
  try {
    if (target === undefined) throw new Blocked('url')
    result = await limited(way, target, request)
  } catch (error) {
    result = { ok: false, fault: error instanceof Blocked ? error.fault : 'response' }
    what = error instanceof Blocked ? error.what : undefined
  }
  if (!result.ok) await report(context, request, { fault: result.fault, what, host: target?.authority })
  return result
}

async function limited(way: Way, target: FetchTarget, request: FetchRequest): Promise<FetchResult> {
  const refused = way.budgets.take(target.authority, request.source?.network)
  if (refused !== undefined) throw new Blocked(refused)
  const whole = new AbortController()
  const timer = setTimeout(() => whole.abort(), way.timeout)
  try {
    const leave = await way.budgets.enter(target.authority, whole.signal)
    if (leave === undefined) throw new Blocked('budget')
    try {
      const addresses = await checkedAddresses(way, target, whole.signal)
      const socket = await connectToOne(way, target, addresses, whole.signal)
      return await exchange(target, request, socket, whole.signal)
    } finally {
      leave()
    }
  } finally {
    clearTimeout(timer)
  }
}

/** The addresses of a host when not one of them is special; a single bad one condemns them all (A-CIMD-08). */
async function checkedAddresses(way: Way, { host }: FetchTarget, signal: AbortSignal): Promise<readonly string[]> {
  const addresses = fixedAddresses(host) ?? (await resolved(way, host, signal))
  if (addresses.length === 0 || addresses.length > maxAddresses) throw new Blocked('resolve')
  for (const address of addresses) {
    const special = specialUse(address)
    if (special !== undefined && !(way.loopback && special === 'loopback')) throw new Blocked('address', special)
  }
  return addresses
}

async function resolved(way: Way, host: string, signal: AbortSignal): Promise<readonly string[]> {
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Blocked('timeout')), { once: true })
  })
  try {
    return await Promise.race([way.resolve(host), ended])
  } catch (error) {
    throw error instanceof Blocked ? error : new Blocked('resolve')
  }
}

async function connectToOne(way: Way, target: FetchTarget, addresses: readonly string[], whole: AbortSignal) {
  const { host, port, secure } = target
  // IPv4 first: a machine without IPv6 would spend its time on an address it cannot reach.
  const order = [...addresses].sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
  const tried = [...new Set([order[0], order.at(-1)])].filter((one) => one !== undefined).slice(0, maxTried)
  let fault: FetchFault = 'connect'
  for (const address of tried) {
    const signal = AbortSignal.any([whole, AbortSignal.timeout(way.connectTimeout)])
    try {
      return await way.connect({ address, port, host, secure }, signal)
    } catch (error) {
      fault = signal.aborted ? 'timeout' : connectFault(error)
    }
    if (whole.aborted) break
  }
  throw new Blocked(fault)
}

const ofTheNetwork = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EPIPE'])

function connectFault(error: unknown): FetchFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code === '' || ofTheNetwork.has(code) ? 'connect' : 'tls'
}

const blocked = new Set<FetchFault>(['url', 'address', 'budget', 'quota', 'redirect'])

type Failure = { readonly fault: FetchFault; readonly what: string | undefined; readonly host: string | undefined }

function report({ events }: FetcherContext, request: FetchRequest, { fault, what, host }: Failure): Promise<void> {
  const draft = {
    ...(blocked.has(fault) ? { event: 'fetch.blocked' } : { event: 'fetch.failed' }),
    severity: fault === 'address' ? ('medium' as const) : ('low' as const),
    reason: fault,
    detail: {
      purpose: request.purpose,
      ...(host === undefined ? {} : { host: host.slice(0, 255) }),
      ...(what === undefined ? {} : { address_class: what }),
    },
  }
  return events.write(draft, { requestId: request.source?.requestId, network: request.source?.network })
}
