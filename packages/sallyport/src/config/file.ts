import { existsSync, readFileSync } from 'node:fs'
import type { Document, LineCounter, Node } from 'yaml'
import type { ConfigFault, Environment, Layer, Written } from './layers.ts'
import { unknownKey } from './layers.ts'
import { settings } from './settings.ts'

/** Version of the shape of the file. */
export const configVersion = 1

export const defaultFile = 'sallyport.yaml'

type Reading = {
  readonly file: string
  readonly environment: Environment
  readonly layer: Map<string, Written>
  readonly faults: ConfigFault[]
  readonly lineOf: (node: unknown) => string
}

const keys = new Set(settings.map((setting) => setting.key))
const groups = new Set(settings.flatMap(({ key }) => (key.includes('.') ? [key.slice(0, key.indexOf('.'))] : [])))

const fault = (key: string, origin: string, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'broken',
})

/** Replaces `${env:NAME}` and `${file:/path}` in a text; nothing else is ever evaluated. */
function filledIn(text: string, reading: Reading, key: string, origin: string): string | undefined {
  let failed = false
  const filled = text.replaceAll(/\$\{([^}:]{0,20}):([^}]{0,1000})\}/g, (_, scheme: string, name: string) => {
    const value = scheme === 'env' ? reading.environment[name] : scheme === 'file' ? contents(name) : undefined
    if (value !== undefined) return value
    failed = true
    const known = scheme === 'env' || scheme === 'file'
    const problem = known ? `\${${scheme}:${name}} gives nothing` : `\${${scheme}:…} is not a source`
    const fix = !known ? 'use ${env:NAME} or ${file:/path}' : scheme === 'env' ? `set ${name}` : `make ${name} readable`
    reading.faults.push(fault(key, origin, problem, fix))
    return ''
  })
  return failed ? undefined : filled
}

function contents(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

function readEntry(reading: Reading, key: string, node: unknown, value: unknown): void {
  const origin = reading.lineOf(node)
  if (value === null || value === undefined) {
    reading.faults.push(fault(key, origin, 'has no value', 'give it one or remove the line'))
    return
  }
  if (typeof value !== 'string') {
    reading.layer.set(key, { value, origin })
    return
  }
  const filled = filledIn(value, reading, key, origin)
  if (filled !== undefined) reading.layer.set(key, { value: filled, origin })
}

type Pair = { readonly key: unknown; readonly value: unknown }
type YamlMap = { readonly items: readonly Pair[] }

type Yaml = {
  isMap(node: unknown): boolean
  isScalar(node: unknown): boolean
}

function readMap(yaml: Yaml, reading: Reading, map: YamlMap, prefix: string): void {
  for (const pair of map.items) {
    const keyNode = pair.key as { readonly value?: unknown } & Partial<Node>
    const name = `${prefix}${String(keyNode.value)}`
    const value = pair.value as ({ toJSON?: () => unknown } & Partial<Node>) | null
    if (prefix === '' && name === 'version') checkVersion(reading, keyNode, value?.toJSON?.())
    else if (keys.has(name)) readEntry(reading, name, keyNode, value?.toJSON?.())
    else if (prefix === '' && groups.has(name) && yaml.isMap(value))
      readMap(yaml, reading, value as unknown as YamlMap, `${name}.`)
    else if (prefix === '' && groups.has(name) && value === null) continue
    else reading.faults.push(unknownKey(name, reading.lineOf(keyNode)))
  }
}

function checkVersion(reading: Reading, node: unknown, version: unknown): void {
  if (version === configVersion) return
  const problem = `${JSON.stringify(version)} is not a version this release reads`
  reading.faults.push(fault('version', reading.lineOf(node), problem, `write version: ${configVersion}`))
}

const position =
  (file: string, lines: LineCounter) =>
  (node: unknown): string => {
    const range = (node as Partial<Node>).range
    return range === null || range === undefined ? file : `${file}:${lines.linePos(range[0]).line}`
  }

/** Reads one file in YAML or JSON. */
export async function readConfigFile(
  file: string,
  environment: Environment,
): Promise<{ layer: Layer; faults: readonly ConfigFault[] }> {
  const layer = new Map<string, Written>()
  const faults: ConfigFault[] = []
  if (!existsSync(file)) {
    return { layer, faults: [fault('config', file, 'does not exist', 'check --config')] }
  }
  const { parseDocument, LineCounter, isMap, isScalar } = await import('yaml')
  const lines = new LineCounter()
  const document: Document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, prettyErrors: false })
  for (const error of document.errors) {
    const { line } = lines.linePos(error.pos[0])
    faults.push(fault('syntax', `${file}:${line}`, error.message.split('\n')[0] ?? '', 'mend the file'))
  }
  if (faults.length > 0) return { layer, faults }
  const reading: Reading = { file, environment, layer, faults, lineOf: position(file, lines) }
  if (isMap(document.contents)) {
    readMap({ isMap, isScalar }, reading, document.contents as unknown as YamlMap, '')
    if (!document.has('version'))
      faults.push(fault('version', file, 'is missing', `begin the file with version: ${configVersion}`))
  } else if (document.contents !== null) {
    faults.push(
      fault(
        'syntax',
        file,
        'does not hold settings',
        'write one setting a line, such as issuer: https://id.example.com',
      ),
    )
  }
  return { layer, faults }
}
