import type { DeclaredKind } from '@sallyport/server'
import { writtenMembers } from '../config/shapes.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import type { Workplace } from '../workplace.ts'

/** The change as it would be written in the file; `undefined` means that the object is taken out. */
export type Patch = Readonly<Record<string, unknown>> | undefined

/** Refuses to change an object that belongs to a configuration file, and says what to write there instead. */
export async function refuseOwned(place: Workplace, kind: DeclaredKind, id: string, patch: Patch): Promise<void> {
  const owner = await place.store.declarations.find(kind, id)
  if (owner === undefined) return
  const { stringify } = await import('yaml')
  const section = `${kind}s`
  const text =
    patch === undefined
      ? `# take out ${section}.${owner.name}, then: sallyport config apply --prune`
      : stringify({ [section]: { [owner.name]: writtenMembers(patch) } }).trimEnd()
  throw new CommandFailure(
    exitCode.usage,
    `${owner.name} is declared in a configuration file; change it there, and run: sallyport config apply`,
    text.split('\n'),
  )
}
