import type { Call } from '../command.ts'
import { configOf, faultLine, type Loaded } from '../config/load.ts'
import { loadUnderstood } from '../config/understood.ts'
import { adminEvent } from '../administration.ts'
import type { Plan } from '../declarations/draft.ts'
import { planChanges } from '../declarations/plan.ts'
import { planRecords, planText } from '../declarations/show.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { inWorkplace, type Workplace } from '../workplace.ts'

/** A configuration without any fault: what is applied from it has to be what it says. */
async function loadWhole(call: Call): Promise<Loaded> {
  const loaded = await loadUnderstood(call.sources)
  if (loaded.faults.length > 0)
    throw new CommandFailure(exitCode.unusable, 'the configuration cannot be used', loaded.faults.map(faultLine))
  return loaded
}

async function planIn(call: Call, place: Workplace, { declarations }: Loaded, prune: boolean): Promise<Plan> {
  const plan = await planChanges(place, declarations, { prune, environment: call.sources.environment })
  if (plan.faults.length === 0) return plan
  const lines = plan.faults.map(({ name, member, origin, problem }) => `${name}.${member} (${origin}): ${problem}`)
  throw new CommandFailure(exitCode.found, 'what is declared cannot be applied', lines)
}

/** Tells in what the store differs from the files; 3 when it does. */
export async function diff(call: Call): Promise<ExitCode> {
  const loaded = await loadWhole(call)
  return inWorkplace(configOf(loaded.resolved), async (place) => {
    const plan = await planIn(call, place, loaded, true)
    call.terminal.data({ changes: planRecords(plan) }, planText(plan, false))
    return plan.changes.length === 0 ? exitCode.ok : exitCode.found
  })
}

/** Makes the store what the files say. Objects that were made elsewhere are left alone. */
export async function apply(call: Call, { prune = false }: { readonly prune?: boolean }): Promise<ExitCode> {
  const loaded = await loadWhole(call)
  return inWorkplace(configOf(loaded.resolved), async (place) => {
    const plan = await planIn(call, place, loaded, prune)
    if (!call.dryRun) await carryOut(call, place, plan)
    show(call, plan, prune)
    return exitCode.ok
  })
}

async function carryOut(call: Call, place: Workplace, plan: Plan): Promise<void> {
  const names = plan.remove.map(({ name, id }) => `${name} (${id})`).join(', ')
  if (plan.remove.length > 0 && !(await call.terminal.confirm(`Remove ${names} and everything issued to them?`)))
    throw usage(`nothing was changed; add --yes to remove ${names}`)
  const { store } = place
  if (!(await store.declarations.apply(plan.write, plan.events)))
    throw new CommandFailure(
      exitCode.missing,
      'somebody else changed a client or an exception at the same time; nothing was changed; try again',
    )
  // They are disabled, which ended everything of theirs; what follows only takes the rows away and can be done again.
  for (const { id } of plan.remove) {
    const event = adminEvent(place, { event: 'client.updated', reason: 'client_deleted', clientId: id })
    await store.admin.deleteClient(id, place.now(), [event])
  }
}

function show({ terminal, dryRun }: Call, plan: Plan, prune: boolean): void {
  const secrets = dryRun ? [] : plan.secrets
  const shown = secrets.map(({ name, id, secret }) => `secret of ${name} (${id}): ${secret}`)
  const record = {
    applied: !dryRun,
    changes: planRecords(plan),
    secrets: secrets.map(({ id, secret }) => ({ client_id: id, client_secret: secret })),
  }
  terminal.data(record, [planText(plan, !dryRun), ...shown].join('\n'))
  if (secrets.length > 0) terminal.say('Secrets are shown this once and never again.')
  if (!prune && plan.changes.some(({ action }) => action === 'remove'))
    terminal.say('What left the file was kept; --prune removes it.')
}
