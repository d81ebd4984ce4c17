import { hostname } from 'node:os'
import type { Server as HttpServer } from 'node:http'
import { reasons, type Reason } from '@sallyport/protocol'
import {
  createServer,
  PolicyError,
  type ExternalKeys,
  type HttpRequest,
  type HttpResponse,
  type Route,
  type SecurityEvent,
  type Server,
} from '@sallyport/server'
import { nodeListener, type NodeAdapterOptions } from '@sallyport/server/adapters/node'
import type { SqliteStore } from '@sallyport/store-sqlite'
import { sallyportBrand, type PasswordAccounts } from '@sallyport/accounts'
import { alertDelivery, alertLine, type AlertDelivery } from './alert-delivery.ts'
import type { NoticeDelivery } from './notice-delivery.ts'
import type { Config } from './config/load.ts'
import { documentationRoutes } from './documentation.ts'
import { keyFailure, openExternalKeys } from './external-keys.ts'
import { CommandFailure, exitCode } from './failure.ts'
import type { Log } from './log.ts'
import { demoPorts } from './demo-hook.ts'
import { createManagementServer, type Health } from './management.ts'
import type { Metrics } from './metrics.ts'
import { createNetworkList } from './network-list.ts'
import { mutualTlsOptions } from './mutual-tls.ts'
import { keepProving, signHere } from './proving.ts'
import { createPublicListener, listen, type Listener, type ListenerOptions } from './public-listener.ts'
import { createTiming } from './timed-listener.ts'
import { keepCertificate, ownCertificate } from './tls.ts'
import { now } from './workplace.ts'

export type DaemonOptions = {
  readonly config: Config
  readonly issuer: string
  readonly store: SqliteStore
  readonly accounts: PasswordAccounts
  readonly metrics: Metrics
  /** What people are told leaves the process before its end. */
  readonly notices: Pick<NoticeDelivery, 'close'>
  readonly masterKey: Uint8Array
  readonly log: Log
  readonly development: boolean
  /** Told every request with its answer; in development only. */
  readonly observe?: ((request: HttpRequest, response: HttpResponse) => void) | undefined
  readonly routes: readonly Route[]
  readonly onEvent: (event: SecurityEvent) => void
}

/** A running daemon. */
export type Daemon = {
  readonly server: Server
  readonly managementPort: number
  /** Lets running requests finish, at most as long as configured, and stops. */
  stop(): Promise<void>
}

/** The public port, taken before anything that needs to know its number. */
export type PublicDoor = ReturnType<typeof createPublicListener> & {
  readonly port: number
  /** The port that asks for client certificates. */
  readonly mutual: { readonly listener: ReturnType<typeof createPublicListener>; readonly port: number } | undefined
  connect(server: Server, log: Log): void
}

/** Takes the public port for as long as `work` lasts; requests wait until the daemon opens the door. */
export async function atDoor<T>(config: Config, mayMove: boolean, work: (door: PublicDoor) => Promise<T>): Promise<T> {
  const door = await takePort(config, mayMove)
  try {
    return await work(door)
  } finally {
    // A start that failed half-way must not leave a port open that nobody answers at.
    for (const server of serversOf(door)) {
      server.close()
      server.closeAllConnections()
    }
  }
}

const serversOf = ({ server, mutual }: PublicDoor): readonly HttpServer[] =>
  mutual === undefined ? [server] : [server, mutual.listener.server]

