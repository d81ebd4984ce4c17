import { systemRandom } from '@sallyport/protocol'
import { registerClient, registrationFaults, type Client, type ClientFault, type Policy } from '@sallyport/server'
import type { Declarations, DeclaredClient } from '../config/declared.ts'
import type { Config } from '../config/load.ts'
import { now } from '../workplace.ts'

/** A client that is looked at: declared in a file, or found in a store. */
export type CheckedClient = {
  /** The name in the file, or the id. */
  readonly name: string
  readonly client: Client
  readonly declared: DeclaredClient | undefined
  /** Where a member was written. */
  readonly place: (member: string) => string
}

/** All that the rules look at. */
export type Subject = {
  readonly config: Config
  readonly policy: Policy
  readonly issuer: string | undefined
  readonly issuerPlace: string
  readonly declarations: Declarations
  /** Clients that registration would take. */
  readonly clients: readonly CheckedClient[]
}

/** What registration says against a declared client. Rules of production hold, whatever the issuer is. */
export const declaredFaults = ({ registration }: DeclaredClient): readonly ClientFault[] =>
  registrationFaults(registration, false)

export const placeIn =
  ({ places, origin }: Pick<DeclaredClient, 'places' | 'origin'>) =>
  (member: string): string =>
    Object.hasOwn(places, member) ? (places[member] ?? origin) : origin

/** The records that declared clients would have. One that breaks a rule has none. */
export function declaredClients({ clients }: Declarations): readonly CheckedClient[] {
  const context = { development: false, now: now(), random: systemRandom(), secretLifetime: 0 }
  return clients.flatMap((declared) => {
    if (declaredFaults(declared).length > 0) return []
    const made = registerClient(declared.registration, context).client
    const client: Client = {
      ...made,
      id: declared.id,
      disabledAt: declared.disabled === true ? context.now : undefined,
    }
    return [{ name: declared.key, client, declared, place: placeIn(declared) }]
  })
}
