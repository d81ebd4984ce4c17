import { dirname, join, relative } from 'node:path'
import { cycles } from './cycles.ts'
import type { Finding } from './finding.ts'
import type { Import } from './imports.ts'
import type { Workspace } from './workspace.ts'

export type SourceFile = { readonly path: string; readonly imports: readonly Import[] }

/** What a package of ours may import from other packages of ours. A package that is missing here is a finding. */
const direction: Readonly<Record<string, readonly string[]>> = {
  '@sallyport/protocol': [],
  '@sallyport/server': ['@sallyport/protocol'],
  '@sallyport/resource': ['@sallyport/protocol'],
  '@sallyport/store-sqlite': ['@sallyport/protocol', '@sallyport/server'],
  '@sallyport/signer-pkcs11': ['@sallyport/protocol', '@sallyport/server'],
  '@sallyport/accounts': ['@sallyport/protocol', '@sallyport/server'],
  '@sallyport/testing': ['@sallyport/protocol', '@sallyport/server'],
  sallyport: [
    '@sallyport/protocol',
    '@sallyport/server',
    '@sallyport/resource',
    '@sallyport/store-sqlite',
    '@sallyport/accounts',
    '@sallyport/signer-pkcs11',
  ],
}

/**
 * Folders and files of packages/server/src, lowest first; what stands in one row does not know its neighbours. A file
 * named with its folder has a place of its own: the context holds the caches and the key ring, so they stand below it.
 */
const serverLayers: readonly (readonly string[])[] = [
  ['model'],
  ['ids.ts', 'issuer.ts', 'network.ts', 'secrets.ts', 'claims.ts', 'document-policy.ts', 'detail-types.ts'],
  ['narrow-details.ts'],
  ['incidents.ts', 'master-key.ts', 'stages.ts', 'vault.ts'],
  ['profiles.ts'],
  ['alerts.ts', 'events.ts', 'policy.ts', 'usage.ts'],
  ['registration-policy.ts', 'trusted-issuers.ts', 'exchange-policy.ts', 'identity-audiences.ts', 'mutual-tls.ts'],
  ['server-options.ts', 'shared-counter.ts'],
  ['limits.ts', 'outbound'],
  ['relaxations.ts', 'clients/client-cache.ts', 'clients/client-keys.ts', 'tokens/key-pair.ts'],
  ['tokens/external-signer.ts'],
  ['tokens/key-ring.ts'],
  ['tokens/key-schedule.ts'],
  ['tokens/verified-token-cache.ts'],
  ['context.ts'],
  ['http.ts', 'refusals.ts', 'subjects.ts'],
  ['form.ts', 'json-body.ts', 'code-facts.ts', 'failed-exchange.ts'],
  ['clients', 'tokens'],
  ['grants', 'authorization', 'logout-notifier.ts'],
  [
    'create-context.ts',
    'host.ts',
    'unused-clients.ts',
    'metadata.ts',
    'resource-documents.ts',
    'refused-token-request.ts',
  ],
  ['maintain.ts'],
  ['endpoints'],
  ['server.ts'],
  ['adapters', 'store'],
  ['prove'],
  ['index.ts'],
]

/** Where the entries of a folder are listed: an entry is imported there by value and never by another entry. */
const tables: readonly { readonly folder: string; readonly table: string }[] = [
  { folder: 'grants', table: 'grants/index.ts' },
  { folder: 'endpoints', table: 'server.ts' },
]

type Edge = { readonly from: string; readonly to: string; readonly import: Import }

/** Everything in which the sources depart from the layers of the design, in file order. */
export function layerFindings(packages: readonly Workspace[], files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = []
  const edges: Edge[] = []
  for (const file of files) {
    const owner = packages.find((candidate) => file.path.startsWith(`${candidate.folder}/`))
    if (owner === undefined) continue
    for (const named of file.imports) {
      const object = (message: string) => findings.push({ file: file.path, line: named.line, message })
      const target = resolve(packages, owner, file.path, named, object)
      if (target !== undefined) edges.push({ from: file.path, to: target, import: named })
    }
  }
  return [
    ...findings,
    ...barrelFindings(packages, files, edges),
    ...serverFindings(packages, edges),
    ...cycleFindings(edges),
  ]
}

