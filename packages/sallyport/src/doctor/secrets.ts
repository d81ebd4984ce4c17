import type { SqliteStore } from '@sallyport/store-sqlite'
import { eachPage } from '../pages.ts'
import { endingSecret, noticeDays } from '../secret-ends.ts'
import { instant } from '../terminal.ts'
import { now } from '../workplace.ts'
import { bad, ok, type Finding } from './finding.ts'

/** Client secrets that end soon, while there is time to replace them (A-CC-05). */
export async function secretFindings(store: SqliteStore): Promise<readonly Finding[]> {
  const clients = await eachPage((after) => store.admin.listClients(after, 200))
  const found = clients.flatMap((client): Finding[] => {
    const end = endingSecret(client, now())
    if (end === undefined) return []
    const state = end <= now() ? 'ended' : 'ends'
    const message = `the secret of ${client.name} (${client.id}) ${state} at ${instant(end)}`
    return [bad('secrets', message, `run: sallyport client rotate-secret ${client.id}`)]
  })
  return found.length > 0 ? found : [ok('secrets', `no client secret ends within ${noticeDays} days`)]
}
