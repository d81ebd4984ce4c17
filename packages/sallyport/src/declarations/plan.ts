import {
  resourceFaults,
  type Client,
  type DeclaredChange,
  type DeclaredObject,
  type Resource,
  type SecurityEvent,
} from '@sallyport/server'
import { adminEvent, registrationContext } from '../administration.ts'
import type { Declarations, DeclaredClient, DeclaredResource } from '../config/declared.ts'
import type { Environment } from '../config/layers.ts'
import { eachPage } from '../pages.ts'
import type { Workplace } from '../workplace.ts'
import { planClient, type Difference, type PlanFault } from './plan-client.ts'
import { readDeclaredSecret } from './secret-source.ts'

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

type Stored = {
  readonly clients: ReadonlyMap<string, Client>
  readonly resources: ReadonlyMap<string, Resource>
  readonly owned: readonly DeclaredObject[]
}

export type PlanOptions = { readonly prune: boolean; readonly environment: Environment }

async function readStored({ store }: Workplace): Promise<Stored> {
  const clients = await eachPage((after) => store.admin.listClients(after, 200))
  const ownedClients = await eachPage((after) => store.declarations.list('client', after, 200))
  const ownedResources = await eachPage((after) => store.declarations.list('resource', after, 200))
  return {
    clients: new Map(clients.map((client) => [client.id, client])),
    resources: new Map((await store.listResources()).map((resource) => [resource.id, resource])),
    owned: [...ownedClients, ...ownedResources],
  }
}

const emptyDraft = (): Draft => ({
  createClients: [],
  updateClients: [],
  saveResources: [],
  removeResources: [],
  own: [],
  disown: [],
  changes: [],
  faults: [],
  events: [],
  remove: [],
  secrets: [],
})

/** Works out what the files come to, given what is in the store. Reads only. */
export async function planChanges(place: Workplace, declarations: Declarations, options: PlanOptions): Promise<Plan> {
  const stored = await readStored(place)
  const draft = emptyDraft()
  for (const declared of declarations.resources) planResource({ place, stored, draft }, declared)
  for (const declared of declarations.clients) planOne({ place, stored, draft }, declared, options.environment)
  planRemovals({ place, stored, draft }, declarations, options.prune)
  findStrangers({ place, stored, draft }, declarations)
  const { changes, faults, events, remove, secrets, ...write } = draft
  return { changes, faults, events, remove, secrets, write }
}

type Work = { readonly place: Workplace; readonly stored: Stored; readonly draft: Draft }

const ownerOf = ({ owned }: Stored, kind: DeclaredObject['kind'], id: string): DeclaredObject | undefined =>
  owned.find((one) => one.kind === kind && one.id === id)

/** Notes what happens to an object that the file declares; nothing when it is as it should be. */
function note(
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

function planResource(work: Work, { resource, key, places, origin }: DeclaredResource): void {
  const { place, stored, draft } = work
  for (const { member, problem } of resourceFaults(resource))
    draft.faults.push({ name: key, member, origin: places[member] ?? origin, problem })
  const before = stored.resources.get(resource.id)
  const differences = Object.entries(resource)
    .map(([member, after]) => ({
      member,
      before: before?.[member as keyof Resource],
      after: after,
    }))
    .filter((one) => before !== undefined && JSON.stringify(one.before ?? null) !== JSON.stringify(one.after ?? null))
  if (!note(work, { kind: 'resource', id: resource.id, name: key }, before !== undefined, differences)) return
  draft.saveResources.push({ ...before, ...resource })
  draft.events.push(
    adminEvent(place, {
      event: 'admin.action',
      reason: 'resource_saved',
      detail: { ...fromFile, resource: resource.id },
    }),
  )
}

const fromFile = { source: 'configuration_file' }

function planOne(work: Work, declared: DeclaredClient, environment: Environment): void {
  const { place, stored, draft } = work
  const before = stored.clients.get(declared.id)
  const secret = declared.secret && readDeclaredSecret(declared.key, declared.secret, environment)
  const secretOverlap = place.config.policy.clientSecretOverlap ?? 0
  const plan = planClient(before, declared, { ...registrationContext(place), secret, secretOverlap })
  if (!('client' in plan)) {
    draft.faults.push(...plan)
    return
  }
  const { client, differences } = plan
  if (!note(work, { kind: 'client', id: client.id, name: declared.key }, before !== undefined, differences)) return
  if (before === undefined) draft.createClients.push(client)
  else draft.updateClients.push(client)
  const event = before === undefined ? 'client.registered' : 'client.updated'
  draft.events.push(adminEvent(place, { event, reason: 'administrator', clientId: client.id, detail: fromFile }))
  if (plan.secret !== undefined) draft.secrets.push({ id: client.id, name: declared.key, secret: plan.secret })
}

/** Objects that left the file. Only those that it owned are touched, and only when that was asked for. */
function planRemovals({ place, stored, draft }: Work, { clients, resources }: Declarations, prune: boolean): void {
  const declared = new Set([
    ...clients.map(({ id }) => `client ${id}`),
    ...resources.map(({ key }) => `resource ${key}`),
  ])
  for (const object of stored.owned) {
    const { kind, id, name } = object
    if (declared.has(`${kind} ${id}`)) continue
    const client = stored.clients.get(id)
    const there = kind === 'client' ? client !== undefined : stored.resources.has(id)
    draft.changes.push({ kind, id, name, action: there ? 'remove' : 'forget', differences: [] })
    if (there && !prune) continue
    draft.disown.push(object)
    if (client !== undefined && kind === 'client') {
      draft.remove.push(client)
      draft.updateClients.push({ ...client, version: client.version + 1, disabledAt: client.disabledAt ?? place.now() })
    } else if (there) {
      draft.removeResources.push(id)
      const detail = { ...fromFile, resource: id }
      draft.events.push(adminEvent(place, { event: 'admin.action', reason: 'resource_removed', detail }))
    }
  }
}

/** Names of resources that nobody knows, and redirect URIs that belong to another client (A-RES-02, A-REDIR-13). */
function findStrangers({ stored, draft }: Work, declarations: Declarations): void {
  const resources = new Set([...stored.resources.keys(), ...declarations.resources.map(({ key }) => key)])
  for (const id of draft.removeResources) resources.delete(id)
  const after = new Map(stored.clients)
  for (const { id } of draft.remove) after.delete(id)
  const planned = [...draft.createClients, ...draft.updateClients.filter(({ id }) => after.has(id))]
  for (const client of planned) after.set(client.id, client)
  const holders = new Map<string, string[]>()
  for (const client of after.values())
    for (const uri of new Set(client.redirectUris.filter((one) => one.startsWith('https://'))))
      holders.set(uri, [...(holders.get(uri) ?? []), client.id])
  const declared = new Map(declarations.clients.map((one) => [one.id, one]))
  for (const client of planned) {
    const { key: name = client.id, origin = '' } = declared.get(client.id) ?? {}
    const fault = (member: string, problem: string): void => void draft.faults.push({ name, member, origin, problem })
    for (const id of [
      ...(client.resources ?? []),
      ...(client.defaultResource === undefined ? [] : [client.defaultResource]),
      ...client.resourceServerOf,
    ])
      if (!resources.has(id)) fault('resources', `${id} is not there; declare it below resources`)
    const had = stored.clients.get(client.id)?.redirectUris ?? []
    for (const uri of client.redirectUris.filter((one) => !had.includes(one))) {
      const other = holders.get(uri)?.find((id) => id !== client.id)
      if (other !== undefined) fault('redirectUris', `${uri} belongs to ${other} already`)
    }
  }
}
