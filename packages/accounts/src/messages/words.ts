import { markup, type Child, type Html } from '../pages/markup.ts'
import type { Catalogue, MessageKey } from './en.ts'

/** The texts of one language by their keys. */
export type Languages = Readonly<Record<string, Catalogue>>

/** One language, ready to speak. */
export type Words = {
  /** BCP 47 tag for `lang`. */
  readonly language: string
  readonly direction: 'ltr' | 'rtl'
  /** A message with its `{holes}` filled in; everything that is not HTML already is escaped. */
  say(key: MessageKey, values?: Readonly<Record<string, Child>>): Html
  /** A span of time, rounded up, in the largest unit that keeps it exact enough to wait for. */
  duration(seconds: number): string
  /** The day of an instant, in seconds since 1970. */
  date(instant: number): string
  /** Day and minute of an instant, in UTC and saying so, since nobody knows where the reader is. */
  time(instant: number): string
}

const hole = /\{([a-z]+)\}/g

/** Fills a message; a hole without a value stays visible, so that a test finds it. */
function fill(message: string, values: Readonly<Record<string, Child>>): Html {
  const parts: Child[] = []
  let end = 0
  for (const match of message.matchAll(hole)) {
    const name = match[1] ?? ''
    parts.push(message.slice(end, match.index), Object.hasOwn(values, name) ? values[name] : match[0])
    end = match.index + match[0].length
  }
  parts.push(message.slice(end))
  return markup`${parts}`
}

const steps = [
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3600 },
  { unit: 'minute', seconds: 60 },
] as const

function inWords(language: string, seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds))
  const step = steps.find((candidate) => whole >= 2 * candidate.seconds || whole === candidate.seconds)
  const format = { style: 'unit', unitDisplay: 'long', unit: step?.unit ?? 'second' } as const
  return new Intl.NumberFormat(language, format).format(Math.ceil(whole / (step?.seconds ?? 1)))
}

/** Speaks one catalogue. */
export function createWords(language: string, catalogue: Catalogue): Words {
  return {
    language,
    direction: catalogue['page.direction'] === 'rtl' ? 'rtl' : 'ltr',
    say: (key, values = {}) => fill(catalogue[key], values),
    date: (instant) =>
      new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(instant * 1000)),
    time: (instant) =>
      new Intl.DateTimeFormat(language, {
        ...{ year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' },
        ...{ timeZone: 'UTC', timeZoneName: 'short' },
      }).format(new Date(instant * 1000)),
    duration: (seconds) => inWords(language, seconds),
  }
}
