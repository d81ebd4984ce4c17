import { authorizationDriver, type AuthorizationDriver } from './authorization.ts'
import { backChannel, type BackChannel } from './back-channel.ts'
import { backchannelDriver, type BackchannelDriver } from './backchannel-flow.ts'
import { deviceDriver, type DeviceDriver } from './device-flow.ts'
import { startIssuer, type IssuerCore } from './issuer-core.ts'
import type { TestIssuerOptions } from './issuer-options.ts'
import { tokenDriver, type TokenDriver } from './token-flow.ts'

/** An issuer in the test's own process, with drivers for every flow. */
export type TestIssuer = IssuerCore & BackChannel & AuthorizationDriver & TokenDriver & DeviceDriver & BackchannelDriver

/**
 * Starts a real issuer without sockets: the server's own code, a clock moved by hand, people and clients ready to use. Starts
 * in a few milliseconds after the first in a process.
 *
 * ```ts
 * const issuer = await createTestIssuer()
 * const tokens = await issuer.codeFlow({ client: issuer.clients.P })
 * issuer.clock.advance(301)
 * await issuer.isAlive(tokens.accessToken) // false
 * ```
 */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const core = await startIssuer(options)
  const channel = backChannel(core)
  const browsers = authorizationDriver(core)
  const parts = { ...core, ...channel, ...browsers }
  return { ...parts, ...tokenDriver(parts), ...deviceDriver(parts), ...backchannelDriver(parts) }
}
