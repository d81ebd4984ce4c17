import { resourceFaults, type DeclaredKind, type Resource } from '@sallyport/server'
import { adminEvent, registrationContext } from '../administration.ts'
import type { Declarations, DeclaredClient, DeclaredResource } from '../config/declared.ts'
import type { Environment } from '../config/layers.ts'
import { eachPage } from '../pages.ts'
import { sectorFault } from '../sector.ts'
import type { Workplace } from '../workplace.ts'
import { emptyDraft, fromFile, note, type Plan, type Stored, type Work } from './draft.ts'
import { planClient } from './plan-client.ts'
import { planException, planRevocation } from './plan-exception.ts'
import { readDeclaredSecret } from './secret-source.ts'

export type PlanOptions = { readonly prune: boolean; readonly environment: Environment }

async function readStored({ store }: Workplace): Promise<Stored> {
  const clients = await eachPage((after) => store.admin.listClients(after, 200))
  const owned = (kind: DeclaredKind) => eachPage((after) => store.declarations.list(kind, after, 200))
  return {
    clients: new Map(clients.map((client) => [client.id, client])),
    resources: new Map((await store.listResources()).map((resource) => [resource.id, resource])),
    exceptions: await eachPage((after) => store.exceptions.list(after, 200)),
    owned: [...(await owned('client')), ...(await owned('resource')), ...(await owned('exception'))],
  }
}

/** Works out what the files come to, given what is in the store. Reads only. */
export async function planChanges(place: Workplace, declarations: Declarations, options: PlanOptions): Promise<Plan> {
  const stored = await readStored(place)
  const draft = emptyDraft()
  for (const declared of declarations.resources) planResource({ place, stored, draft }, declared)
  for (const declared of declarations.clients) await planOne({ place, stored, draft }, declared, options.environment)
  for (const declared of declarations.exceptions) planException({ place, stored, draft }, declared)
  planRemovals({ place, stored, draft }, declarations, options.prune)
  findStrangers({ place, stored, draft }, declarations)
  const { changes, faults, events, remove, secrets, ...write } = draft
  return { changes, faults, events, remove, secrets, write }
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

async function planOne(work: Work, declared: DeclaredClient, environment: Environment): Promise<void> {
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
  const sector = await sectorFault(place, client, before)
  if (sector !== undefined) {
    const { member, problem } = sector
    draft.faults.push({ name: declared.key, member, origin: declared.places[member] ?? declared.origin, problem })
    return
  }
  if (!note(work, { kind: 'client', id: client.id, name: declared.key }, before !== undefined, differences)) return
  if (before === undefined) draft.createClients.push(client)
  else draft.updateClients.push(client)
  const event = before === undefined ? 'client.registered' : 'client.updated'
  draft.events.push(adminEvent(place, { event, reason: 'administrator', clientId: client.id, detail: fromFile }))
  if (plan.secret !== undefined) draft.secrets.push({ id: client.id, name: declared.key, secret: plan.secret })
}

/** Objects that left the file. Only those that it owned are touched, and only when that was asked for. */
function planRemovals(work: Work, { clients, resources, exceptions }: Declarations, prune: boolean): void {
  const { place, stored, draft } = work
  const declared = new Set([
    ...clients.map(({ id }) => `client ${id}`),
    ...resources.map(({ key }) => `resource ${key}`),
    ...exceptions.map(({ id }) => `exception ${id}`),
  ])
  for (const object of stored.owned) {
    const { kind, id, name } = object
    if (declared.has(`${kind} ${id}`)) continue
    if (kind === 'exception') {
      planRevocation(work, object, prune)
      continue
    }
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
