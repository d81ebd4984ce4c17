import type { Command } from 'commander'
import { changeMasterKey, masterKeyOpens } from '@sallyport/server'
import { adminEvent } from '../administration.ts'
import { addCommand, addGroup, withSettings, type Call } from '../command.ts'
import type { Config } from '../config/load.ts'
import { claimStore } from '../daemon-lock.ts'
import { keyFailure } from '../external-keys.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { beginKeyChange, formerFile, masterKeyFile, masterKeyIn, readMasterKey, type KeyChange } from '../master-key.ts'
import { inWorkplace, type Workplace } from '../workplace.ts'

/** Adds `sallyport master-key …`. */
export function addMasterKey(program: Command): void {
  const group = addGroup(program, 'master-key', 'the key that seals what lies in the store')
  const about = 'seal everything with a new master key, while no server runs'
  withSettings(addCommand(group, 'rotate', about, rotate), 'store', 'data').option(
    '--new-key-file <file>',
    'file with the new key, 32 bytes in base64, where the key is configured and not a file in the data folder',
  )
}

async function rotate(call: Call, { newKeyFile }: { readonly newKeyFile?: string }): Promise<ExitCode> {
  const config = await call.config()
  if ((config.masterKey === undefined) !== (newKeyFile === undefined))
    throw usage(
      config.masterKey === undefined
        ? `the master key lies in ${masterKeyFile(config.data)}, and the new one is made there; leave --new-key-file out`
        : 'masterKey is configured, so the new key has to come from you; add --new-key-file FILE',
    )
  return inWorkplace(config, async (place) => {
    const lock = claimStore(config.storePath)
    try {
      if (!call.dryRun) await changeIn(place, changeOf(config, newKeyFile))
    } finally {
      lock.release()
    }
    const kept = newKeyFile === undefined ? formerFile(config.data) : undefined
    const next =
      kept === undefined
        ? `start the servers with the key in ${newKeyFile ?? ''} as masterKey`
        : `the former key is in ${kept}; delete it when no backup needs it any more`
    call.terminal.data(
      { changed: !call.dryRun, former_key_file: kept },
      call.dryRun
        ? 'would seal everything with a new master key'
        : `everything is sealed with the new master key; ${next}`,
    )
    return exitCode.ok
  })
}

function changeOf(config: Config, newKeyFile: string | undefined): KeyChange {
  if (newKeyFile === undefined) return beginKeyChange(config.data)
  return { from: readMasterKey(config.data, config.masterKey), to: masterKeyIn(newKeyFile), ...nothing }
}

const nothing = { finish: () => undefined, cancel: () => undefined }

/** Changes the store first and the file then: a change that was cut off between them is found and only finished. */
async function changeIn({ store, random }: Workplace, { from, to, finish, cancel }: KeyChange): Promise<void> {
  if (!(await masterKeyOpens(store, to))) {
    const { seedContext: factorContext } = await import('@sallyport/accounts')
    const events = [adminEvent({ random }, { event: 'admin.action', reason: 'master_key_changed' })]
    const change = { store, from, to, factorContext, random, events }
    const changed = await changeMasterKey(change).catch((error: unknown) => {
      cancel()
      throw keyFailure(error)
    })
    if (!changed) {
      cancel()
      throw new CommandFailure(exitCode.failed, 'the store was changed by somebody else meanwhile; run it again')
    }
  }
  finish()
}
