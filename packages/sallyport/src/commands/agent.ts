import type { Client } from '@sallyport/server'
import type { Command } from 'commander'
import { adminEvent } from '../administration.ts'
import { restsUntil } from '../agent-rest.ts'
import { heldRecord, heldText } from '../contain-client.ts'
import { findClient } from '../client-record.ts'
import { addCommand, addGroup, withSettings, type Action, type Call } from '../command.ts'
import { refuseOwned } from '../declarations/refuse-owned.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { inventoryOf } from '../inventory.ts'
import { eachPage } from '../pages.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace, type Workplace } from '../workplace.ts'

/** Adds `sallyport agent …`. */
export function addAgent(program: Command): void {
  const group = addGroup(program, 'agent', 'software that acts by itself: see it, stop it')
  verb(group, 'list', 'show all agents with owner, purpose and last use', listAgents)
  verb(group, 'stop [client-id]', 'stop an agent and end everything it holds', stopAgents).option(
    '--all',
    'stop every agent there is',
  )
  verb(group, 'resume <client-id>', 'let an agent ask again; what it held stays ended', resumeAgent)
}

const verb = <O extends object>(group: Command, words: string, summary: string, action: Action<O>): Command =>
  withSettings(addCommand(group, words, summary, action), 'store', 'data')

async function listAgents(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const lines = (await inventoryOf(store, now())).filter(({ client }) => client.type === 'agent')
    const agents = lines.map(({ client, lastUse, grantsHeld }) => ({
      client_id: client.id,
      client_name: client.name,
      owner: client.owner,
      purpose: client.purpose,
      acts_for_people: client.grantTypes.includes('authorization_code'),
      acts_for_itself: client.grantTypes.includes('client_credentials'),
      grants_held: grantsHeld,
      last_used_at: lastUse?.usedAt === undefined ? undefined : instant(lastUse.usedAt),
      stopped_at: client.disabledAt === undefined ? undefined : instant(client.disabledAt),
    }))
    const rows = agents.map((agent) => [
      agent.client_id,
      agent.client_name.slice(0, 30),
      agent.stopped_at === undefined ? 'active' : 'stopped',
      agent.owner ?? '',
      agent.last_used_at?.slice(0, 10) ?? 'never seen',
      String(agent.grants_held),
      (agent.purpose ?? '').slice(0, 60),
    ])
    const header = ['ID', 'NAME', 'STATE', 'OWNER', 'LAST USE', 'GRANTS', 'PURPOSE']
    call.terminal.data(
      { agents },
      rows.length === 0 ? 'no agents yet; make one with: sallyport client create --type agent' : table(header, rows),
    )
    return exitCode.ok
  })
}

async function agentOf(place: Workplace, id: string | undefined): Promise<Client> {
  const client = await findClient(place, id)
  if (client.type !== 'agent')
    throw usage(`${client.id} is of type ${client.type}; stop it with: sallyport client contain ${client.id}`)
  return client
}

/** Everything that is not stopped already; stopping is possible at once, whoever declared the agent. */
async function agentsToStop(place: Workplace, id: string | undefined, all: boolean): Promise<readonly Client[]> {
  if (all === (id !== undefined)) throw usage('name one agent, or say --all')
  if (!all) return [await agentOf(place, id)]
  const clients = await eachPage((after) => place.store.admin.listClients(after, 200))
  return clients.filter(({ type, disabledAt }) => type === 'agent' && disabledAt === undefined)
}

/**
 * The kill switch. One transaction for each agent makes everything it holds worthless: codes, refresh tokens, secrets, and
 * access tokens wherever the server is asked; others end by their short life.
 */
async function stopAgents(
  call: Call,
  { all = false }: { readonly all?: boolean },
  [id]: readonly (string | undefined)[],
): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const agents = await agentsToStop(place, id, all)
    const named = agents.length === 1 ? `${agents[0]?.name} (${agents[0]?.id})` : `${agents.length} agents`
    if (
      agents.length > 0 &&
      !call.dryRun &&
      !(await call.terminal.confirm(`Stop ${named} and end everything issued to it?`))
    )
      throw usage('nothing was stopped; add --yes')
    const stopped: string[] = []
    const lost: string[] = []
    const ended: Record<string, Record<string, number>> = {}
    for (const agent of agents) {
      const event = adminEvent(place, { event: 'client.updated', reason: 'agent_stopped', clientId: agent.id })
      const { containment } = place.store
      const held = call.dryRun
        ? await containment.held(agent.id, place.now())
        : await containment.contain(agent.id, place.now(), [event])
      if (held === undefined) continue
      stopped.push(agent.id)
      lost.push(heldText(held))
      ended[agent.id] = heldRecord(held)
    }
    const done = call.dryRun ? 'would be stopped and lose' : 'is stopped and lost'
    call.terminal.data(
      { stopped: call.dryRun ? [] : stopped, planned: stopped, ended },
      stopped.length === 0
        ? 'no agent is running'
        : stopped.map((one, index) => `${one} ${done} ${lost[index] ?? ''}`).join('\n'),
    )
    return exitCode.ok
  })
}

async function resumeAgent(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const agent = await agentOf(place, id)
    await refuseOwned(place, 'client', agent.id, { disabled: false })
    const until = restsUntil(agent, place.now())
    if (until !== undefined)
      throw new CommandFailure(
        exitCode.missing,
        `tokens of ${agent.id} may be out until ${instant(until)}; try again then`,
      )
    const event = adminEvent(place, { event: 'client.updated', reason: 'agent_resumed', clientId: agent.id })
    const next: Client = { ...agent, disabledAt: undefined, version: agent.version + 1, updatedAt: place.now() }
    if (!call.dryRun && !(await place.store.admin.updateClient(next, [event])))
      throw new CommandFailure(exitCode.missing, 'somebody else changed the agent at the same time; try again')
    call.terminal.data(
      { client_id: agent.id, resumed: !call.dryRun },
      call.dryRun ? `${agent.id} would go on` : `${agent.id} may ask again; what it held before stays ended`,
    )
    return exitCode.ok
  })
}
