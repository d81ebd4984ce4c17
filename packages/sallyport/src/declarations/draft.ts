import type { Client, DeclaredChange, DeclaredObject, PkceException, Resource, SecurityEvent } from '@sallyport/server'
import type { Workplace } from '../workplace.ts'
import type { Difference, PlanFault } from './plan-client.ts'

/** What happens to one object, for people and scripts. */
export type ObjectChange = {
  readonly kind: DeclaredObject['kind']
  readonly name: string
  readonly id: string
  /** `adopt`: it was made elsewhere, and belongs to the file from now on. `forget`: it is gone already. */
  readonly action: 'create' | 'update' | 'adopt' | 'remove' | 'forget'
  readonly differences: readonly Difference[]
}

export type Plan = {
  readonly changes: readonly ObjectChange[]
  readonly faults: readonly PlanFault[]
  readonly write: DeclaredChange
  readonly events: readonly SecurityEvent[]
  /** Clients that are disabled by the change and removed after it. */
  readonly remove: readonly Client[]
  readonly secrets: readonly { readonly id: string; readonly name: string; readonly secret: string }[]
}

export type Draft = { -readonly [key in keyof DeclaredChange]: DeclaredChange[key][number][] } & {
  readonly changes: ObjectChange[]
  readonly faults: PlanFault[]
  readonly events: SecurityEvent[]
  readonly remove: Client[]
  readonly secrets: { id: string; name: string; secret: string }[]
}

export type Stored = {
  readonly clients: ReadonlyMap<string, Client>
  readonly resources: ReadonlyMap<string, Resource>
  /** Every exception there ever was and that is still kept. */
  readonly exceptions: readonly PkceException[]
  readonly owned: readonly DeclaredObject[]
}

/** A plan in which nothing happens yet. */
export const emptyDraft = (): Draft => ({
  createClients: [],
  updateClients: [],
  saveResources: [],
  removeResources: [],
  createExceptions: [],
  renewExceptions: [],
  revokeExceptions: [],
  own: [],
  disown: [],
  changes: [],
  faults: [],
  events: [],
  remove: [],
  secrets: [],
})

export type Work = { readonly place: Workplace; readonly stored: Stored; readonly draft: Draft }

const ownerOf = ({ owned }: Stored, kind: DeclaredObject['kind'], id: string): DeclaredObject | undefined =>
  owned.find((one) => one.kind === kind && one.id === id)

/** Notes what happens to an object that the file declares; false when it is as it should be. */
export function note(
  { stored, draft }: Work,
  object: DeclaredObject,
  there: boolean,
  differences: readonly Difference[],
): boolean {
  const owner = ownerOf(stored, object.kind, object.id)
  const action = !there ? 'create' : owner === undefined ? 'adopt' : 'update'
  if (owner?.name !== object.name) draft.own.push(object)
  if (action === 'update' && differences.length === 0) return false
  draft.changes.push({ ...object, action, differences })
  return action === 'create' || differences.length > 0
}

/** Stands in every event that a file caused. */
export const fromFile = { source: 'configuration_file' }
