import { stages } from '@sallyport/server'
import { writeDuration } from '../config/units.ts'
import { clientAspects, resourceAspects, type Aspect } from './aspects.ts'
import type { EffectivePolicy, Value, Values } from './effective.ts'

/** A change of the effective policy, in words. */
export type PolicyChange = {
  readonly aspect: string
  readonly weaker: boolean
  readonly sentence: string
}

type Difference = { readonly weaker: boolean; readonly words: Words }

/** Says of a number of objects what became of them. */
type Words = (count: number, noun: string) => string

const isList = (value: Value | undefined): value is readonly string[] => Array.isArray(value)

/** A list that is not there has no limit, so everything is in it. */
function setDifference(aspect: Aspect & { kind: 'set' }, before: Value, after: Value): readonly Difference[] {
  if (before === null || after === null)
    return [{ weaker: after === null, words: told(after === null ? `${aspect.more}: all` : aspect.less) }]
  if (!isList(before) || !isList(after)) return []
  const gained = after.filter((item) => !before.includes(item))
  const lost = before.filter((item) => !after.includes(item))
  return [
    ...(gained.length > 0 ? [{ weaker: true, words: said(aspect.more, gained) }] : []),
    ...(lost.length > 0 ? [{ weaker: false, words: said(aspect.less, lost) }] : []),
  ]
}

/** The verb of a phrase about one object. */
const singular = (phrase: string): string => phrase.replace(/^\w+/, (verb) => irregular[verb] ?? `${verb}s`)

const irregular: Readonly<Record<string, string>> = { may: 'may', are: 'is', have: 'has' }

const told =
  (phrase: string): Words =>
  (count, noun) =>
    `${counted(count, noun)} ${count === 1 ? singular(phrase) : phrase}`

const said = (phrase: string, items: readonly string[]): Words =>
  told(`${phrase} (${items.slice(0, 5).join(' ')}${items.length > 5 ? ' …' : ''})`)

function difference(aspect: Aspect, before: Value, after: Value): readonly Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  switch (aspect.kind) {
    case 'set':
      return setDifference(aspect, before, after)
    case 'lifetime': {
      const [old, now] = [Number(before), Number(after)]
      const words: Words = (count, noun) => `${aspect.words} of ${counted(count, noun)} live ${longer(old, now)}`
      return [{ weaker: now > old, words }]
    }
    case 'flag':
      return [{ weaker: after === aspect.weakWhen, words: told(after === true ? aspect.yes : aspect.no) }]
    case 'ranked': {
      const rank = (value: Value): number => aspect.ranks.indexOf(String(value))
      const words = told(`${aspect.words} by ${String(after)} instead of ${String(before)}`)
      return [{ weaker: rank(after) < rank(before), words }]
    }
  }
}

const longer = (before: number, after: number): string => `${writeDuration(after)} instead of ${writeDuration(before)}`

type Group = { readonly aspect: string; readonly difference: Difference; readonly names: string[] }

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** One sentence for all objects to which the same happened. */
function compareObjects(
  noun: string,
  aspects: Readonly<Record<string, Aspect>>,
  before: Readonly<Record<string, Values>>,
  after: Readonly<Record<string, Values>>,
): readonly PolicyChange[] {
  const groups = new Map<string, Group>()
  for (const [name, values] of Object.entries(after)) {
    const old = Object.hasOwn(before, name) ? before[name] : undefined
    if (old === undefined) continue
    for (const [key, aspect] of Object.entries(aspects)) {
      const [then, now] = [old[key], values[key]]
      if (then === undefined || now === undefined) continue
      for (const one of difference(aspect, then, now)) {
        const id = `${key} ${one.words(2, noun)}`
        const group = groups.get(id) ?? { aspect: key, difference: one, names: [] }
        group.names.push(name)
        groups.set(id, group)
      }
    }
  }
  return [...groups.values()].map(({ aspect, difference: { weaker, words }, names }) => ({
    aspect: `${noun} ${aspect}`,
    weaker,
    sentence: `${words(names.length, noun)}: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`,
  }))
}

function comings(
  noun: string,
  before: Readonly<Record<string, Values>>,
  after: Readonly<Record<string, Values>>,
): readonly PolicyChange[] {
  const missing = (from: object, into: object): string[] =>
    Object.keys(into).filter((name) => !Object.hasOwn(from, name))
  const listed = (names: readonly string[], words: string): PolicyChange[] =>
    names.length === 0
      ? []
      : [
          {
            aspect: noun,
            weaker: false,
            sentence: `${counted(names.length, noun)} ${words}: ${names.slice(0, 10).join(', ')}`,
          },
        ]
  return [...listed(missing(before, after), 'added'), ...listed(missing(after, before), 'removed')]
}

/** Numbers of the policy of which more is neither weaker nor stronger. */
const neutral: ReadonlySet<string> = new Set(['stateLength', 'keyPublicationLead', 'devicePollInterval'])

/** Switches of the policy that protect while they are on; any other switch opens something. */
const protecting: ReadonlySet<string> = new Set(['refuseWebViews', 'refuseUnknownHosts'])

/** Values of choices that open something. */
const opening: Readonly<Record<string, string>> = { pkceExceptions: 'dated' }

/** How far registration is open, least first. */
const doors: readonly Value[] = ['off', 'initial_access_token', 'open']

const stageRank = (value: Value): number => (stages as readonly Value[]).indexOf(value)

function isWeaker(key: string, before: Value, after: Value): boolean {
  if (typeof before === 'number' && typeof after === 'number') return after > before && !neutral.has(key)
  if (typeof after === 'boolean') return after !== protecting.has(key)
  if (key.startsWith('stages.')) return stageRank(after) < stageRank(before)
  if (key === 'registration.mode') return doors.indexOf(after) > doors.indexOf(before)
  return after === opening[key]
}

const policyChange = (key: string, before: Value, after: Value): PolicyChange => ({
  aspect: `policy ${key}`,
  weaker: isWeaker(key, before, after),
  sentence: `${key.includes('.') ? key : `policy.${key}`} is ${String(after)} instead of ${String(before)}`,
})

/** Everything in which two effective policies differ, what got weaker first. */
export function policyChanges(before: EffectivePolicy, after: EffectivePolicy): readonly PolicyChange[] {
  const server = Object.entries(after.policy).flatMap(([key, now]) => {
    const then = before.policy[key]
    return then === undefined || JSON.stringify(then) === JSON.stringify(now) ? [] : [policyChange(key, then, now)]
  })
  const all = [
    ...server,
    ...compareObjects('client', clientAspects, before.clients, after.clients),
    ...comings('client', before.clients, after.clients),
    ...compareObjects('resource', resourceAspects, before.resources, after.resources),
    ...comings('resource', before.resources, after.resources),
  ]
  return [...all.filter(({ weaker }) => weaker), ...all.filter(({ weaker }) => !weaker)]
}
