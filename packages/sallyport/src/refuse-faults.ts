import { IssuerError, parseIssuer } from '@sallyport/server'
import { alertFaults } from './alert-delivery.ts'
import { bindFaults } from './bind-rules.ts'
import type { ConfigFault } from './config/layers.ts'
import { faultLine, type Config } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'

/** What no server may be started with, before anything is opened: a listener or an issuer that would be unsafe. */
export function refuseFaults(config: Config): void {
  const faults = [...bindFaults(config), ...issuerFaults(config.issuer), ...alertFaults(config)]
  if (faults.length > 0)
    throw new CommandFailure(exitCode.unusable, 'the configuration cannot be used', faults.map(faultLine))
}

function issuerFaults(issuer: string | undefined): readonly ConfigFault[] {
  if (issuer === undefined) return []
  try {
    parseIssuer(issuer)
    return []
  } catch (error) {
    if (!(error instanceof IssuerError)) throw error
    const [problem = '', fix = 'use something like https://id.example.com'] = error.message.split('; ')
    return [{ key: 'issuer', origin: issuer, problem, fix, kind: 'weak' }]
  }
}