async function takePort(config: Config, mayMove: boolean): Promise<PublicDoor> {
  const { http, mtls } = config
  let report: (fault: string, address: string) => void = () => undefined
  const options: ListenerOptions = {
    tls: ownCertificate(config),
    maxConnections: http.maxConnections,
    maxConnectionsPerAddress: http.maxConnectionsPerAddress,
    stands: createNetworkList(http.trustedProxies),
    onFault: (fault, address) => {
      report(fault, address)
    },
  }
  const listener = createPublicListener(options)
  const port = await listen(listener.server, http.host, http.port, mayMove, [config.management.port, ...demoPorts])
  const mutual = mtls.accept === 'direct' ? createPublicListener({ ...options, clientCertificates: true }) : undefined
  const mutualPort = mutual && (await listen(mutual.server, http.host, mtls.port, mayMove, [port, ...demoPorts]))
  return {
    ...listener,
    port,
    mutual: mutual === undefined || mutualPort === undefined ? undefined : { listener: mutual, port: mutualPort },
    connect: (server) => {
      report = (reason, address) => void server.emit({ event: 'http.request.rejected', reason }, address)
    },
  }
}

/** Makes the server, opens the door and starts health and metrics. */
export async function startDaemon(options: DaemonOptions, door: PublicDoor): Promise<Daemon> {
  const { config, log, metrics, notices } = options
  const alerts = alertDelivery(config, options.issuer, metrics)
  const external = await openExternalKeys(config)
  const server = await makeServer(options, { metrics, alerts, externalKeys: external.keys }).catch(
    async (error: unknown) => {
      await external.close()
      throw error
    },
  )
  door.connect(server, log)
  const proving = keepProving({
    ...{ issuer: options.issuer, policy: config.policy, metrics, log },
    emit: (draft) => server.emit(draft),
    sign: (report) => signHere(report, { ...options, now: now(), externalKeys: external.keys }),
  })
  const health: Health = {
    started: false,
    draining: false,
    ready: () => storeAnswers(options.store),
    enforcing: proving.holds,
    lastProof: proving.last,
  }
  const management = createManagementServer(health, metrics, (address, id) => {
    void server.emit({ event: 'http.request.rejected', reason: 'framing', detail: { request_id: id } }, address)
  })
  const managementPort = await listen(management, config.management.host, config.management.port, options.development)
  const ignored = (address: string): void =>
    void server.emit({ event: 'forwarded.header.ignored', severity: 'low' }, address)
  const timing = createTiming(server, metrics, config.log.level === 'debug' ? log : undefined)
  const listening = (certificates: NodeAdapterOptions['certificates']): Listener =>
    timing.around(
      nodeListener(observed(server, options.observe), {
        trustedProxies: config.http.trustedProxies,
        certificates,
        onCertificateIgnored: (address) =>
          void server.emit({ event: 'mtls.header.untrusted', severity: 'high' }, address),
        onForwardedIgnored: ignored,
        onAnswer: timing.onAnswer,
      }),
    )
  door.serve(listening(config.mtls.accept === 'proxy' ? config.mtls.proxyHeader : undefined))
  door.mutual?.listener.serve(listening('socket'))
  const certificate = keepCertificate(config.tls, serversOf(door), log)
  health.started = true
  // After the door is open, so that nobody waits for it.
  proving.begin()
  return {
    server,
    managementPort,
    stop: async () => {
      certificate.stop()
      const proofEnded = proving.stop()
      await stop({ server, health, doors: serversOf(door), management, drainLimit: config.drainLimit })
      await proofEnded
      await external.close()
      await Promise.all([alerts.close(), notices.close()])
    },
  }
}

/** The server with somebody who watches, as in the demo; otherwise the server itself. */
const observed = (server: Server, observe: DaemonOptions['observe']): Server =>
  observe === undefined
    ? server
    : {
        ...server,
        handle: async (request) => {
          const response = await server.handle(request)
          observe(request, response)
          return response
        },
      }

type Parts = {
  readonly metrics: Metrics
  readonly alerts: AlertDelivery
  readonly externalKeys: ExternalKeys | undefined
}

