/** DER (ITU-T X.690), as far as certificates of tests need it: written by hand, so that no library is tested with itself. */
export type Der = Buffer

const length = (size: number): readonly number[] => {
  if (size < 0x80) return [size]
  const bytes: number[] = []
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 + bytes.length, ...bytes]
}

const value = (tag: number, content: Uint8Array): Der =>
  Buffer.concat([Buffer.from([tag, ...length(content.length)]), content])

export const sequence = (...parts: readonly Uint8Array[]): Der => value(0x30, Buffer.concat(parts))
/** The members of a SET are ordered by their bytes. */
export const set = (...parts: readonly Uint8Array[]): Der => value(0x31, Buffer.concat(parts.toSorted(Buffer.compare)))
export const octets = (content: Uint8Array): Der => value(0x04, content)
export const bits = (content: Uint8Array, unused = 0): Der =>
  value(0x03, Buffer.concat([Buffer.from([unused]), content]))
export const boolean = (yes: boolean): Der => value(0x01, Buffer.from([yes ? 0xff : 0]))
export const utf8 = (text: string): Der => value(0x0c, Buffer.from(text))
export const printable = (text: string): Der => value(0x13, Buffer.from(text, 'latin1'))
/** Explicit, or constructed: `[number] { … }`. */
export const tagged = (number: number, content: Uint8Array): Der => value(0xa0 + number, content)
/** Implicit and primitive: `[number]` in the place of the tag of its own. */
export const implicit = (number: number, content: Uint8Array): Der => value(0x80 + number, content)

/** A number that is not negative. */
export function integer(number: number | Uint8Array): Der {
  const bytes = typeof number === 'number' ? Buffer.from(number.toString(16).padStart(2, '0'), 'hex') : number
  const even = typeof number === 'number' && number > 255 ? Buffer.from(hex(number), 'hex') : bytes
  return value(0x02, (even[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), even]) : even)
}

const hex = (number: number): string => {
  const text = number.toString(16)
  return text.length % 2 === 0 ? text : `0${text}`
}

export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const septets = [arc % 128]
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) septets.unshift((more % 128) + 128)
    bytes.push(...septets)
  }
  return value(0x06, Buffer.from(bytes))
}

/** UTCTime until 2049 and GeneralizedTime afterwards (RFC 5280 section 4.1.2.5). */
export function time(instant: Date): Der {
  const text = instant.toISOString().replaceAll(/[-:T]/g, '').replace(/\..*$/, 'Z')
  return instant.getUTCFullYear() < 2050
    ? value(0x17, Buffer.from(text.slice(2), 'latin1'))
    : value(0x18, Buffer.from(text, 'latin1'))
}
