import { createHmac } from 'node:crypto'
import type { AccountsOptions } from '@sallyport/accounts'
import type { Browser, Person, TestIssuer, TestIssuerOptions, Visit } from '@sallyport/testing'
import { newIssuer } from './fixtures.ts'
import { realPeople } from './real-pages.ts'

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function fromBase32(text: string): Buffer {
  const bits = [...text.replaceAll(' ', '')]
    .map((letter) => base32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** The code of a time step, worked out by RFC 4226 and RFC 6238 here, so that no library judges itself. */
export function totp(key: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', fromBase32(key)).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** An authenticator app, and recovery codes on paper. */
export type Authenticator = {
  readonly key: string
  readonly recovery: readonly string[]
  /** The code that it shows now, or some steps away from now. */
  readonly code: (steps?: number) => string
}

export const stepNow = (issuer: TestIssuer): number => Math.floor(issuer.clock.now() / 30)

export const securityUrl = '/account/security'

/** Signs a person in at the page on which they look after their account. */
export async function openSecurity(browser: Browser, person: Person): Promise<Visit> {
  const visit = await browser.open(securityUrl)
  if (!visit.forms.some(({ id }) => id === 'login-form')) return visit
  return browser.submit(visit, 'login-form', { username: person.username, password: person.password })
}

export const keyOn = (visit: Visit): string => /<code id="key">([A-Z2-7 ]+)</.exec(visit.answer.text)?.[1] ?? ''

export const recoveryOn = (visit: Visit): readonly string[] =>
  [...visit.answer.text.matchAll(/<li><code>([0-9a-z]{5}-[0-9a-z]{5})</g)].map(([, code]) => code ?? '')

/** Adds an authenticator app to a person, at a browser of its own that is left with a session. */
export async function enrol(issuer: TestIssuer, person: Person = issuer.alice, browser = issuer.browser()) {
  const page = await openSecurity(browser, person)
  const key = keyOn(page)
  const done = await browser.submit(page, 'enrol-form', { code: totp(key, stepNow(issuer)) })
  const recovery = recoveryOn(done)
  if (recovery.length === 0) throw new Error(`not enrolled: ${done.answer.text.slice(0, 400)}`)
  const app: Authenticator = { key, recovery, code: (steps = 0) => totp(key, stepNow(issuer) + steps) }
  // The code that confirmed the app is spent.
  issuer.clock.advance(30)
  return { ...app, browser }
}

/** An issuer with the pages of `@sallyport/accounts`, set up as a test wants them. */
export const factorIssuer = (
  accounts: Partial<AccountsOptions> = {},
  options: TestIssuerOptions & { readonly mayFail?: boolean } = {},
): Promise<TestIssuer> => newIssuer({ ...options, people: realPeople(options.issuer, accounts) })
