import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sourceFiles } from './source-files.ts'

type Conditions = { readonly [condition: string]: string }

/** One package of packages/, as its package.json describes it. */
export type Workspace = {
  readonly folder: string
  readonly name: string
  readonly version: string
  /** Node range, `>=20.19`. */
  readonly node: string
  readonly private: boolean
  /** Absolute paths of the sources behind `exports`, keyed by what an importer writes. */
  readonly doors: ReadonlyMap<string, string>
  /** Paths of its programs, relative to the package. */
  readonly programs: readonly string[]
  /** Names an import of this package may use. */
  readonly dependencies: readonly string[]
}

type PackageJson = {
  name: string
  version: string
  private?: boolean
  engines?: { node?: string }
  exports?: Record<string, Conditions | string>
  bin?: Record<string, string>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/** Every package under packages/, by folder name. */
export function workspaces(): Workspace[] {
  return sourceFiles('packages/*/package.json').map(readWorkspace)
}

function readWorkspace(file: string): Workspace {
  const json = JSON.parse(readFileSync(file, 'utf8')) as PackageJson
  const folder = dirname(file)
  const doors = new Map<string, string>()
  for (const [door, target] of Object.entries(json.exports ?? {})) {
    const source = typeof target === 'string' ? undefined : target['@sallyport/source']
    if (source !== undefined) doors.set(json.name + door.slice(1), join(folder, source))
  }
  return {
    folder,
    name: json.name,
    version: json.version,
    node: json.engines?.node ?? '',
    private: json.private === true,
    doors,
    programs: Object.values(json.bin ?? {}),
    dependencies: Object.keys({ ...json.dependencies, ...json.peerDependencies, ...json.optionalDependencies }),
  }
}
