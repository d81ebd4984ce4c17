import { existsSync, readFileSync, statSync } from 'node:fs'
import type { LineCounter, Node, Pair, YAMLMap } from 'yaml'
import { unknownKey, type ConfigFault, type Environment, type Layer, type Written } from './layers.ts'
import { isSection, readSection, type DeclaredEntry } from './sections.ts'
import { settings } from './settings.ts'

/** Version of the shape of the file. */
export const configVersion = 1

export const defaultFile = 'sallyport.yaml'

type Reading = {
  readonly environment: Environment
  readonly layer: Map<string, Written>
  readonly faults: ConfigFault[]
  readonly declared: DeclaredEntry[]
  /** File and line of a node. */
  readonly place: (node: unknown) => string
  readonly isMap: (node: unknown) => node is YAMLMap<unknown, unknown>
  readonly plain: (node: unknown) => unknown
}

const keys = new Set(settings.map((setting) => setting.key))
const groups = new Set(settings.flatMap(({ key }) => (key.includes('.') ? [key.slice(0, key.indexOf('.'))] : [])))

const broken = (key: string, origin: string, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'broken',
})

function contents(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

/** Replaces `${env:NAME}` and `${file:/path}` in a text; nothing else is ever evaluated. */
function filledIn(text: string, { environment, faults }: Reading, key: string, origin: string): string | undefined {
  let complete = true
  const filled = text.replaceAll(/\$\{([^}:]{0,20}):([^}]{0,1000})\}/g, (_, scheme: string, name: string) => {
    const value = scheme === 'env' ? environment[name] : scheme === 'file' ? contents(name) : undefined
    if (value !== undefined) return value
    complete = false
    if (scheme === 'env') faults.push(broken(key, origin, `the variable ${name} is not set`, `set ${name}`))
    else if (scheme === 'file') faults.push(broken(key, origin, `${name} cannot be read`, 'check path and permissions'))
    else faults.push(broken(key, origin, `${scheme} is no source`, 'write ${env:NAME} or ${file:/path}'))
    return ''
  })
  return complete ? filled : undefined
}

const plainValue = (node: unknown): unknown =>
  typeof node === 'object' && node !== null && 'toJSON' in node && typeof node.toJSON === 'function'
    ? (node as Node).toJSON()
    : node

function readEntry(reading: Reading, key: string, origin: string, value: unknown): void {
  if (value === null || value === undefined) {
    reading.faults.push(broken(key, origin, 'has no value', 'give it one or remove the line'))
    return
  }
  const filled = typeof value === 'string' ? filledIn(value, reading, key, origin) : value
  if (filled !== undefined) reading.layer.set(key, { value: filled, origin })
}

function readPair(reading: Reading, prefix: string, pair: Pair<unknown, unknown>): void {
  const key = `${prefix}${String(plainValue(pair.key))}`
  const origin = reading.place(pair.key)
  const isGroup = prefix === '' && groups.has(key)
  if (prefix === '' && key === 'version') checkVersion(reading, origin, plainValue(pair.value))
  else if (prefix === '' && isSection(key)) {
    const fill = (text: string, at: string, place: string) => filledIn(text, reading, at, place)
    readSection({ ...reading, fill }, key, pair)
  } else if (keys.has(key)) readEntry(reading, key, origin, plainValue(pair.value))
  else if (isGroup && reading.isMap(pair.value))
    for (const inner of pair.value.items) readPair(reading, `${key}.`, inner)
  else if (isGroup) reading.faults.push(broken(key, origin, 'holds no settings', `write them below ${key}, indented`))
  else reading.faults.push(unknownKey(key, origin))
}

function checkVersion(reading: Reading, origin: string, version: unknown): void {
  if (version === configVersion) return
  const problem = `${JSON.stringify(version)} is not a version this release reads`
  reading.faults.push(broken('version', origin, problem, `write version: ${configVersion}`))
}

const placeIn =
  (file: string, lines: LineCounter) =>
  (node: unknown): string => {
    const range = typeof node === 'object' && node !== null && 'range' in node ? (node as Node).range : undefined
    return range === undefined || range === null ? file : `${file}:${lines.linePos(range[0]).line}`
  }

/** Longest file that is read. */
const maxFileSize = 4 * 1024 * 1024

/** What one file says: settings, declared objects, and what is wrong. */
export type FileContents = {
  readonly layer: Layer
  readonly declared: readonly DeclaredEntry[]
  readonly faults: readonly ConfigFault[]
}

/** Reads one file in YAML or JSON. */
export async function readConfigFile(file: string, environment: Environment): Promise<FileContents> {
  const layer = new Map<string, Written>()
  const declared: DeclaredEntry[] = []
  const refused = (fault: ConfigFault): FileContents => ({ layer, declared, faults: [fault] })
  if (!existsSync(file)) return refused(broken('config', file, 'does not exist', 'check --config'))
  if (statSync(file).size > maxFileSize)
    return refused(broken('config', file, 'is larger than 4 MiB', 'divide it over several files'))
  const { parseDocument, LineCounter, isMap, isNode } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, prettyErrors: false })
  const faults: ConfigFault[] = document.errors.map((error) =>
    broken(
      'syntax',
      `${file}:${lines.linePos(error.pos[0]).line}`,
      error.message.split('\n')[0] ?? '',
      'mend the line',
    ),
  )
  if (faults.length > 0) return { layer, declared, faults }
  const plain = (node: unknown): unknown => (isNode(node) ? node.toJS(document, { maxAliasCount: 100 }) : node)
  const reading: Reading = { environment, layer, faults, declared, place: placeIn(file, lines), isMap, plain }
  const top: unknown = document.contents
  if (!isMap(top)) return refused(broken('syntax', file, 'holds no settings', 'begin it with version: 1'))
  for (const pair of top.items) readPair(reading, '', pair)
  if (!document.has('version')) faults.push(broken('version', file, 'is missing', 'begin the file with version: 1'))
  return { layer, declared, faults }
}
