import type { Command } from 'commander'
import type { AuthorizationListing } from '@sallyport/server'
import { adminEvent } from '../administration.ts'
import { addCommand, addGroup, refuseDryRun, withSettings, type Call } from '../command.ts'
import { clientsNamed, doorRecord, doorText } from '../door.ts'
import { CommandFailure, exitCode, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

type Filter = { readonly user?: string; readonly client?: string; readonly all?: boolean }

/** Adds `sallyport grant …`. */
export function addGrant(program: Command): void {
  const group = addGroup(program, 'grant', 'what people allowed applications')
  withSettings(addCommand(group, 'list', 'show what stands', listGrants), 'store', 'data')
    .option('--user <user-id>', 'only those of one person')
    .option('--client <client-id>', 'only those of one application')
    .option('--all', 'also those that were revoked or have ended')
  withSettings(
    addCommand(group, 'revoke <grant-id>', 'end a grant and every token issued from it', revokeGrant),
    'store',
    'data',
  )
}

const stateOf = ({ authorization, revokedAt }: AuthorizationListing, now: number): string => {
  if (revokedAt !== undefined) return 'revoked'
  return authorization.expiresAt <= now ? 'ended' : 'active'
}

async function listGrants(call: Call, { user, client, all }: Filter): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const filter = { subject: user, clientId: client }
    const listed = await eachPage((after) => store.admin.listAuthorizations(filter, after, 200))
    const shown = listed.filter((one) => all === true || stateOf(one, now()) === 'active')
    const clients = await clientsNamed(
      store,
      shown.map(({ authorization }) => authorization.clientId),
    )
    const records = shown.map((one) => ({
      grant_id: one.authorization.id,
      user_id: one.authorization.subject,
      client_id: one.authorization.clientId,
      ...doorRecord(clients.get(one.authorization.clientId)),
      scope: one.authorization.scope.join(' '),
      resources: one.authorization.resources,
      state: stateOf(one, now()),
      created_at: instant(one.authorization.createdAt),
      expires_at: instant(one.authorization.expiresAt),
      revoked_at: one.revokedAt === undefined ? undefined : instant(one.revokedAt),
      revoked_reason: one.revokedReason,
    }))
    const rows = records.map((one) => {
      const door = doorText(clients.get(one.client_id))
      return [one.grant_id, one.user_id, one.client_id, door, one.state, one.scope]
    })
    const text = rows.length === 0 ? 'no grants' : table(['ID', 'USER', 'CLIENT', 'DOOR', 'STATE', 'SCOPE'], rows)
    call.terminal.data({ grants: records }, text)
    return exitCode.ok
  })
}

async function revokeGrant(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    refuseDryRun(call)
    const event = adminEvent(place, { event: 'grant.revoked', reason: 'administrator', authorizationId: id })
    if (!(await place.store.revokeAuthorization(id ?? '', 'administrator', place.now(), [event])))
      throw new CommandFailure(exitCode.missing, `there is no live grant ${id ?? ''}; see sallyport grant list`)
    call.terminal.data({ grant_id: id, revoked: true }, `grant ${id ?? ''} has ended`)
    return exitCode.ok
  })
}
