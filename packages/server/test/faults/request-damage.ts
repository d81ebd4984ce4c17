/** A text as a form has it. A lone surrogate has no encoding; the replacement character stands in, as it would in a browser. */
export const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())

/** The same text, with bytes escaped that need no escape. */
export const misspelled = (text: string): string =>
  text.length > 200
    ? encoded(text)
    : [...Buffer.from(text.toWellFormed())]
        .map((byte, index) =>
          index % 7 === 3 ? `%${byte.toString(16).padStart(2, '0')}` : encodeURIComponent(String.fromCharCode(byte)),
        )
        .join('')

const troublesome = [0, 10, 13, 37, 38, 43, 59, 61, 128, 255]

/** Small damage to bytes, one for each number: replaced, left out, doubled, put in between, cut off. */
export function damaged(text: string, damage: readonly number[]): string {
  if (damage.length === 0) return text
  const bytes: (number | undefined)[] = [...Buffer.from(text, 'latin1')]
  for (const given of damage) {
    const how = given % 5
    const at = Math.floor(given / 5) % (bytes.length + 1)
    const byte = Math.floor(given / 0x50000) % 256
    if (how === 0) bytes[at] = byte
    else if (how === 1) bytes.splice(at, 1 + (byte % 8))
    else if (how === 2) bytes.splice(at, 0, ...bytes.slice(at, at + (byte % 20)))
    else if (how === 3) bytes.splice(at, 0, troublesome[byte % troublesome.length])
    else bytes.length = at
  }
  return Buffer.from(bytes.map((byte) => byte ?? 0)).toString('latin1')
}
