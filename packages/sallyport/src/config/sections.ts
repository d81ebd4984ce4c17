import type { Pair, YAMLMap } from 'yaml'
import type { ConfigFault } from './layers.ts'

/** Parts of the file that declare objects instead of settings. */
export const sections = ['clients', 'resources', 'exceptions'] as const
export type Section = (typeof sections)[number]

export const isSection = (key: string): key is Section => (sections as readonly string[]).includes(key)

/** One declared object as it was written. */
export type DeclaredEntry = {
  readonly section: Section
  /** The name it is declared under. */
  readonly key: string
  /** File and line. */
  readonly origin: string
  readonly value: Readonly<Record<string, unknown>>
  /** File and line of each member. */
  readonly places: Readonly<Record<string, string>>
}

type Tools = {
  readonly faults: ConfigFault[]
  readonly declared: DeclaredEntry[]
  readonly place: (node: unknown) => string
  readonly isMap: (node: unknown) => node is YAMLMap<unknown, unknown>
  readonly plain: (node: unknown) => unknown
  /** Replaces placeholders; `undefined` when one cannot be filled, which is noted as a fault. */
  readonly fill: (text: string, key: string, origin: string) => string | undefined
}

/** Objects of one section in one file; each is looked at several times, so their number has an end. */
const maxObjects = 10_000
const maxDepth = 8

/** Reads a section whose members are objects by name. */
export function readSection(tools: Tools, section: Section, { key, value }: Pair<unknown, unknown>): void {
  const { faults, place, isMap } = tools
  const note = (at: string, origin: string, problem: string, fix: string): void =>
    void faults.push({ key: at, origin, problem, fix, kind: 'broken' })
  if (!isMap(value)) {
    note(section, place(key), 'declares nothing', `write each one below ${section}, indented under its name`)
    return
  }
  if (value.items.length > maxObjects) {
    note(section, place(key), `declares more than ${maxObjects} objects`, 'divide them over several files')
    return
  }
  for (const pair of value.items) {
    const name = String(tools.plain(pair.key))
    const path = `${section}.${name}`
    if (isMap(pair.value)) readObject(tools, { section, name, path }, pair.key, pair.value)
    else note(path, place(pair.key), 'says nothing', `write its members below ${name}, indented`)
  }
}

type Named = { readonly section: Section; readonly name: string; readonly path: string }

function readObject(tools: Tools, { section, name, path }: Named, head: unknown, map: YAMLMap<unknown, unknown>): void {
  const places: Record<string, string> = {}
  const value: Record<string, unknown> = {}
  for (const pair of map.items) {
    const member = String(tools.plain(pair.key))
    const origin = tools.place(pair.key)
    const read = plainly(tools, pair.value)
    // Own properties only: a member called __proto__ is one that is not known, like any other.
    Object.defineProperty(places, member, { value: origin, enumerable: true })
    // What a secret comes from is read when it is needed, so that a check needs no secrets.
    const filled = member === 'secret' ? read : filledIn(tools, read, `${path}.${member}`, origin)
    Object.defineProperty(value, member, { value: filled, enumerable: true })
  }
  tools.declared.push({ section, key: name, origin: tools.place(head), value, places })
}

/** The value of a node; aliases are followed a bounded number of times. */
function plainly({ plain }: Tools, node: unknown): unknown {
  try {
    return plain(node)
  } catch {
    return undefined
  }
}

function filledIn(tools: Tools, value: unknown, key: string, origin: string, depth = 0): unknown {
  if (typeof value === 'string') return tools.fill(value, key, origin)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return undefined
  if (Array.isArray(value)) return value.map((item: unknown) => filledIn(tools, item, key, origin, depth + 1))
  const record: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const filled = filledIn(tools, member, key, origin, depth + 1)
    Object.defineProperty(record, name, { value: filled, enumerable: true })
  }
  return record
}
