import type { Command } from 'commander'
import type { SqliteStore } from '@sallyport/store-sqlite'
import { checkedIssuer } from '../administration.ts'
import { addCommand, withSettings, type Call } from '../command.ts'
import type { Config } from '../config/load.ts'
import { claimStore } from '../daemon-lock.ts'
import { atDoor, nodeName, startDaemon, type Daemon, type PublicDoor } from '../daemon.ts'
import { exceptionNotices, standingExceptions } from '../exceptions.ts'
import { CommandFailure, exitCode, type ExitCode } from '../failure.ts'
import { createLog, type Log, type ProcessLog } from '../log.ts'
import { readMasterKey } from '../master-key.ts'
import { createMetrics } from '../metrics.ts'
import { noticeDelivery } from '../notice-delivery.ts'
import { openAccounts } from '../people.ts'
import { startableConfig } from '../startable-config.ts'
import { runUntilSignal } from '../signals.ts'
import { issuerSetting, now, openStore, otherIssuer } from '../workplace.ts'

/** Adds `sallyport start`. */
export function addStart(program: Command): void {
  const command = addCommand(program, 'start', 'serve', start)
  withSettings(command, 'issuer', 'store', 'data', 'host', 'port', 'managementPort', 'logLevel')
}

async function start(call: Call): Promise<ExitCode> {
  let log: ProcessLog | undefined
  try {
    const config = await startableConfig(call.sources)
    log = await createLog(config.log.level, nodeName())
    return await serve(config, log)
  } catch (error) {
    if (error instanceof CommandFailure && error.code === exitCode.unusable) {
      log ??= await createLog('info', nodeName())
      log.line('error', error.message, { event: 'lifecycle.config_refused', detail: error.lines })
    }
    throw error
  } finally {
    log?.flush()
  }
}

async function serve(config: Config, bare: ProcessLog): Promise<ExitCode> {
  const store = await openStore(config.storePath)
  const lock = claimStore(config.storePath)
  try {
    const masterKey = readMasterKey(config.data, config.masterKey)
    const issuer = issuerOf(config, await store.admin.readSetting(issuerSetting))
    const log = bare.of(issuer)
    const metrics = createMetrics()
    const notices = noticeDelivery(config, metrics)
    const accounts = await openAccounts(store, config, issuer, notices.send)
    const options = {
      config,
      issuer,
      store,
      accounts,
      metrics,
      notices,
      masterKey,
      log,
      development: false,
      routes: [],
    }
    return await atDoor(config, false, async (door) => {
      const daemon = await startDaemon({ ...options, onEvent: log.event }, door)
      if (lock.recovered) await daemon.server.emit({ event: 'lifecycle.recovered' })
      // Whoever reads that it listens may send a signal at once.
      const ended = runUntilSignal(daemon, log)
      await tellExceptions(log, config, store)
      tellListening(log, { config, door, daemon })
      return ended
    })
  } finally {
    await store.close()
    lock.release()
  }
}

/** Exceptions are told at every start (A-GOV-02). */
async function tellExceptions(log: Log, config: Config, store: SqliteStore): Promise<void> {
  for (const { exception, problem } of exceptionNotices(config, await standingExceptions(store, now()), now()))
    log.line('warn', `exception from PKCE: ${problem}`, { exception: exception.id, client_id: exception.clientId })
}

/** The issuer the store remembers; a configured one must be the same. */
function issuerOf(config: Config, stored: string | undefined): string {
  if (stored === undefined)
    throw new CommandFailure(exitCode.unusable, 'the store was never finished; run: sallyport migrate --issuer URL')
  if (config.issuer !== undefined && config.issuer !== stored) throw otherIssuer(stored, config.issuer)
  return checkedIssuer(stored).issuer
}

type Listening = { readonly config: Config; readonly door: PublicDoor; readonly daemon: Daemon }

function tellListening(log: Log, { config, door, daemon }: Listening): void {
  // The issuer stands in every line.
  log.line('info', 'listening', {
    address: `${config.http.host}:${door.port}`,
    ...(door.mutual === undefined ? {} : { mutual_tls: `${config.http.host}:${door.mutual.port}` }),
    management: `${config.management.host}:${daemon.managementPort}`,
  })
}
