import type { Command } from 'commander'
import { systemRandom } from '@sallyport/protocol'
import { openVault, type SecurityEvent } from '@sallyport/server'
import { checkedIssuer } from '../administration.ts'
import { addCommand, withSettings, type Call } from '../command.ts'
import type { Config } from '../config/load.ts'
import { claimStore } from '../daemon-lock.ts'
import { atDoor, nodeName, startDaemon, type Daemon, type PublicDoor } from '../daemon.ts'
import { withDevelopmentDoor } from '../dev-registration.ts'
import { loadDemo, type Demo, type DemoAddress, type DemoApps, type DemoState } from '../demo-hook.ts'
import type { ExitCode } from '../failure.ts'
import { createLog, type Log } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { noticeDelivery } from '../notice-delivery.ts'
import { openAccounts } from '../people.ts'
import { startableConfig } from '../startable-config.ts'
import { runUntilSignal } from '../signals.ts'
import type { Terminal } from '../terminal.ts'
import { claimIssuer, openStore } from '../workplace.ts'
import { masterKeyFor } from './migrate.ts'

/** Adds `sallyport dev`. */
export function addDev(program: Command): void {
  const command = addCommand(program, 'dev', 'serve with demo data on this machine, to look around', dev)
  withSettings(command, 'store', 'data', 'port', 'managementPort', 'logLevel')
}

async function dev(call: Call): Promise<ExitCode> {
  const given = await startableConfig(call.sources)
  // Whoever looks around wants Ctrl-C to work at once, also while a page listens to events, wants to see devices too, and types a
  // code only where the demo asks for a better sign-in.
  const config: Config = {
    ...given,
    policy: { ...given.policy, deviceGrant: true, backchannelGrant: true },
    secondFactor: 'on_demand',
    drainLimit: 0.3,
  }
  const store = await openStore(config.storePath, { migrate: true })
  const lock = claimStore(config.storePath)
  try {
    const { masterKey } = await masterKeyFor(config, store)
    return await atDoor(config, true, async (door) => {
      const issuer = checkedIssuer(config.issuer ?? ownUrl(config, door.port)).issuer
      await claimIssuer(store, issuer, true)
      return serve({ config, store, masterKey, issuer, door, terminal: call.terminal })
    })
  } finally {
    await store.close()
    lock.release()
  }
}

const ownUrl = ({ tls }: Config, port: number): string =>
  `${tls.cert === undefined ? 'http' : 'https'}://localhost:${port}`

type Serving = {
  readonly config: Config
  readonly store: Awaited<ReturnType<typeof openStore>>
  readonly masterKey: Uint8Array
  readonly issuer: string
  readonly door: PublicDoor
  readonly terminal: Terminal
}

