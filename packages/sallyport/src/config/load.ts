import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CertificateForm } from '@sallyport/protocol'
import type {
  DetailType,
  DocumentOptions,
  OutboundOptions,
  PolicyOptions,
  RegistrationOptions,
} from '@sallyport/server'
import { CommandFailure, exitCode } from '../failure.ts'
import type { Declarations } from './declared.ts'
import { defaultFile, readConfigFile } from './file.ts'
import { environmentLayer, type ConfigFault, type Environment, type Layer } from './layers.ts'
import type { DeclaredEntry } from './sections.ts'
import * as known from './settings.ts'
import { detailTypes } from './detail-settings.ts'
import { exchangeOptions, type ExchangeConfig } from './exchange-settings.ts'
import { registrationOptions } from './registration-settings.ts'
import type { Setting } from './setting.ts'
import type { AnySetting, LogLevel } from './settings.ts'
import { externalKeyFaults, keyPlace, type KeyPlace } from './key-settings.ts'
import { policyFaults, policyOptions } from './policy-settings.ts'
import * as tls from './tls-settings.ts'

/** Everything the daemon and the commands go by. */
export type Config = {
  readonly issuer: string | undefined
  readonly data: string
  /** Path of the SQLite file. */
  readonly storePath: string
  readonly masterKey: string | undefined
  readonly http: {
    readonly host: string
    readonly port: number
    readonly trustedProxies: readonly string[]
    readonly maxConnections: number
    readonly maxConnectionsPerAddress: number
  }
  /** Files of the certificate and its key, where the server speaks TLS itself. */
  readonly tls: { readonly cert: string | undefined; readonly key: string | undefined }
  readonly externalKeys: KeyPlace
  /** Client certificates, and files of what they are held against. */
  readonly mtls: {
    readonly accept: tls.CertificateOrigin
    readonly port: number
    readonly url: string | undefined
    readonly proxyHeader: CertificateForm
    readonly trustAnchors: string | undefined
    readonly revocationLists: string | undefined
  }
  readonly management: { readonly host: string; readonly port: number }
  readonly log: { readonly level: LogLevel }
  readonly drainLimit: number
  readonly language: string
  readonly secondFactor: 'always' | 'on_demand'
  /** Levels of signing in, each in one line. */
  readonly acrLevels: readonly string[]
  readonly policy: PolicyOptions
  readonly notices: { readonly webhook: string | undefined; readonly secret: string | undefined }
  readonly alerts: { readonly webhook: string | undefined; readonly secret: string | undefined }
  readonly metadataDocuments: DocumentOptions
  readonly outbound: OutboundOptions
  readonly registration: RegistrationOptions
  /** Whose tokens and assertions become tokens of others. */
  readonly exchange: ExchangeConfig
  readonly authorizationDetails: readonly DetailType[]
  /** Target dates by setting, for the report of old habits. */
  readonly legacyTargets: Readonly<Record<string, string>>
}

export type Sources = {
  readonly flags: Layer
  readonly files: readonly string[]
  readonly profile: string | undefined
  readonly environment: Environment
}

/** One setting as it came out. */
export type Resolved = { readonly setting: AnySetting; readonly value: unknown; readonly origin: string }

export type Loaded = {
  /** A setting with a fault has its default here. */
  readonly resolved: ReadonlyMap<string, Resolved>
  /** Clients and resources that the files declare. */
  readonly declarations: Declarations
  readonly faults: readonly ConfigFault[]
}

function filesOf({ files, profile, environment }: Sources): readonly string[] {
  const named = files.length > 0 ? files : (environment['SALLYPORT_CONFIG']?.split(',') ?? [])
  const first = named.length > 0 || !existsSync(defaultFile) ? named : [defaultFile]
  const wanted = profile ?? environment['SALLYPORT_PROFILE']
  return wanted === undefined ? first : [...first, profileFile(wanted)]
}

export const profileFile = (profile: string): string => `sallyport.${profile}.yaml`

/** Gathers what every source says. Precedence: flag, environment, later file, earlier file, default. */
export async function loadSettings(sources: Sources): Promise<Loaded> {
  const faults: ConfigFault[] = []
  const layers: Layer[] = [sources.flags]
  const environment = environmentLayer(sources.environment)
  faults.push(...environment.faults)
  layers.push(environment.layer)
  const files: Layer[] = []
  const declared: DeclaredEntry[] = []
  for (const file of filesOf(sources)) {
    const read = await readConfigFile(file, sources.environment)
    faults.push(...read.faults)
    files.unshift(read.layer)
    declared.push(...read.declared)
  }
  layers.push(...files)
  const resolved = new Map<string, Resolved>()
  for (const setting of known.settings) {
    const written = layers.find((layer) => layer.has(setting.key))?.get(setting.key)
    if (written === undefined) {
      resolved.set(setting.key, { setting, value: setting.fallback, origin: 'default' })
      continue
    }
    const parsed = setting.kind.parse(written.value)
    const value = 'problem' in parsed ? setting.fallback : parsed.value
    if ('problem' in parsed) faults.push({ ...weight(parsed), key: setting.key, origin: written.origin })
    resolved.set(setting.key, { setting, value, origin: written.origin })
  }
  if (faults.length === 0) faults.push(...contradictions(resolved))
  if (declared.length === 0) return { resolved, declarations: { clients: [], resources: [], exceptions: [] }, faults }
  // The rules of registration come with it: only files that declare something need them.
  const { readDeclarations } = await import('./declared.ts')
  const read = readDeclarations(declared)
  return { resolved, declarations: read.declarations, faults: [...faults, ...read.faults] }
}

