import type { DeclaredKind } from '@sallyport/server'
import { registrationContext } from '../administration.ts'
import type { Call } from '../command.ts'
import { configVersion } from '../config/file.ts'
import { dumpDeclarations } from '../declarations/dump.ts'
import { exitCode, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { inWorkplace } from '../workplace.ts'

/** Prints what is in the store as a file would declare it, to begin with configuration as code. Secrets are not in it. */
export async function dumpStore(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const { store } = place
    const clients = await eachPage((after) => store.admin.listClients(after, 200))
    const exceptions = await eachPage((after) => store.exceptions.list(after, 200))
    const marks = (kind: DeclaredKind) => eachPage((after) => store.declarations.list(kind, after, 200))
    const owned = [...(await marks('client')), ...(await marks('exception'))]
    const resources = await store.listResources()
    const dumped = dumpDeclarations({ clients, resources, exceptions, owned }, registrationContext(place))
    const { stringify } = await import('yaml')
    call.terminal.data(dumped, stringify({ version: configVersion, ...dumped }).trimEnd())
    return exitCode.ok
  })
}
