// Proves with mutated sources, one mutation after the other in this process: each is a graph of modules of its own, told apart
// by a query, and nothing is written to disk. Reads the mutations from its input and prints a line of JSON for each.
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { systemRandom } from '@sallyport/protocol'
import type { ProofCase } from '@sallyport/server/prove'
import type { Mutation } from './mutations.ts'

const packages = new URL('../../../', import.meta.url).href
const ours = new RegExp(`^${packages.replaceAll(/[.?]/g, '\\$&')}(?:protocol|server)/src/`)
const mutations = JSON.parse(await text(process.stdin)) as readonly (Mutation & { readonly index: number })[]
const graph = /\?mutation=(\d+)$/

/** Sources without their types; the same for every graph but for what a mutation changes. */
const plain = new Map<string, string>()
const resolved = new Map<string, string>()

function sourceOf(file: string, { edits }: Pick<Mutation, 'edits'>): string {
  const own = edits.filter((edit) => `${packages}${edit.file}` === file)
  const known = own.length === 0 ? plain.get(file) : undefined
  if (known !== undefined) return known
  let source = readFileSync(fileURLToPath(file), 'utf8')
  for (const { file: name, find, replace } of own) {
    // A check that moved or changed its words has to be mutated where it is now.
    if (source.split(find).length !== 2) throw new Error(`${name} has not exactly one: ${find}`)
    source = source.replace(find, () => replace)
  }
  const stripped = stripTypeScriptTypes(source)
  if (own.length === 0) plain.set(file, stripped)
  return stripped
}

registerHooks({
  resolve: (specifier, context, next) => {
    const [suffix = ''] = graph.exec(context.parentURL ?? '') ?? []
    if (suffix === '') return next(specifier, context)
    const parent = context.parentURL?.slice(0, -suffix.length) ?? ''
    const key = `${specifier} ${parent}`
    const url = resolved.get(key) ?? next(specifier, { ...context, parentURL: parent }).url
    resolved.set(key, url)
    return ours.test(url) ? { url: `${url}${suffix}`, shortCircuit: true } : { url, shortCircuit: true }
  },
  load: (url, context, next) => {
    const [suffix = '', index] = graph.exec(url) ?? []
    const mutation = mutations.find((one) => String(one.index) === index)
    if (mutation === undefined) return next(url, context)
    return { format: 'module', source: sourceOf(url.slice(0, -suffix.length), mutation), shortCircuit: true }
  },
})

const failedOf = (cases: readonly ProofCase[]): readonly string[] => [
  ...new Set(cases.filter(({ holds }) => !holds).map(({ requirement }) => requirement)),
]

for (const { index, edits, policy } of mutations) {
  let outcome: object
  try {
    const entry = `${packages}server/src/prove/index.ts?mutation=${index}`
    const { prove } = (await import(entry)) as typeof import('@sallyport/server/prove')
    const options = { issuer: 'https://as.test', policy: policy ?? everything(), random: systemRandom() }
    // What the short proof sends is sent by the whole one as well: what the one notices the other does.
    const report = await prove({ ...options, short: edits.length > 0 })
    const changed = edits.every(({ file }) => [...resolved.values()].includes(`${packages}${file}`))
    outcome = { ...report, extent: report.extent, changed, failed: failedOf(report.cases), cases: report.cases.length }
  } catch (error) {
    outcome = { fault: String(error) }
  }
  process.stdout.write(`${JSON.stringify({ index, ...outcome })}\n`)
}

function everything() {
  return { deviceGrant: true, pkceExceptions: 'dated' } as const
}
