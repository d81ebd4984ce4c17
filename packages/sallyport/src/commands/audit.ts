import type { Command } from 'commander'
import { addCommand, addGroup, withSettings, type Call } from '../command.ts'
import { exitCode, type ExitCode } from '../failure.ts'
import { inWorkplace } from '../workplace.ts'

/** Adds `sallyport audit …`. */
export function addAudit(program: Command): void {
  const group = addGroup(program, 'audit', 'the trail of changes and decisions')
  withSettings(addCommand(group, 'verify', 'tell whether the audit trail was altered', verify), 'store', 'data')
}

async function verify(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store }) => {
    const { checked, brokenAt } = await call.terminal.during('following the audit trail', store.admin.verifyAudit())
    const text =
      brokenAt === undefined
        ? `the audit trail is whole: ${checked} events, each of them follows the one before`
        : `the audit trail is broken at event ${brokenAt}: it was altered, or events beside it were removed, added or moved`
    call.terminal.data({ intact: brokenAt === undefined, checked, broken_at: brokenAt }, text)
    return brokenAt === undefined ? exitCode.ok : exitCode.found
  })
}
