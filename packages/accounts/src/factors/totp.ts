import { Secret, TOTP } from 'otpauth'

/** Seconds of one time step, and digits of a code: what every authenticator app takes (RFC 6238 section 4). */
const period = 30
const digits = 6
/** Steps by which the clock of a device may differ (BF-07). */
const tolerance = 1

export const seedBytes = 20

/** The bytes in a buffer of their own, as the library wants them. */
const totp = (seed: Uint8Array, names: { issuer?: string; label?: string } = {}): TOTP =>
  new TOTP({ ...names, secret: new Secret({ buffer: new Uint8Array(seed).buffer }), period, digits, algorithm: 'SHA1' })

/** What somebody typed as a code, without the spaces that devices show. */
export const codeTyped = (typed: string): string | undefined => {
  const code = typed.replaceAll(/[\s-]/g, '')
  return /^\d{6}$/.test(code) ? code : undefined
}

/** The time step whose code this is, within the tolerance; `undefined` for any other code. */
export function stepOf(seed: Uint8Array, code: string, now: number): number | undefined {
  const delta = totp(seed).validate({ token: code, timestamp: now * 1000, window: tolerance })
  return delta === null ? undefined : Math.floor(now / period) + delta
}

/** The code of an instant; for demonstrations and tests. */
export const codeAt = (seed: Uint8Array, now: number): string => totp(seed).generate({ timestamp: now * 1000 })

/** The seed as an app reads it from a QR code or a link. */
export const keyUri = (seed: Uint8Array, issuer: string, label: string): string =>
  totp(seed, { issuer, label }).toString()

/** The seed as somebody types it, in groups of four. */
export const keyText = (seed: Uint8Array): string => totp(seed).secret.base32.replaceAll(/.{4}(?=.)/g, '$& ')
