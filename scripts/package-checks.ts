import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { runChild, runNode } from './child.ts'
import { tool } from './paths.ts'
import { failed, passed, sum, type Outcome } from './step.ts'
import { workspaces, type Workspace } from './workspace.ts'

/** Builds and packs every package, then looks at the tarballs as a stranger who installs them would. */
export async function packageChecks(folder: string): Promise<Outcome> {
  const build = await runNode(['scripts/build.ts'])
  if (build.code !== 0) return failed(build.output)
  const packages = workspaces().filter((one) => !one.private)
  const packed = join(folder, 'packed')
  const outcomes: Outcome[] = [passed()]
  for (const one of packages) outcomes.push(...(await checkPackage(one, packed)))
  outcomes.push(...(await importEverywhere(packages, packed)), await compileConsumer(packages, packed))
  return sum(outcomes)
}

async function checkPackage(one: Workspace, packed: string): Promise<Outcome[]> {
  const installed = join(packed, 'node_modules', one.name)
  mkdirSync(installed, { recursive: true })
  const pack = await runChild('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', packed], {
    cwd: one.folder,
  })
  if (pack.code !== 0) return [failed(`${one.name} cannot be packed\n${pack.output}`)]
  const tarball = join(packed, `${one.name.replace('@', '').replace('/', '-')}-${one.version}.tgz`)
  const unpack = await runChild('tar', ['xzf', tarball, '--strip-components=1', '-C', installed])
  if (unpack.code !== 0) return [failed(`${one.name} cannot be unpacked\n${unpack.output}`)]
  // The versions that npm put beside the package itself, because another one is at the top.
  const own = join(one.folder, 'node_modules')
  if (existsSync(own)) symlinkSync(own, join(installed, 'node_modules'))
  const programs = await Promise.all(one.programs.map((program) => programStarts(one, join(installed, program))))
  return [
    await contents(one, tarball),
    await lintPackage(one, installed),
    await typesResolve(one, tarball),
    ...programs,
  ]
}

/** A program of the package starts from what was unpacked and knows its version. */
async function programStarts(one: Workspace, program: string): Promise<Outcome> {
  const { code, output } = await runChild(process.execPath, [program, '--version'], { timeout: 20_000 })
  return code === 0 && output.includes(one.version) ? passed() : failed(`${one.name}: ${program} --version\n${output}`)
}

/** Only what is meant for others travels: no sources, no tests, no build records. */
async function contents(one: Workspace, tarball: string): Promise<Outcome> {
  const { output } = await runChild('tar', ['tzf', tarball])
  const files = output.trim().split('\n')
  const wanted = ['package/package.json', 'package/LICENSE', 'package/README.md']
  const missing = wanted.filter((file) => !files.includes(file)).map((file) => `${file} is missing`)
  const stray = files.filter(
    (file) =>
      !/^package\/(dist\/|bin\/|package\.json$|LICENSE$|README\.md$)/.test(file) || /tsbuildinfo|\.map$/.test(file),
  )
  const faults = [...missing, ...stray.map((file) => `${file} does not belong into the package`)]
  return faults.length === 0 ? passed() : failed(`${one.name}\n${faults.join('\n')}`)
}

async function lintPackage(one: Workspace, installed: string): Promise<Outcome> {
  const pkg = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>
  const { messages } = await publint({ pkgDir: installed, strict: true, pack: false })
  const faults = messages.map((message) => formatMessage(message, pkg) ?? message.code)
  return faults.length === 0 ? passed() : failed(`${one.name}\n${faults.join('\n')}`)
}

async function typesResolve(one: Workspace, tarball: string): Promise<Outcome> {
  const { code, output } = await runNode([
    tool('@arethetypeswrong/cli/dist/index.js'),
    tarball,
    '--profile',
    'esm-only',
    '--no-color',
    '--no-emoji',
  ])
  return code === 0 ? passed() : failed(`${one.name}\n${output}`)
}

/** Imports every door of every packed package, on this Node and, where the package allows it, on the host's older one. */
async function importEverywhere(packages: readonly Workspace[], packed: string): Promise<Outcome[]> {
  const host = hostNode()
  const outcomes: Outcome[] = []
  for (const one of packages) {
    const code = [...one.doors.keys()].map((door) => `await import(${JSON.stringify(door)})`).join('\n')
    const nodes = [process.execPath, ...(host !== undefined && one.node === '>=20.19' ? [host] : [])]
    for (const node of nodes) {
      const { code: exit, output } = await runChild(node, ['--input-type=module', '--eval', code], { cwd: packed })
      outcomes.push(exit === 0 ? passed() : failed(`${one.name} does not load from its tarball on ${node}\n${output}`))
    }
  }
  return outcomes
}

/** Compiles a project that uses every door, declarations included, as a consumer with strict settings would. */
async function compileConsumer(packages: readonly Workspace[], packed: string): Promise<Outcome> {
  const doors = packages.flatMap((one) => [...one.doors.keys()])
  const imports = doors.map((door, index) => `export * as door${index} from '${door}'`)
  writeFileSync(join(packed, 'consumer.ts'), `${imports.join('\n')}\n`)
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'dom', 'dom.iterable'], types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false },
  }
  writeFileSync(join(packed, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  const { code, output } = await runNode([tool('tsc-native/bin/tsc'), '-p', packed, '--pretty', 'false'])
  return code === 0 ? passed() : failed(`the published types do not compile for a consumer\n${output}`)
}

/** The Node on the path outside this checkout, when it is another one. */
function hostNode(): string | undefined {
  return process.env['SALLYPORT_HOST_NODE']
}
