import type { TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { newIssuer } from '../fixtures.ts'

/** An issuer that offers the grant. */
export const deviceIssuer = ({ policy, ...options }: TestIssuerOptions = {}): Promise<TestIssuer> =>
  newIssuer({ ...options, policy: { deviceGrant: true, deviceRequestsPerNetwork: 10_000, ...policy } })
