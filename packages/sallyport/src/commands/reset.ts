import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { addCommand, withSettings, type Call } from '../command.ts'
import { claimStore } from '../daemon-lock.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { masterKeyFile } from '../master-key.ts'

/** Adds `sallyport reset`. */
export function addReset(program: Command): void {
  withSettings(addCommand(program, 'reset', 'delete the data folder', reset), 'store', 'data')
}

async function reset({ terminal, config: load, dryRun }: Call): Promise<ExitCode> {
  const { data, storePath } = await load()
  if (!existsSync(data)) {
    terminal.data({ data, deleted: false }, `there is no ${data}`)
    return exitCode.ok
  }
  // A mistyped --data must not cost a home folder.
  if (!existsSync(masterKeyFile(data)) && !existsSync(join(data, 'sallyport.db')) && readdirSync(data).length > 0)
    throw usage(`${data} does not look like a data folder of Sallyport; delete it yourself if you mean it`)
  if (!(await terminal.confirm(`Delete ${data} with all clients, people and keys?`)))
    throw usage(`nothing was deleted; add --yes to delete ${data}`)
  if (!dryRun) remove(data, storePath)
  terminal.data({ data, deleted: !dryRun }, dryRun ? `would delete ${data}` : `${data} is gone`)
  return exitCode.ok
}

function remove(data: string, storePath: string): void {
  if (existsSync(storePath)) claimStore(storePath).release()
  try {
    rmSync(data, { recursive: true, force: true })
  } catch (error) {
    throw new CommandFailure(
      exitCode.failed,
      `${data} could not be deleted: ${error instanceof Error ? error.message : ''}`,
    )
  }
}
