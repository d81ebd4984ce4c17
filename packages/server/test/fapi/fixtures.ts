import type { ClientRegistration, SecurityProfile } from '@sallyport/server'
import type { Answer, Authorized, Parameters, TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { addKeyClient, type KeyClient } from '../client-keys/key-client.ts'
import { proven } from '../dpop/proofs.ts'
import { newIssuer } from '../fixtures.ts'

/** Who is held to the profile: everybody at this server, or one client of a server that holds nobody else to it. */
export const places = ['server', 'client'] as const
export type Place = (typeof places)[number]

export type Bank = KeyClient & { readonly issuer: TestIssuer }

/** A client with a key under a profile. */
export async function openBank(
  place: Place,
  profile: SecurityProfile = 'fapi2',
  more: Partial<ClientRegistration> = {},
  options: TestIssuerOptions = {},
): Promise<Bank> {
  const issuer = await newIssuer({
    ...options,
    policy: { ...options.policy, ...(place === 'server' ? { profile } : {}) },
  })
  const own = place === 'client' ? { profile } : {}
  return { issuer, ...(await addKeyClient(issuer, { ...own, ...more })) }
}

/** The pushed request of the client, and what came of it. */
export const askPushed = ({ issuer, client }: Bank, parameters: Parameters = {}): Promise<Authorized> =>
  issuer.authorize({ client, pushed: true, parameters })

/** Redeems a code with a proof of possession. */
export const redeemProven = ({ issuer }: Bank, flow: Authorized, changes: Parameters = {}): Promise<Answer> =>
  issuer.redeem(flow, changes, proven(issuer))
