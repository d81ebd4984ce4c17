import { isCommonPassword } from './common-passwords.ts'
import { normalPassword } from './password-hash.ts'

/** Why a password may not be used. */
export type PasswordFault =
  'password_short' | 'password_long' | 'password_username' | 'password_common' | 'password_pattern'

export const passwordFaults: Readonly<Record<PasswordFault, string>> = {
  password_short: 'The password has fewer than 8 characters',
  password_long: 'The password has more than 1024 characters',
  password_username: 'The password is the user name or little more than it',
  password_common: 'The password is one of those that are tried first',
  password_pattern: 'The password is a run of keys or repeats a few characters',
}

const min = 8
const max = 1024

const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '!@#$%^&*()',
]
const allRuns = [...runs, ...runs.map((run) => [...run].reverse().join(''))]

/** Number of pieces, each taken from one run of keys, that make up the text; short for what fingers do by themselves. */
function piecesOfRuns(text: string): number {
  let pieces = 0
  let start = 0
  while (start < text.length) {
    let end = start + 1
    while (end < text.length && allRuns.some((run) => run.includes(text.slice(start, end + 1)))) end++
    start = end
    pieces++
  }
  return pieces
}

/** True for text that repeats one piece of at most half its length, such as `abcabcabc` or `11111111`. */
function repeats(text: string): boolean {
  const at = (text + text).indexOf(text, 1)
  return at < text.length && at <= 4
}

function isPattern(password: string): boolean {
  const text = password.toLowerCase()
  if (new Set(text).size <= 3 || repeats(text)) return true
  if (text.length > 64) return false
  return piecesOfRuns(text) <= Math.max(2, Math.floor(text.length / 4))
}

/** True when taking a context word out leaves less than four characters. */
function isMostly(password: string, word: string): boolean {
  const text = password.toLowerCase()
  const known = word.toLowerCase()
  if (known.length < 3) return text === known
  return text.includes(known) && text.length - known.length < 4
}

/**
 * What is wrong with a new password; `undefined` when it may be used. Length, the words of its context and an offline list
 * decide (BF-14); there are no rules about kinds of characters, because they make passwords worse.
 */
export function passwordFault(
  password: string,
  username: string,
  context: readonly string[],
): PasswordFault | undefined {
  const normal = normalPassword(password)
  const length = [...normal].length
  if (length > max || normal.length > 2 * max) return 'password_long'
  if (isMostly(normal, username) || isMostly(normal, [...username].reverse().join(''))) return 'password_username'
  const local = username.split('@')[0] ?? ''
  if (local.length >= 3 && isMostly(normal, local)) return 'password_username'
  if (length < min) return 'password_short'
  if (isCommonPassword(normal) || context.some((word) => isMostly(normal, word))) return 'password_common'
  return isPattern(normal) ? 'password_pattern' : undefined
}
