import type { PolicyNumber } from '@sallyport/protocol'
import { createPolicy, PolicyError, type PolicyOptions } from '@sallyport/server'
import type { ConfigFault } from './layers.ts'
import type { Setting } from './setting.ts'
import * as known from './settings.ts'

/** Where a setting was written; `default` for one that nobody wrote. */
type OriginOf = (key: string) => string

/** The policy, as its settings came out. */
export function policyOptions(value: <T>(setting: Setting<T>) => T, originOf: OriginOf): PolicyOptions {
  const numbers: { [name in PolicyNumber]?: number } = {}
  for (const setting of known.policySettings) numbers[setting.name] = value(setting)
  // A stage that nobody wrote contradicts no profile.
  const stages = known.stageSettings.filter(({ key }) => originOf(key) !== 'default')
  return {
    ...numbers,
    profile: value(known.securityProfile),
    refuseWebViews: value(known.refuseWebViews),
    refuseUnknownHosts: value(known.refuseUnknownHosts),
    acrUnmetError: value(known.acrUnmetError),
    stepUpStrict: value(known.stepUpStrict),
    requirePushedDetails: value(known.requirePushedDetails),
    pkceExceptions: value(known.pkceExceptions),
    deviceGrant: value(known.deviceGrant),
    backchannelGrant: value(known.backchannelGrant),
    dpop: value(known.dpop),
    dpopNonces: value(known.dpopNonces),
    requestObjects: value(known.requestObjects),
    requestUris: value(known.requestUris),
    requestObjectEncryption: value(known.requestObjectEncryption),
    sessionManagement: value(known.sessionManagement),
    stages: Object.fromEntries(stages.map((one) => [one.name, value(one)])),
  }
}

/** What settings say against each other, each of which is good by itself; no server may be started with it. */
export function policyFaults(options: PolicyOptions, originOf: OriginOf): readonly ConfigFault[] {
  try {
    createPolicy(options)
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.faults.map(({ key: named, problem, fix }) => {
      const key = named.includes('.') ? named : `policy.${named}`
      return { key, origin: originOf(key), problem, fix, kind: 'broken' }
    })
  }
}
