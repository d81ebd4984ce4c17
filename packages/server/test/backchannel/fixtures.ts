import type { ClientRegistration } from '@sallyport/server'
import { backchannelGrant } from '@sallyport/server/model'
import type { TestClient, TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { newIssuer } from '../fixtures.ts'

/** The counter of a bank: it asks its customers on their phones. */
export const counter: ClientRegistration = {
  type: 'web',
  name: 'Bank counter',
  redirectUris: ['https://bank.test/cb'],
  grantTypes: ['authorization_code', 'refresh_token', backchannelGrant],
  scope: 'openid profile offline_access read write',
}

export type Bank = { readonly issuer: TestIssuer; readonly client: TestClient }

/** An issuer that offers the grant, with one client that may use it. */
export async function bankIssuer(
  { policy, ...options }: TestIssuerOptions = {},
  registration: Partial<ClientRegistration> = {},
): Promise<Bank> {
  const limits = { backchannelGrant: true, backchannelRequestsPerPerson: 100 }
  const issuer = await newIssuer({ ...options, policy: { ...limits, ...policy } })
  return { issuer, client: await issuer.addClient({ ...counter, ...registration }) }
}
