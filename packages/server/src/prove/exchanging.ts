import type { ExchangeOptions } from '../exchange-policy.ts'
import type { TrustedIssuer } from '../trusted-issuers.ts'
import type { KeyPair } from './proof-clients.ts'

/** The one client that exchanges in a proof, the API it may do so for, and the issuer whose word it brings. */
export const exchangerId = 'client_proof-of-exchange'
export const target = 'https://behind.invalid'
export const voucher = 'https://voucher.invalid'

/**
 * What an operator writes for the one client of these cases, also where the installation has no rules yet: the checks are the
 * same for those that come.
 */
export const exchanging = ({
  jwks,
}: KeyPair): { readonly exchange: ExchangeOptions; readonly trustedIssuers: readonly TrustedIssuer[] } => ({
  exchange: { rules: [{ clients: [exchangerId], targets: [target], scope: ['passed'] }] },
  trustedIssuers: [{ issuer: voucher, jwks, clients: [exchangerId], scope: ['passed'], people: 'same' }],
})
