import { jwsAlgorithms, type JwsAlgorithm } from '@sallyport/protocol'
import type { ExternalKeys } from '@sallyport/server'
import { list, text } from './kinds.ts'
import { setting, type Setting } from './setting.ts'

export const keyModule = setting(
  'externalKeys.module',
  text,
  'Absolute path of the PKCS #11 module of the device that keeps signing keys',
)
export const keyToken = setting('externalKeys.token', text, 'Label of the token in that device')
export const keyPin = setting('externalKeys.pin', text, 'User PIN of that token', { secret: true })

/** Which keys are used, for each algorithm in the order of use. */
export const keyNames: readonly (Setting<readonly string[]> & { readonly alg: JwsAlgorithm })[] = (
  Object.keys(jwsAlgorithms) as JwsAlgorithm[]
).map((alg) => ({
  ...setting(`externalKeys.${alg.toLowerCase()}`, list, `Labels of the keys for ${alg}, in the order of use`),
  alg,
}))

/** Where signing keys are kept beside the store, and which of them are used; empty when there is no such place. */
export type KeyPlace = {
  readonly module: string | undefined
  readonly token: string | undefined
  readonly pin: string | undefined
  readonly names: ExternalKeys['names']
}

/** The place as the settings have it. */
export function keyPlace(valueOf: (key: string) => unknown): KeyPlace {
  const said = (key: string): string | undefined => valueOf(key) as string | undefined
  const names: Partial<Record<JwsAlgorithm, readonly string[]>> = {}
  for (const { alg, key } of keyNames) {
    const list = valueOf(key) as readonly string[] | undefined
    if (list !== undefined) names[alg] = list
  }
  return { module: said(keyModule.key), token: said(keyToken.key), pin: said(keyPin.key), names }
}

type Fault = {
  readonly key: string
  readonly origin: string
  readonly problem: string
  readonly fix: string
  readonly kind: 'broken'
}

const needed = ['module', 'token', 'pin'] as const

const isSet = ({ module, token, pin, names }: KeyPlace): boolean =>
  [module, token, pin].some((one) => one !== undefined) || Object.keys(names).length > 0

const broken = (key: string, problem: string, fix: string): Fault => ({
  ...{ key: `externalKeys.${key}`, origin: 'externalKeys', problem, fix },
  kind: 'broken',
})

/** What is missing or said twice: half a configuration of hardware must not quietly mean none. */
export function externalKeyFaults(place: KeyPlace): readonly Fault[] {
  if (!isSet(place)) return []
  const missing = needed
    .filter((key) => place[key] === undefined)
    .map((key) => broken(key, 'is not set, but other settings of externalKeys are', `set it, or remove the others`))
  const lists = Object.entries(place.names)
  if (lists.length === 0) missing.push(broken('es256', 'names no key, nor does another algorithm', 'name the keys'))
  const seen = new Set<string>()
  for (const [alg, names] of lists)
    for (const name of names) {
      if (seen.has(name))
        missing.push(broken(alg.toLowerCase(), `names the key ${name} again`, 'give each algorithm keys of its own'))
      seen.add(name)
    }
  return missing
}
