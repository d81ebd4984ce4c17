import { everyFault } from '../startable-config.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { faultLine, loadSettings, type Loaded, type Sources } from './load.ts'

/** A loaded configuration; what cannot even be understood is exit code 78, here as everywhere, with every other fault. */
export async function loadUnderstood(sources: Sources): Promise<Loaded> {
  const loaded = await loadSettings(sources)
  if (loaded.faults.some(({ kind }) => kind === 'broken'))
    throw new CommandFailure(exitCode.unusable, 'the configuration cannot be loaded', everyFault(loaded).map(faultLine))
  return loaded
}
