import { readFileSync } from 'node:fs'
import { nearest } from '@sallyport/protocol'
import { settings, variableOf, type AnySetting } from './settings.ts'

/** Something wrong with the configuration. `weak` ones are understood but not acceptable. */
export type ConfigFault = {
  readonly key: string
  /** Where it was written: a flag, a variable, a file with its line. */
  readonly origin: string
  readonly problem: string
  readonly fix: string
  readonly kind: 'broken' | 'weak'
}

export type Written = { readonly value: unknown; readonly origin: string }

/** What one source says: a value for some of the settings. */
export type Layer = ReadonlyMap<string, Written>

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables with our prefix that are no settings. */
const otherVariables: ReadonlySet<string> = new Set(['SALLYPORT_CONFIG', 'SALLYPORT_PROFILE', 'SALLYPORT_HOST_NODE'])

const broken = (key: string, origin: string, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'broken',
})

/** The faults of a key that is no setting. */
export function unknownKey(key: string, origin: string): ConfigFault {
  if (/pkce|challenge/i.test(key))
    return broken(key, origin, 'PKCE with S256 is required of every client; there is nothing to set', 'remove it')
  const names = settings.map((setting) => setting.key)
  const sections = [...new Set(names.flatMap((name) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])))]
  const last = key.split('.').at(-1) ?? key
  const inAnotherPlace = names.find((name) => name.split('.').at(-1)?.toLowerCase() === last.toLowerCase())
  const close = nearest(key, key.includes('.') ? names : [...names, ...sections]) ?? inAnotherPlace
  return broken(key, origin, 'is not a setting', close === undefined ? 'remove it' : `did you mean ${close}?`)
}

function readSecretFile(variable: string, path: string): Written | ConfigFault {
  try {
    return { value: readFileSync(path, 'utf8').replace(/\r?\n$/, ''), origin: `${variable} (${path})` }
  } catch {
    return broken(variable, 'environment', `names ${path}, which cannot be read`, 'check the path and its permissions')
  }
}

const isFault = (found: Written | ConfigFault): found is ConfigFault => 'problem' in found

function fromVariables(setting: AnySetting, environment: Environment): Written | ConfigFault | undefined {
  const name = variableOf(setting.key)
  const direct = environment[name]
  const path = environment[`${name}_FILE`]
  if (direct !== undefined && path !== undefined)
    return broken(setting.key, name, `${name} and ${name}_FILE are both set`, 'keep one of them')
  if (path !== undefined) return readSecretFile(`${name}_FILE`, path)
  if (direct !== undefined) return { value: direct, origin: name }
  const standard = setting.standardVariable
  const value = standard === undefined ? undefined : environment[standard]
  return value === undefined || value === '' ? undefined : { value, origin: standard ?? '' }
}

/** What the environment says. A variable with our prefix that means nothing is a fault. */
export function environmentLayer(environment: Environment): { layer: Layer; faults: readonly ConfigFault[] } {
  const layer = new Map<string, Written>()
  const faults: ConfigFault[] = []
  const known = new Set(settings.flatMap(({ key }) => [variableOf(key), `${variableOf(key)}_FILE`]))
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('SALLYPORT_') || known.has(name) || otherVariables.has(name)) continue
    const close = nearest(name, [...known])
    const fix = close === undefined ? 'unset it' : `did you mean ${close}?`
    faults.push(broken(name, 'environment', 'is not a setting', fix))
  }
  for (const setting of settings) {
    const found = fromVariables(setting, environment)
    if (found === undefined) continue
    if (isFault(found)) faults.push(found)
    else layer.set(setting.key, found)
  }
  return { layer, faults }
}

/** What flags say, by the key of the setting. */
export function flagLayer(flags: Readonly<Record<string, { readonly flag: string; readonly value: unknown }>>): Layer {
  const layer = new Map<string, Written>()
  for (const [key, { flag, value }] of Object.entries(flags)) {
    if (value !== undefined) layer.set(key, { value, origin: flag })
  }
  return layer
}
