import { settings } from '../config/settings.ts'
import { writeDuration } from '../config/units.ts'
import { clientAspects, exceptionAspects, resourceAspects, type Aspect } from './aspects.ts'
import { isWeaker, settingAspects, settingValue } from './setting-aspects.ts'
import type { EffectivePolicy, Value, Values } from './values.ts'

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
  const lessIsWeaker = aspect.weakWhen === 'less'
  const gained = after.filter((item) => !before.includes(item))
  const lost = before.filter((item) => !after.includes(item))
  return [
    ...(gained.length > 0 ? [{ weaker: !lessIsWeaker, words: said(aspect.more, gained) }] : []),
    ...(lost.length > 0 ? [{ weaker: lessIsWeaker, words: said(aspect.less, lost) }] : []),
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
      const [old, now] = [endless(before), endless(after)]
      const words: Words = (count, noun) => `${aspect.words} of ${counted(count, noun)} live ${longer(old, now)}`
      return [{ weaker: now > old, words }]
    }
    case 'flag':
      return [{ weaker: after === aspect.weakWhen, words: told(after === true ? aspect.yes : aspect.no) }]
    case 'ranked': {
      const rank = (value: Value): number => aspect.ranks.indexOf(String(value))
      return [{ weaker: rank(after) < rank(before), words: told(`${aspect.words} ${instead(before, after)}`) }]
    }
    case 'end': {
      const words = told(`${aspect.words} until ${instead(before, after)}`)
      return [{ weaker: String(after) > String(before), words }]
    }
    case 'told':
      return [{ weaker: false, words: told(`${aspect.words} ${instead(before, after)}`) }]
  }
}

/** A lifetime that is not there has no end. */
const endless = (value: Value): number => (value === null ? Infinity : Number(value))

const lived = (seconds: number): string => (seconds === Infinity ? 'without limit' : writeDuration(seconds))

const longer = (before: number, after: number): string => `${lived(after)} instead of ${lived(before)}`

/** A value in words; a list is cut where nobody would read on. */
function inWords(value: Value): string {
  if (value === null) return 'none'
  if (!isList(value)) return String(value)
  return `[${value.slice(0, 5).join(', ')}${value.length > 5 ? ', …' : ''}]`
}

const instead = (before: Value, after: Value): string => `${inWords(after)} instead of ${inWords(before)}`

type Group = { readonly aspect: string; readonly difference: Difference; readonly names: string[] }

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** One sentence for all objects to which the same happened. */
function compareObjects(
  noun: string,
  aspects: Readonly<Record<string, Aspect>>,
  before: Named,
  after: Named,
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

type Named = Readonly<Record<string, Values>>

/** Objects that came and went. Of one kind the coming alone is weaker. */
function comings(noun: string, before: Named, after: Named, weakens = false): readonly PolicyChange[] {
  const missing = (from: object, into: object): string[] =>
    Object.keys(into).filter((name) => !Object.hasOwn(from, name))
  const listed = (names: readonly string[], words: string, weaker: boolean): readonly PolicyChange[] => {
    const sentence = `${counted(names.length, noun)} ${words}: ${names.slice(0, 10).join(', ')}`
    return names.length === 0 ? [] : [{ aspect: noun, weaker, sentence }]
  }
  return [...listed(missing(before, after), 'added', weakens), ...listed(missing(after, before), 'removed', false)]
}

const settingChange = (key: string, before: Value, after: Value): PolicyChange => ({
  aspect: `policy ${key}`,
  weaker: isWeaker(settingAspects[key], before, after),
  sentence: `${key} is ${instead(before, after)}`,
})

/** What a setting was before there was one: what it is when nobody says anything. */
function defaultOf(key: string): Value {
  const setting = settings.find((one) => one.key === key)
  return setting === undefined ? null : settingValue(setting, setting.fallback)
}

/** A baseline of an earlier release knows less; a value that was not in it is said to be new rather than passed over. */
function unheard(noun: string, aspects: Readonly<Record<string, Aspect>>, before: Named): readonly PolicyChange[] {
  const [one] = Object.values(before)
  const missing = one === undefined ? [] : Object.keys(aspects).filter((key) => !Object.hasOwn(one, key))
  if (missing.length === 0) return []
  const sentence = `the baseline says nothing of ${missing.join(', ')} of ${noun}s; write it anew`
  return [{ aspect: noun, weaker: false, sentence }]
}

/** Everything in which two effective policies differ, what got weaker first. */
export function policyChanges(before: EffectivePolicy, after: EffectivePolicy): readonly PolicyChange[] {
  const server = Object.entries(after.policy).flatMap(([key, now]) => {
    const then = Object.hasOwn(before.policy, key) ? (before.policy[key] ?? null) : defaultOf(key)
    return JSON.stringify(then) === JSON.stringify(now) ? [] : [settingChange(key, then, now)]
  })
  const all = [
    ...server,
    ...unheard('client', clientAspects, before.clients),
    ...compareObjects('client', clientAspects, before.clients, after.clients),
    ...comings('client', before.clients, after.clients),
    ...unheard('resource', resourceAspects, before.resources),
    ...compareObjects('resource', resourceAspects, before.resources, after.resources),
    ...comings('resource', before.resources, after.resources),
    ...compareObjects('exception', exceptionAspects, before.exceptions, after.exceptions),
    ...comings('exception', before.exceptions, after.exceptions, true),
  ]
  return [...all.filter(({ weaker }) => weaker), ...all.filter(({ weaker }) => !weaker)]
}
