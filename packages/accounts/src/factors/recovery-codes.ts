import type { Random } from '@sallyport/protocol'
import { recoveryCodes } from '@sallyport/server/model'

/** Crockford's alphabet: no letter in it is taken for another when it is read from paper. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const length = 10

/** Ten codes of 50 random bits each, in two groups that can be typed. */
export function makeRecoveryCodes(random: Random): readonly string[] {
  return Array.from({ length: recoveryCodes }, () => {
    const letters = [...Buffer.from(random.handle(), 'base64url').subarray(0, length)]
      .map((byte) => alphabet[byte % 32] ?? '')
      .join('')
    return `${letters.slice(0, 5)}-${letters.slice(5)}`
  })
}

/** What somebody typed as a recovery code, in its one form; `undefined` for what cannot be one. */
export function recoveryCodeTyped(typed: string): string | undefined {
  const code = typed.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  return /^[0-9a-hjkmnp-tv-z]{10}$/.test(code) ? code : undefined
}
