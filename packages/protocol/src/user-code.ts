import type { Random } from './random.ts'

/** No vowels, so that no code spells a word, and nothing that is easily taken for a digit (RFC 8628 section 6.1). */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'
const length = 8
const outsideAlphabet = /[^BCDFGHJKLMNPQRSTVWXZ]/g

/** The largest multiple of 20 in a byte: bytes from there on are drawn again, or the first letters would come more often. */
const fair = 256 - (256 % alphabet.length)

/** Longest input that is looked at; a code with every kind of separator is far shorter. */
const maxTyped = 100

/** A new user code of the device grant: 8 letters, 34.6 bits (RFC 8628 section 6.1). Unique only where the store makes sure. */
export function newUserCode(random: Random): string {
  let code = ''
  while (code.length < length) {
    for (const byte of Buffer.from(random.id(16), 'base64url')) {
      if (byte < fair && code.length < length) code += alphabet.charAt(byte % alphabet.length)
    }
  }
  return code
}

/** What a person typed, as codes are compared: upper case, without anything outside the alphabet. `undefined` when it is no code. */
export function readUserCode(typed: string): string | undefined {
  if (typed.length > maxTyped) return undefined
  const code = typed.toUpperCase().replaceAll(outsideAlphabet, '')
  return code.length === length ? code : undefined
}

/** A user code as it is shown: two groups of four. */
export const showUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`