async function serve({ config, store, masterKey, issuer, door, terminal }: Serving): Promise<ExitCode> {
  const metrics = createMetrics()
  const notices = noticeDelivery(config, metrics)
  const accounts = await openAccounts(store, config, issuer, notices.send)
  const listeners = new Set<(event: SecurityEvent) => void>()
  const log = await devLog(config, issuer, terminal)
  const state: DemoState = {
    issuer,
    publicUrl: ownUrl(config, door.port),
    store,
    people: accounts.people,
    vault: openVault(masterKey, systemRandom()),
    dataDir: config.data,
    server: undefined,
    observe: undefined,
    log: (line) => {
      terminal.say(line)
    },
    onEvent: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const onEvent = (event: SecurityEvent): void => {
    log.event(event)
    for (const listener of listeners) listener(event)
  }
  const demo = await loadDemo()
  const lines = (await demo?.seedDemo(state)) ?? [
    'add a person with: sallyport user create --username you --password-stdin',
  ]
  const routes = demo?.demoRoutes(state) ?? []
  const resources = await store.listResources()
  const scope = ['openid', 'offline_access', ...resources.flatMap(({ scopes }) => scopes.map(({ name }) => name))]
  const daemon = await startDaemon(
    {
      config: demo === undefined ? config : withDevelopmentDoor(config, scope),
      issuer,
      store,
      accounts,
      metrics,
      notices,
      masterKey,
      log,
      development: true,
      routes,
      onEvent,
      observe: (request, response) => state.observe?.(request, response),
    },
    door,
  )
  state.server = daemon.server
  const apps = await startApps(demo, state)
  const listening = { config, port: door.port, managementPort: daemon.managementPort, apps }
  showScreen({ terminal, config, state, daemon, apps, lines, moved: movedPorts(listening) })
  return runUntilSignal({ stop: () => stopAll(daemon, apps) }, log)
}

const startApps = async (demo: Demo | undefined, state: DemoState): Promise<DemoApps> =>
  (await demo?.startDemoApps(state)) ?? { addresses: [], close: async () => undefined }

async function stopAll(daemon: Daemon, apps: DemoApps): Promise<void> {
  await Promise.all([apps.close(), daemon.stop()])
}

/** With --json the lines of the log, else one short line an event. */
async function devLog(config: Config, issuer: string, terminal: Terminal): Promise<Log> {
  if (terminal.json) return (await createLog(config.log.level, nodeName())).of(issuer)
  const time = (): string => new Date().toTimeString().slice(0, 8)
  return {
    event: ({ event, reason, clientId, severity }) => {
      const mark = severity === 'high' || severity === 'medium' ? '!' : ' '
      terminal.say(`${time()} ${mark} ${event} ${reason ?? ''} ${clientId ?? ''}`.trimEnd())
    },
    line: (level, message, fields) => {
      if (level === 'error' || level === 'warn' || terminal.verbose)
        terminal.say(`${time()} ${level} ${message} ${fields === undefined ? '' : JSON.stringify(fields)}`.trimEnd())
    },
    fault: (message, cause, requestId) => {
      const text = cause instanceof Error ? (terminal.verbose ? cause.stack : cause.message) : String(cause)
      terminal.say(`${time()} error ${message} ${requestId ?? ''} ${text ?? ''}`)
    },
    flush: () => undefined,
  }
}

/** A port that somebody else has, and the one that was taken in its place. */
type Moved = { readonly what: string; readonly wanted: number; readonly port: number }

type Listening = {
  readonly config: Config
  readonly port: number
  readonly managementPort: number
  readonly apps: DemoApps
}

function movedPorts({ config, port, managementPort, apps }: Listening): readonly Moved[] {
  const all: Moved[] = [
    { what: 'it listens', wanted: config.http.port, port },
    { what: 'health and metrics are', wanted: config.management.port, port: managementPort },
    ...apps.addresses.flatMap(({ label, url, wantedPort }) =>
      wantedPort === undefined
        ? []
        : [{ what: `the ${label} is`, wanted: wantedPort, port: Number(new URL(url).port) }],
    ),
  ]
  // Port 0 asks for any.
  return all.filter(({ wanted, port: taken }) => wanted !== 0 && wanted !== taken)
}

type Screen = {
  readonly terminal: Terminal
  readonly config: Config
  readonly state: DemoState
  readonly daemon: Daemon
  readonly apps: DemoApps
  readonly lines: readonly string[]
  readonly moved: readonly Moved[]
}

function showScreen({ terminal, config, state, daemon, apps, lines, moved }: Screen): void {
  const { publicUrl, issuer } = state
  const addresses: DemoAddress[] = [
    { label: 'Start here', url: `${publicUrl}/` },
    ...apps.addresses,
    { label: 'Documentation', url: `${publicUrl}/docs` },
    { label: 'Discovery', url: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration` },
    { label: 'Health', url: `http://127.0.0.1:${daemon.managementPort}/health/ready` },
    { label: 'Metrics', url: `http://127.0.0.1:${daemon.managementPort}/metrics` },
  ]
  const width = Math.max(...addresses.map(({ label }) => label.length))
  const screen = [
    '',
    'Sallyport is running on this machine only, with demo data.',
    ...moved.map(({ what, wanted, port }) => `Port ${wanted} is in use, so ${what} on ${port}.`),
    '',
    ...addresses.map(({ label, url }) => `  ${label.padEnd(width)}  ${url}`),
    '',
    ...lines.map((line) => `  ${line}`),
    '',
    `  Data is kept in ${config.data}; npm run reset deletes it. Ctrl-C stops.`,
    '',
  ]
  if (terminal.json)
    terminal.data(
      {
        issuer,
        public_url: publicUrl,
        addresses: addresses.map(({ label, url }) => ({ label, url })),
        moved: moved.map(({ wanted, port }) => ({ wanted, port })),
      },
      '',
    )
  else process.stdout.write(`${screen.join('\n')}\n`)
}
