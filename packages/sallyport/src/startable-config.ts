import { IssuerError, parseIssuer } from '@sallyport/server'
import { alertFaults } from './alert-delivery.ts'
import { bindFaults } from './bind-rules.ts'
import type { ConfigFault } from './config/layers.ts'
import { configOf, faultLine, loadSettings, type Config, type Loaded, type Sources } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { mutualTlsFaults } from './mutual-tls.ts'
import { readTls } from './tls.ts'
import { noticeFaults } from './notice-delivery.ts'
import type { PlaceOf } from './webhook-faults.ts'

/**
 * The configuration of a server that is about to start. What cannot be understood and what no server may be started with (a
 * listener or an issuer that would be unsafe) is told at once, before anything is opened. Throws with exit code 78.
 */
export async function startableConfig(sources: Sources): Promise<Config> {
  const loaded = await loadSettings(sources)
  const faults = everyFault(loaded)
  if (faults.length > 0)
    throw new CommandFailure(exitCode.unusable, 'the configuration cannot be used', faults.map(faultLine))
  return configOf(loaded.resolved)
}

/** What cannot be understood, and what no server may be started with. */
export function everyFault({ resolved, faults }: Loaded): readonly ConfigFault[] {
  const config = faults.length === 0 ? configOf(resolved) : understood(resolved)
  return config === undefined ? faults : [...faults, ...unsafeFaults(config, (key) => resolved.get(key)?.origin ?? key)]
}

/** Beside other faults, a store that cannot be named is one more that waits until those are mended. */
function understood(resolved: Loaded['resolved']): Config | undefined {
  try {
    return configOf(resolved)
  } catch (error) {
    if (error instanceof CommandFailure) return undefined
    throw error
  }
}

const unsafeFaults = (config: Config, placeOf: PlaceOf): readonly ConfigFault[] => [
  ...bindFaults(config),
  ...tlsFaults(config, placeOf),
  ...mutualTlsFaults(config, placeOf),
  ...issuerFaults(config.issuer, placeOf('issuer')),
  ...alertFaults(config, placeOf),
  ...noticeFaults(config, placeOf),
]

function tlsFaults({ tls }: Config, placeOf: PlaceOf): readonly ConfigFault[] {
  const found = readTls(tls)
  return found !== undefined && 'problem' in found ? [{ ...found, origin: placeOf(found.key) }] : []
}

function issuerFaults(issuer: string | undefined, origin: string): readonly ConfigFault[] {
  if (issuer === undefined) return []
  try {
    parseIssuer(issuer)
    return []
  } catch (error) {
    if (!(error instanceof IssuerError)) throw error
    const [problem = '', fix = 'use something like https://id.example.com'] = error.message.split('; ')
    return [{ key: 'issuer', origin, problem, fix, kind: 'weak' }]
  }
}
