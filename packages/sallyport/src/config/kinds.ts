import { isIP } from 'node:net'
import { nearest } from '@sallyport/protocol'
import { defaultLevels, hostFault, levelsFault, pairFault, readLevel, writeLevel } from '@sallyport/server'
import { parseDuration, parseSize, writeDuration, writeSize } from './units.ts'

/** What a written value turned out to be. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string; readonly fix: string }

/** A kind of value: how it is read from a file, a flag or the environment, and what it looks like. */
export type Kind<T> = {
  parse(written: unknown): Parsed<T>
  /** How the value is written in a configuration file. */
  write(value: T): string | number | boolean | readonly string[]
  /** JSON Schema of what may stand in a file. */
  readonly schema: Readonly<Record<string, unknown>>
}

const no = (problem: string, fix: string) => ({ problem, fix })

export const text: Kind<string> = {
  parse: (written) =>
    typeof written === 'string' && written !== '' ? { value: written } : no('must be text', 'write it in quotes'),
  write: (value) => value,
  schema: { type: 'string', minLength: 1 },
}

export const flag: Kind<boolean> = {
  parse: (written) => {
    if (written === true || written === 'true') return { value: true }
    if (written === false || written === 'false') return { value: false }
    return no('must be true or false', 'write true or false')
  },
  write: (value) => value,
  schema: { type: 'boolean' },
}

/** A day of the calendar, such as 2027-06-30. */
export const day: Kind<string> = {
  parse: (written) =>
    typeof written === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(written) && !Number.isNaN(Date.parse(written))
      ? { value: written }
      : no('must be a day', 'write it like "2027-06-30", in quotes'),
  write: (value) => value,
  schema: { type: 'string', format: 'date' },
}

export const port: Kind<number> = {
  parse: (written) => {
    const number = typeof written === 'string' && /^\d{1,5}$/.test(written) ? Number(written) : written
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 65535)
      return { value: number }
    return no('must be a port', 'use a number from 1 to 65535, or 0 for any free port')
  },
  write: (value) => value,
  schema: { type: 'integer', minimum: 0, maximum: 65535 },
}

/** A list; in flags and the environment its values are separated by commas. */
export const list: Kind<readonly string[]> = {
  parse: (written) => {
    const values: unknown = typeof written === 'string' ? written.split(',').map((value) => value.trim()) : written
    if (Array.isArray(values) && values.every((value) => typeof value === 'string' && value !== ''))
      return { value: values as string[] }
    return no('must be a list of texts', 'write [first, second]')
  },
  write: (value) => value,
  schema: { type: 'array', items: { type: 'string', minLength: 1 } },
}

/** True for an address, or an address with the length of its prefix. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

/** A list of host names. */
export const hostList: Kind<readonly string[]> = {
  ...list,
  parse: (written) => {
    const parsed = list.parse(written)
    if ('problem' in parsed) return parsed
    const fault = parsed.value.map(hostFault).find((one) => one !== undefined)
    return fault === undefined ? parsed : no(fault, 'write app.example.com, without scheme, port or wildcard')
  },
}

const schemeSyntax = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/

/** A list of what redirect URIs may name: hosts, and private-use schemes with their colon. */
export const redirectHostList: Kind<readonly string[]> = {
  ...list,
  parse: (written) => {
    const parsed = list.parse(written)
    if ('problem' in parsed) return parsed
    const fault = parsed.value
      .map((one) => (schemeSyntax.test(one) ? undefined : hostFault(one)))
      .find((one) => one !== undefined)
    return fault === undefined ? parsed : no(fault, 'write app.example.com, or com.example.app: for a scheme')
  },
}

/** A list of pairs of a metadata document and a redirect URI. */
export const pairList: Kind<readonly string[]> = {
  ...list,
  parse: (written) => {
    const parsed = list.parse(written)
    if ('problem' in parsed) return parsed
    const fault = parsed.value.map(pairFault).find((one) => one !== undefined)
    const fix = 'write "https://app.example.com/client.json https://login.example.net/callback"'
    return fault === undefined ? parsed : no(fault, fix)
  },
}

/** A list of levels of signing in, best first: a name and the methods it needs, with spaces between them. */
export const levelList: Kind<readonly string[]> = {
  ...list,
  parse: (written) => {
    const parsed = list.parse(written)
    if ('problem' in parsed) return parsed
    const fault = levelsFault(parsed.value.map(readLevel))
    const fix = `write [${defaultLevels.map((level) => JSON.stringify(writeLevel(level))).join(', ')}]`
    return fault === undefined ? parsed : no(fault, fix)
  },
}

/** A list of addresses and CIDR ranges. */
export const networks: Kind<readonly string[]> = {
  ...list,
  parse: (written) => {
    const parsed = list.parse(written)
    if ('problem' in parsed) return parsed
    const wrong = parsed.value.find((text) => !isNetwork(text))
    if (wrong === undefined) return parsed
    return no(
      `${JSON.stringify(wrong.slice(0, 100))} is neither an address nor a range`,
      'write 10.0.0.7 or 10.0.0.0/8',
    )
  },
}

const nearestFix = (written: unknown, values: readonly string[]): string => {
  const close = typeof written === 'string' ? nearest(written, values) : undefined
  return close === undefined ? `choose one of them` : `did you mean ${close}?`
}

export const choice = <T extends string>(values: readonly T[]): Kind<T> => ({
  parse: (written) => {
    const value = values.find((known) => known === written)
    return value === undefined ? no(`must be one of ${values.join(', ')}`, nearestFix(written, values)) : { value }
  },
  write: (value) => value,
  schema: { enum: values },
})

/** 32 random bytes in base64; nothing shorter, since everything at rest is sealed with keys made from it. */
export const masterKeyText: Kind<string> = {
  parse: (written) => {
    const fix = 'use 32 random bytes in base64, such as from: openssl rand -base64 32'
    if (typeof written !== 'string') return no('must be text', fix)
    const bytes = Buffer.from(written.trim(), 'base64')
    if (bytes.toString('base64').replace(/=+$/, '') !== written.trim().replace(/=+$/, ''))
      return no('is not base64', fix)
    return bytes.length === 32 ? { value: written.trim() } : no(`has ${bytes.length} bytes instead of 32`, fix)
  },
  write: (value) => value,
  schema: { type: 'string', minLength: 43, maxLength: 44 },
}

type Range = { readonly min: number; readonly max: number }

/** A number with a unit, between two bounds. */
function measure(
  range: Range,
  read: (written: unknown) => number | undefined,
  show: (value: number) => string,
): Kind<number> {
  return {
    parse: (written) => {
      const value = read(written)
      if (value === undefined) return no('is not a measure of the right kind', `write it like ${show(range.min)}`)
      if (value < range.min) return no(`${show(value)} is below the floor`, `use at least ${show(range.min)}`)
      if (value > range.max) return no(`${show(value)} is above the ceiling`, `use at most ${show(range.max)}`)
      return { value }
    },
    write: show,
    schema: { type: ['string', 'integer'] },
  }
}

export const duration = (range: Range): Kind<number> => measure(range, parseDuration, writeDuration)
export const size = (range: Range): Kind<number> => measure(range, parseSize, writeSize)

const parseCount = (written: unknown): number | undefined => {
  const number = typeof written === 'string' && /^\d{1,9}$/.test(written) ? Number(written) : written
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined
}

export const count = (range: Range): Kind<number> => ({
  ...measure(range, parseCount, String),
  write: (value) => value,
  schema: { type: 'integer', minimum: range.min, maximum: range.max },
})