async function makeServer(options: DaemonOptions, { metrics, alerts, externalKeys }: Parts): Promise<Server> {
  const { accounts, pages, routes } = options.accounts
  try {
    return await createServer({
      issuer: options.issuer,
      store: options.store,
      accounts,
      pages,
      masterKey: options.masterKey,
      externalKeys,
      policy: options.config.policy,
      registration: { ...options.config.registration, reservedNames: reservedNames(options.config) },
      ...options.config.exchange,
      authorizationDetails: options.config.authorizationDetails,
      outbound: options.config.outbound,
      mutualTls: mutualTlsOptions(options.config),
      metadataDocuments: options.config.metadataDocuments,
      routes: [
        ...routes,
        ...documentationRoutes(new URL(options.issuer).pathname.replace(/\/$/, '')),
        ...options.routes,
      ],
      development: options.development,
      helpPath: '/docs/errors/',
      documentationPath: '/docs',
      now,
      onEvent: (event) => {
        countEvent(metrics, event)
        options.onEvent(event)
      },
      onAlert: (alert) => {
        options.log.line('error', `alert: ${alert.kind}`, alertLine(alert))
        alerts.send(alert)
      },
      onFault: ({ message, cause, requestId }) => {
        options.log.fault(message, cause, requestId)
      },
      onMeasure: (name, labels) => {
        countMeasure(metrics, name, labels)
      },
    })
  } catch (error) {
    if (error instanceof PolicyError)
      throw new CommandFailure(
        exitCode.unusable,
        'the configuration cannot be used',
        error.faults.map(({ key, problem, fix }) => `${key}: ${problem}; ${fix}`),
      )
    throw keyFailure(error)
  }
}

/** Nobody registers under the name that stands on the pages. */
const reservedNames = ({ registration }: Config): readonly string[] => [
  sallyportBrand.name,
  ...(registration.reservedNames ?? []),
]

/** Counts that follow from events. */
function countEvent(metrics: Metrics, event: SecurityEvent): void {
  if (event.event === 'login.succeeded') metrics.count('logins', { method: 'password', outcome: 'success' })
  else if (event.event === 'login.failed') metrics.count('logins', { method: 'password', outcome: 'failure' })
  else if (event.event === 'token.refresh.reuse_detected') metrics.count('refresh_reuse', {})
}

/** Counts what the server tells, and from it what has a name of its own. */
function countMeasure(metrics: Metrics, name: string, labels: Readonly<Record<string, string>>): void {
  metrics.count(name, labels)
  const { surface, error = '', reason = '' } = labels
  if (name !== 'requests_rejected') return
  if (surface === 'token') metrics.count('token_requests_rejected', { error, reason })
  if (Object.hasOwn(reasons, reason) && reasons[reason as Reason].page.startsWith('pkce-'))
    metrics.count('pkce_rejections', { reason })
}

/** True when the store answers, and takes writes as far as is known (FT-06). */
async function storeAnswers(store: SqliteStore): Promise<boolean> {
  try {
    await store.listSigningKeys()
    // Requests may be sent elsewhere while it is not ready, so nobody else would find out that it can write again.
    if (store.writeFault() !== undefined) await store.tryWrite()
    return true
  } catch {
    return false
  }
}

/** Name of this process in every log line. */
export const nodeName = (): string => `${hostname()}-${process.pid}`

type Running = {
  readonly server: Server
  readonly health: Health
  readonly doors: readonly HttpServer[]
  readonly management: HttpServer
  readonly drainLimit: number
}

const closed = (server: HttpServer): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

/** Ready is false first, then nothing new is accepted, then what runs may finish (FT-16). */
async function stop({ server, health, doors, management, drainLimit }: Running): Promise<void> {
  health.draining = true
  await server.emit({ event: 'lifecycle.drain.started' })
  const finished = Promise.all(doors.map(closed))
  // A connection that was busy when the door closed becomes idle with its answer and is closed then.
  const idle = setInterval(() => {
    for (const door of doors) door.closeIdleConnections()
  }, 25)
  const limit = setTimeout(() => {
    for (const door of doors) door.closeAllConnections()
  }, drainLimit * 1000)
  await finished
  clearInterval(idle)
  clearTimeout(limit)
  await server.emit({ event: 'lifecycle.drain.finished' })
  await server.close()
  management.closeAllConnections()
  await closed(management)
}
