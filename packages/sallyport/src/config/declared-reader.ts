import { nearest } from '@sallyport/protocol'
import type { ConfigFault } from './layers.ts'
import type { DeclaredEntry } from './sections.ts'
import { shapeRules, type Shape } from './shapes.ts'

export const fault = ({ key, origin }: { key: string; origin: string }, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'broken',
})

export type Reader = { readonly entry: DeclaredEntry; readonly faults: ConfigFault[] }

export const at = ({ entry }: Reader, member: string): { key: string; origin: string } => ({
  key: `${entry.section}.${entry.key}.${member}`,
  origin: Object.hasOwn(entry.places, member) ? (entry.places[member] ?? entry.origin) : entry.origin,
})

function unknownMember(reader: Reader, member: string, known: readonly string[]): void {
  const close = nearest(member, known)
  const about = /pkce|challenge/i.test(member)
  const problem = about
    ? 'PKCE with S256 is required of every client; there is nothing to set'
    : 'is not a member of this object'
  reader.faults.push(
    fault(at(reader, member), problem, about || close === undefined ? 'remove it' : `did you mean ${close}?`),
  )
}

/** The members of an object, each of its own kind; everything else is a fault. */
export function members(reader: Reader, known: Readonly<Record<string, Shape>>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [member, written] of Object.entries(reader.entry.value)) {
    if (!Object.hasOwn(known, member)) {
      unknownMember(reader, member, Object.keys(known))
      continue
    }
    const rule = shapeRules[known[member] ?? 'any']
    const value = rule.read(written)
    if (value === undefined) reader.faults.push(fault(at(reader, member), 'has no value that it can take', rule.fix))
    else values[member] = value
  }
  return values
}

export function required(reader: Reader, values: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of names)
    if (!Object.hasOwn(reader.entry.value, name) && values[name] === undefined)
      reader.faults.push(fault(at(reader, name), 'is missing', `add ${name}`))
}

const nameSyntax = /^[a-z0-9][a-z0-9._-]{0,63}$/

export function requireName({ entry: { section, key, origin }, faults }: Reader, isId: boolean): void {
  if (isId || nameSyntax.test(key)) return
  const what = section === 'clients' ? 'a client' : 'an exception'
  const at = { key: `${section}.${key.slice(0, 80)}`, origin }
  faults.push(fault(at, `is no name for ${what}`, 'use a-z, 0-9, dot, dash, up to 64'))
}
