import { nearest } from '@sallyport/protocol'
import type { Kind, Parsed } from './kinds.ts'
import { shapeRules, type Shape } from './shapes.ts'

type Members<T> = { readonly [name in keyof T]-?: Shape }

/** How the entries of a list are read: their members, those that must be there, and what is wrong with the whole list. */
export type RecordRules<T> = {
  readonly members: Members<T>
  readonly required: readonly (keyof T & string)[]
  /** The first fault that the rules of the server find; `undefined` for a good list. */
  readonly judge: (entries: readonly T[]) => string | undefined
  readonly fix: string
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is wrong with one member of an entry; an unknown one is never passed over. */
function memberFault<T>(name: string, value: unknown, { members }: RecordRules<T>): string | undefined {
  if (!Object.hasOwn(members, name)) {
    const close = nearest(name, Object.keys(members))
    return `has ${JSON.stringify(name.slice(0, 60))}, which means nothing${close === undefined ? '' : `; did you mean ${close}?`}`
  }
  const rule = shapeRules[members[name as keyof T]]
  return rule.read(value) === undefined ? `has a ${name} that cannot be read; ${rule.fix}` : undefined
}

function readEntry<T>(written: unknown, rules: RecordRules<T>): T | string {
  if (!isRecord(written)) return 'is no entry with members'
  const missing = rules.required.find((name) => written[name] === undefined)
  if (missing !== undefined) return `has no ${missing}`
  const fault = Object.entries(written).flatMap(([name, value]) => memberFault(name, value, rules) ?? [])[0]
  if (fault !== undefined) return fault
  const read = (name: string, value: unknown): unknown => shapeRules[rules.members[name as keyof T]].read(value)
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, read(name, value)])) as T
}

/** A list of entries with members: a list in a file, JSON in the environment. */
export const recordList = <T>(rules: RecordRules<T>): Kind<readonly T[]> => ({
  parse: (written): Parsed<readonly T[]> => {
    const { fix } = rules
    let value: unknown = written
    try {
      if (typeof written === 'string') value = JSON.parse(written)
    } catch {
      return { problem: 'is not JSON', fix }
    }
    if (!Array.isArray(value)) return { problem: 'is no list of entries', fix }
    const entries: T[] = []
    for (const [index, one] of (value as readonly unknown[]).entries()) {
      const entry = readEntry(one, rules)
      if (typeof entry === 'string') return { problem: `entry ${index + 1} ${entry}`, fix }
      entries.push(entry)
    }
    const fault = rules.judge(entries)
    return fault === undefined ? { value: entries } : { problem: fault, fix }
  },
  write: (value) => JSON.stringify(value),
  schema: {
    type: 'array',
    items: {
      type: 'object',
      required: rules.required,
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries<Shape>(rules.members).map(([name, shape]) => [name, shapeRules[shape].schema]),
      ),
    },
  },
})