/** The source file an import leads to; undefined for libraries and for what was objected to. */
function resolve(
  packages: readonly Workspace[],
  owner: Workspace,
  from: string,
  named: Import,
  object: (message: string) => void,
): string | undefined {
  const { specifier } = named
  if (specifier.startsWith('.')) {
    const target = join(dirname(from), specifier)
    if (target.startsWith(`${owner.folder}/src/`)) return target
    object(`reaches out of its package with ${specifier}; import the package by name`)
    return undefined
  }
  if (specifier.startsWith('node:')) return undefined
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (name === owner.name) object(`imports its own package by name; use the relative path`)
  else if (!owner.dependencies.includes(name)) object(`imports ${name}, which package.json does not list`)
  const ours = packages.find((candidate) => candidate.name === name)
  if (ours === undefined) return undefined
  if (name !== owner.name && !(direction[owner.name] ?? []).includes(name)) {
    object(`imports ${name}, which does not stand below ${owner.name}`)
  }
  const door = ours.doors.get(specifier)
  if (door === undefined) object(`imports ${specifier}, which ${name} does not export`)
  return door
}

function barrelFindings(
  packages: readonly Workspace[],
  files: readonly SourceFile[],
  edges: readonly Edge[],
): Finding[] {
  const doors = new Set(packages.flatMap((one) => [...one.doors.values()]))
  const passOn = (file: SourceFile) => file.imports.find((named) => named.kind === 're-export')
  const barrels = new Set(files.filter((file) => passOn(file) !== undefined).map((file) => file.path))
  const corridors = files.flatMap((file) => {
    const line = passOn(file)?.line
    if (line === undefined || doors.has(file.path)) return []
    return [{ file: file.path, line, message: 'passes on what another file exports; only a door of the package may' }]
  })
  const inside = edges.filter(
    ({ from, to }) => doors.has(to) && barrels.has(to) && packageOf(packages, from) === packageOf(packages, to),
  )
  const misused = inside
    .filter(({ import: named }) => named.kind !== 're-export')
    .map((edge) => ({
      file: edge.from,
      line: edge.import.line,
      message: `goes through the door ${shortName(packages, edge.to)}; import the file that owns the name`,
    }))
  return [...corridors, ...misused]
}

function serverFindings(packages: readonly Workspace[], edges: readonly Edge[]): Finding[] {
  const server = packages.find((candidate) => candidate.name === '@sallyport/server')
  if (server === undefined) return []
  const source = join(server.folder, 'src')
  const own = edges.filter(({ from, to }) => from.startsWith(`${source}/`) && to.startsWith(`${source}/`))
  const inside = (path: string) => relative(source, path)
  const entries = new Map(
    tables.map(({ folder, table }) => [folder, entriesOf(own, join(source, table), join(source, folder))]),
  )
  return own.flatMap((edge) => {
    const message = layerObjection(inside(edge.from), inside(edge.to)) ?? entryObjection(entries, inside, edge)
    return message === undefined ? [] : [{ file: edge.from, line: edge.import.line, message }]
  })
}

function layerObjection(from: string, to: string): string | undefined {
  const [above, below] = [placeOf(from), placeOf(to)]
  if (above === undefined || below === undefined) {
    return `${above === undefined ? from : to} has no place in the layers; give it one in scripts/layers.ts`
  }
  if (above.member === below.member || above.row > below.row) return undefined
  return above.row === below.row
    ? `${above.member} and ${below.member} are siblings and do not import each other`
    : `${above.member} imports ${below.member}, which stands above it`
}

function placeOf(path: string): { readonly row: number; readonly member: string } | undefined {
  for (const member of [path, path.split('/')[0] ?? path]) {
    const row = serverLayers.findIndex((members) => members.includes(member))
    if (row >= 0) return { row, member }
  }
  return undefined
}

function entriesOf(edges: readonly Edge[], table: string, folder: string): ReadonlySet<string> {
  const listed = edges.filter(
    ({ from, to, import: named }) => from === table && to.startsWith(`${folder}/`) && named.kind === 'import',
  )
  return new Set(listed.map(({ to }) => to))
}

function entryObjection(
  entries: ReadonlyMap<string, ReadonlySet<string>>,
  inside: (path: string) => string,
  { from, to }: Edge,
): string | undefined {
  for (const [folder, members] of entries) {
    if (members.has(from) && members.has(to))
      return `${inside(from)} imports ${inside(to)}; entries of ${folder} do not know each other`
  }
  return undefined
}

function cycleFindings(edges: readonly Edge[]): Finding[] {
  return cycles(edges).map((members) => {
    const edge = edges.find(({ from, to }) => members.includes(from) && members.includes(to))
    const names = members.map((path) => path.replace(/^.*\/packages\//, ''))
    return {
      file: members[0] ?? '',
      line: edge?.import.line,
      message: `imports itself in a circle: ${names.join(' → ')}`,
    }
  })
}

const packageOf = (packages: readonly Workspace[], path: string) =>
  packages.find((one) => path.startsWith(`${one.folder}/`))

function shortName(packages: readonly Workspace[], path: string): string {
  return relative(packageOf(packages, path)?.folder ?? '', path)
}
