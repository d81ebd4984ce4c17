import type { DetailTypes } from './detail-types.ts'
import type { AuthorizationDetail, Narrowing } from './model/detail.ts'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One text for values that are equal, whatever the order of their members. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

/** Lists that RFC 9396 section 2.2 defines as sets of what is allowed. */
const setsOfRfc: Readonly<Record<string, Narrowing>> = {
  locations: 'subset',
  actions: 'subset',
  datatypes: 'subset',
  privileges: 'subset',
}

function isSubset(wanted: unknown, granted: unknown): boolean {
  if (!Array.isArray(wanted) || !Array.isArray(granted) || wanted.length === 0) return false
  const all = new Set(granted.map(canonical))
  return wanted.every((one) => all.has(canonical(one)))
}

const decimal = /^(\d{1,30})(?:\.(\d{1,30}))?$/

/** A decimal number without rounding: digits before and after the point, as one whole number of 10^-30. */
function exact(value: unknown): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const [, whole, part = ''] = decimal.exec(String(value)) ?? []
  return whole === undefined ? undefined : BigInt(whole + part.padEnd(30, '0'))
}

function isAtMost(wanted: unknown, granted: unknown): boolean {
  if (typeof wanted !== typeof granted) return false
  const [less, most] = [exact(wanted), exact(granted)]
  return less !== undefined && most !== undefined && less <= most
}

/** Whether a value asks for no more than another; what no rule speaks of has to be the same (B-RAR-05). */
function valueWithin(
  rules: Readonly<Record<string, Narrowing>>,
  path: string,
  wanted: unknown,
  granted: unknown,
): boolean {
  const rule = Object.hasOwn(rules, path) ? rules[path] : undefined
  if (rule === 'subset') return isSubset(wanted, granted)
  if (rule === 'at_most') return isAtMost(wanted, granted)
  if (rule === undefined && isObject(wanted) && isObject(granted)) {
    const names = Object.keys(wanted)
    const inner = (name: string): string => (path === '' ? name : `${path}.${name}`)
    return (
      names.length === Object.keys(granted).length &&
      names.every(
        (name) => Object.hasOwn(granted, name) && valueWithin(rules, inner(name), wanted[name], granted[name]),
      )
    )
  }
  return canonical(wanted) === canonical(granted)
}

const detailWithin = (types: DetailTypes, wanted: AuthorizationDetail, granted: AuthorizationDetail): boolean =>
  wanted.type === granted.type &&
  valueWithin({ ...setsOfRfc, ...types.find(wanted.type)?.narrowing }, '', wanted, granted)

/**
 * Whether details ask for no more than was granted. Each needs a granted one of its own: two that fit into one payment
 * would be two payments. Found by augmenting paths, at most 20 by 20.
 */
export function detailsWithin(
  types: DetailTypes,
  wanted: readonly AuthorizationDetail[],
  granted: readonly AuthorizationDetail[],
): boolean {
  const holder = new Map<number, number>()
  const place = (index: number, seen: Set<number>): boolean => {
    const detail = wanted[index]
    if (detail === undefined) return false
    return granted.some((one, at) => {
      if (seen.has(at) || !detailWithin(types, detail, one)) return false
      seen.add(at)
      const before = holder.get(at)
      if (before !== undefined && !place(before, seen)) return false
      holder.set(at, index)
      return true
    })
  }
  return wanted.every((_, index) => place(index, new Set()))
}
