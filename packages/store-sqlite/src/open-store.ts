import type { Database } from 'better-sqlite3'
import { StoreUnavailable, type Store } from '@sallyport/server/model'
import { accessTokenStore } from './access-tokens.ts'
import { accountStore } from './accounts.ts'
import { auditVerb } from './audit.ts'
import { clientAdmin, clientVerbs } from './clients.ts'
import { codeVerbs } from './codes.ts'
import { containmentStore } from './containment.ts'
import { createConnection, type Connection } from './connection.ts'
import { exceptionStore } from './exceptions.ts'
import { declarationStore } from './declarations.ts'
import { derivationStore } from './derivations.ts'
import { deviceStore } from './devices.ts'
import { factorStore } from './factors.ts'
import { createFileCheck } from './database-file.ts'
import { createEventRows } from './event-rows.ts'
import { createGroupCommit, type Statistics } from './group-commit.ts'
import { interactionVerbs } from './interactions.ts'
import { listVerbs } from './lists.ts'
import { logoStore } from './logos.ts'
import { logoutStore } from './logouts.ts'
import { markVerbs } from './marks.ts'
import { faultsIn, openDatabase } from './open-database.ts'
import type { SqliteStoreOptions } from './options.ts'
import { pushedStore } from './pushed.ts'
import { redeemVerbs } from './redeem.ts'
import { registrationStore } from './registrations.ts'
import { createSubjectEnder, sessionVerbs } from './sessions.ts'
import { sealedStore } from './sealed.ts'
import { settingVerbs } from './settings.ts'
import { signingKeyVerbs } from './signing-keys.ts'
import { standingVerbs } from './standing.ts'
import { createSweep } from './sweep.ts'
import { usageStore } from './usage.ts'
import { createWriteTrial } from './write-trial.ts'

/** A store in one SQLite file, and what can be asked of it beyond the port. */
export type SqliteStore = Store & {
  /** What was written since the file was opened, exactly. */
  statistics(): Statistics & { readonly statements: number }
  /** Why the last write failed; `undefined` again once something was written. Reads nothing. */
  writeFault(): StoreUnavailable | undefined
  /**
   * Writes a row of some size and removes it again, to find out whether the medium takes writes. Rejects with
   * `StoreUnavailable` when it does not; otherwise `writeFault` is `undefined` afterwards.
   */
  tryWrite(): Promise<void>
  /** Faults that SQLite's own check finds in the file; empty for a sound one. Reads the whole file. */
  integrityFaults(): Promise<readonly string[]>
  /** Steps of the schema that were applied when the file was opened. */
  readonly migrated: readonly string[]
}

/**
 * Opens a durable store: WAL with `synchronous=FULL`, so that a promise that resolved after a write survives a power cut.
 * Several processes may use one file; SQLite's locks decide between them.
 *
 * Throws `StoreRefused` for a file that cannot be worked with (missing, damaged, of a newer release, not migrated), and
 * `StoreUnavailable` when the medium does not let itself be read or written.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { db, migrated } = await openDatabase(options)
  return composeStore(db, options, migrated)
}

/** Milliseconds that SQLite itself may sleep for a lock; longer waits happen in the event loop. */
const blockingWait = 5

function composeStore(
  db: Database,
  { path, patience = 5000 }: SqliteStoreOptions,
  migrated: readonly string[],
): SqliteStore {
  db.pragma(`busy_timeout = ${Math.min(blockingWait, patience)}`)
  const group = createGroupCommit(db, { patience, checkFile: createFileCheck(path) })
  let closed = false
  const write = <T>(operation: () => T): Promise<T> =>
    closed
      ? Promise.reject(new StoreUnavailable('unreachable', new Error('the store is closed')))
      : group.write(operation)
  const connection = createConnection(db, { write }, patience)
  return {
    ...verbs(connection),
    statistics: () => ({ ...group.statistics(), statements: connection.statements() }),
    writeFault: group.writeFault,
    tryWrite: createWriteTrial(connection),
    integrityFaults: () => connection.read(() => faultsIn(db, 'integrity_check')),
    migrated,
    close: async () => {
      if (closed) return
      closed = true
      await group.drain()
      db.close()
    },
  }
}

function verbs(connection: Connection): Omit<Store, 'close'> {
  const events = createEventRows(connection)
  const endAllOf = createSubjectEnder(connection)
  return {
    ...clientVerbs(connection),
    ...interactionVerbs(connection),
    ...sessionVerbs(connection, events, endAllOf),
    ...codeVerbs(connection, events),
    ...redeemVerbs(connection, events),
    ...standingVerbs(connection, events),
    ...markVerbs(connection),
    ...signingKeyVerbs(connection),
    appendEvents: (noted) => connection.write(() => events.add(noted)),
    sweep: createSweep(connection),
    admin: {
      ...clientAdmin(connection, events),
      ...listVerbs(connection),
      ...auditVerb(connection),
      ...settingVerbs(connection),
    },
    accounts: accountStore(connection, endAllOf),
    accessTokens: accessTokenStore(connection, events),
    usage: usageStore(connection),
    registrations: registrationStore(connection, events),
    exceptions: exceptionStore(connection, events),
    declarations: declarationStore(connection, events),
    devices: deviceStore(connection, events),
    logos: logoStore(connection),
    logouts: logoutStore(connection, events),
    pushed: pushedStore(connection),
    factors: factorStore(connection, events),
    containment: containmentStore(connection, events),
    derivations: derivationStore(connection),
    sealed: sealedStore(connection, events),
  }
}
