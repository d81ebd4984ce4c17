import { readFileSync } from 'node:fs'
import type { MutualTlsOptions } from '@sallyport/server'
import type { ConfigFault } from './config/layers.ts'
import type { Config } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'

type Settings = Config['mtls']

/** What the server is told of mutual TLS; `undefined` where no client comes with a certificate. */
export function mutualTlsOptions({ mtls }: Pick<Config, 'mtls'>): MutualTlsOptions | undefined {
  if (mtls.accept === 'off') return undefined
  const { trustAnchors, revocationLists, url } = mtls
  if (trustAnchors === undefined) return { url }
  const anchors = readText(trustAnchors)
  if (anchors === undefined)
    throw new CommandFailure(exitCode.unusable, `mtls.trustAnchors: ${trustAnchors} cannot be read`)
  const lists = revocationLists === undefined ? undefined : renewedText(revocationLists)
  return { url, authorities: { anchors, revocationLists: lists } }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Milliseconds between two looks at a file of revocation lists. */
const interval = 10_000

/** The text of a file as it is now. One that cannot be read is an empty list, with which nobody is vouched for. */
function renewedText(path: string): () => string {
  let text = readText(path) ?? ''
  let readAt = performance.now()
  return () => {
    if (performance.now() - readAt < interval) return text
    readAt = performance.now()
    text = readText(path) ?? ''
    return text
  }
}

const fault = (key: keyof Settings, origin: string, problem: string, fix: string): ConfigFault => ({
  ...{ key: `mtls.${key}`, origin, problem, fix },
  kind: 'broken',
})

/** What no server may be started with. A setting that would do nothing is told, since somebody relies on it. */
export function mutualTlsFaults(config: Config, placeOf: (key: string) => string): readonly ConfigFault[] {
  const { mtls, tls, http } = config
  const found = (key: keyof Settings, problem: string, fix: string): ConfigFault =>
    fault(key, placeOf(`mtls.${key}`), problem, fix)
  const faults: ConfigFault[] = []
  if (mtls.accept === 'off') {
    for (const key of ['url', 'trustAnchors', 'revocationLists'] as const)
      if (mtls[key] !== undefined)
        faults.push(found(key, 'means nothing while mtls.accept is off', 'set mtls.accept, or remove it'))
    return faults
  }
  if (mtls.accept === 'direct' && tls.cert === undefined)
    faults.push(found('accept', 'direct needs TLS of our own', 'set tls.cert and tls.key'))
  if (mtls.accept === 'direct' && mtls.url === undefined)
    faults.push(
      found('url', 'is not set', 'name the origin of the listener at mtls.port, such as https://id.example.com:7638'),
    )
  if (mtls.accept === 'proxy' && http.trustedProxies.length === 0)
    faults.push(found('accept', 'proxy needs proxies that are believed', 'name them in http.trustedProxies'))
  return [...faults, ...fileFaults(mtls, found)]
}

function fileFaults(
  mtls: Settings,
  found: (key: keyof Settings, problem: string, fix: string) => ConfigFault,
): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  for (const key of ['trustAnchors', 'revocationLists'] as const) {
    const path = mtls[key]
    if (path !== undefined && readText(path) === undefined)
      faults.push(found(key, `${path} cannot be read`, 'check the path and its permissions'))
  }
  if (mtls.revocationLists !== undefined && mtls.trustAnchors === undefined)
    faults.push(found('revocationLists', 'belong to authorities that are not named', 'set mtls.trustAnchors'))
  return faults
}
