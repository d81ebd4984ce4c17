import { systemRandom } from '@sallyport/protocol'
import {
  ClientMetadataError,
  registerClient,
  type Client,
  type ClientFault,
  type Policy,
  type RegistrationContext,
  type SecurityProfile,
} from '@sallyport/server'
import type { Declarations, DeclaredClient } from '../config/declared.ts'
import type { Config, Loaded } from '../config/load.ts'
import { now } from '../workplace.ts'
import type { EffectivePolicy } from './values.ts'

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
  /** Every setting as it came out. */
  readonly resolved: Loaded['resolved']
  /** What was committed after a review, when it was given. */
  readonly reviewed: EffectivePolicy | undefined
  readonly policy: Policy
  readonly issuer: string | undefined
  readonly issuerPlace: string
  readonly declarations: Declarations
  /** The store of the configuration is there, and some resource is registered in it. */
  readonly resourcesInStore: boolean
  /** Clients that registration would take. */
  readonly clients: readonly CheckedClient[]
}

/** Rules of production hold, whatever the issuer is. */
const production = (profile: SecurityProfile): RegistrationContext => ({
  profile,
  development: false,
  now: now(),
  random: systemRandom(),
  secretLifetime: 0,
})

/** The record that a declared client would have, or all that registration says against it. */
function registered(
  { registration, id, disabled }: DeclaredClient,
  profile: SecurityProfile,
): Client | readonly ClientFault[] {
  const context = production(profile)
  try {
    const { client } = registerClient(registration, context)
    return { ...client, id, disabledAt: disabled === true ? context.now : undefined }
  } catch (error) {
    if (error instanceof ClientMetadataError) return error.faults
    throw error
  }
}

/** What registration says against a declared client. */
export function declaredFaults(declared: DeclaredClient, profile: SecurityProfile): readonly ClientFault[] {
  const made = registered(declared, profile)
  return 'id' in made ? [] : made
}

export const placeIn =
  ({ places, origin }: Pick<DeclaredClient, 'places' | 'origin'>) =>
  (member: string): string =>
    Object.hasOwn(places, member) ? (places[member] ?? origin) : origin

/** The records that declared clients would have. One that breaks a rule has none. */
export function declaredClients({ clients }: Declarations, profile: SecurityProfile): readonly CheckedClient[] {
  return clients.flatMap((declared) => {
    const client = registered(declared, profile)
    return 'id' in client ? [{ name: declared.key, client, declared, place: placeIn(declared) }] : []
  })
}