/** What is only wrong together. */
function contradictions(resolved: Loaded['resolved']): readonly ConfigFault[] {
  const value = <T>(setting: Setting<T>): T => resolved.get(setting.key)?.value as T
  const origin = originIn(resolved)
  return [
    ...externalKeyFaults(keyPlace((key) => resolved.get(key)?.value)),
    ...policyFaults(policyOptions(value, origin), origin),
  ]
}

const originIn =
  (resolved: Loaded['resolved']) =>
  (key: string): string =>
    resolved.get(key)?.origin ?? 'default'

/** A value outside its bounds is understood, only not acceptable. */
const weight = (parsed: { problem: string; fix: string }): Omit<ConfigFault, 'key' | 'origin'> => ({
  ...parsed,
  kind: /floor|ceiling/.test(parsed.problem) ? 'weak' : 'broken',
})

/** The path in `sqlite:PATH`. */
function storePath(store: string | undefined, data: string): string {
  if (store === undefined) return join(data, 'sallyport.db')
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(store)?.[1]
  if (path === undefined) {
    const scheme = /^[a-z+]{1,20}:/i.exec(store)?.[0] ?? 'this'
    throw new CommandFailure(exitCode.unusable, `store: ${scheme} is no store of this release; write sqlite:PATH`)
  }
  return path
}

/** The configuration, from settings that have no fault. */
export function configOf(resolved: Loaded['resolved']): Config {
  // The map was filled with values of the setting's own kind.
  const maybe = <T>(setting: Setting<T>): T | undefined => resolved.get(setting.key)?.value as T | undefined
  const value = <T>(setting: Setting<T>): T => maybe(setting) as T
  return {
    issuer: maybe(known.issuer),
    data: value(known.data),
    storePath: storePath(maybe(known.store), value(known.data)),
    masterKey: maybe(known.masterKey),
    http: {
      host: value(known.httpHost),
      port: value(known.httpPort),
      trustedProxies: value(known.trustedProxies),
      maxConnections: value(known.maxConnections),
      maxConnectionsPerAddress: value(known.maxConnectionsPerAddress),
    },
    tls: { cert: maybe(tls.tlsCert), key: maybe(tls.tlsKey) },
    mtls: {
      accept: value(tls.mtlsAccept),
      port: value(tls.mtlsPort),
      url: maybe(tls.mtlsUrl),
      proxyHeader: value(tls.mtlsProxyHeader),
      trustAnchors: maybe(tls.mtlsTrustAnchors),
      revocationLists: maybe(tls.mtlsRevocationLists),
    },
    externalKeys: keyPlace((key) => resolved.get(key)?.value),
    management: { host: value(known.managementHost), port: value(known.managementPort) },
    log: { level: value(known.logLevel) },
    drainLimit: value(known.drainLimit),
    language: value(known.language),
    secondFactor: value(known.secondFactor),
    acrLevels: value(known.acrLevels),
    policy: policyOptions(value, originIn(resolved)),
    notices: { webhook: maybe(known.noticeWebhook), secret: maybe(known.noticeSecret) },
    alerts: { webhook: maybe(known.alertWebhook), secret: maybe(known.alertSecret) },
    registration: registrationOptions(value),
    exchange: exchangeOptions(value),
    authorizationDetails: value(detailTypes),
    metadataDocuments: {
      accept: value(known.documentMode),
      hosts: value(known.documentHosts),
      blockedHosts: value(known.blockedDocumentHosts),
      redirects: value(known.documentRedirects),
    },
    outbound: { loopback: value(known.outboundLoopback) },
    legacyTargets: Object.fromEntries(known.legacyTargets.map((one) => [one.key, value(one)])),
  }
}

/** One line a fault: where, what, and what to do. */
export const faultLine = ({ key, origin, problem, fix }: ConfigFault): string =>
  `${key} (${origin}): ${problem}; ${fix}`

/** Loads the configuration. Every fault at once is a failure with exit code 78. */
export async function loadConfig(sources: Sources): Promise<Config> {
  const { resolved, faults } = await loadSettings(sources)
  if (faults.length > 0)
    throw new CommandFailure(exitCode.unusable, 'the configuration cannot be used', faults.map(faultLine))
  return configOf(resolved)
}
