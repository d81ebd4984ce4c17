import { createAccounts, demoClaims, type AccountsOptions } from '@sallyport/accounts'
import type { SecurityEvent } from '@sallyport/server'
import type { Answer, PeopleFacts, TestIssuer, TestIssuerOptions, TestPeople, Visit } from '@sallyport/testing'
import { expect } from 'vitest'
import { eventsOf, newIssuer } from './fixtures.ts'

const cheap = { memory: 64, passes: 1, lanes: 1 }

/** People with passwords and the pages that a deployment really shows; only the hash is cheap. */
export const realPeople =
  (issuer?: string, more: Partial<AccountsOptions> = {}) =>
  ({ store, now, random }: PeopleFacts): TestPeople => {
    const made = createAccounts({ store, now, random, issuer, hashing: { cost: cheap }, ...more })
    return {
      ...made,
      add: async (username, { password = `${username} horse battery`, claims = demoClaims }) => {
        const { user } = await made.people.create({ username, password, claims })
        if (user === undefined) throw new Error(`no ${username}`)
        return { subject: user.id, username, password }
      },
    }
  }

/** An issuer with the pages of `@sallyport/accounts`. */
export const newRealIssuer = (options: TestIssuerOptions & { readonly mayFail?: boolean } = {}): Promise<TestIssuer> =>
  newIssuer({ people: realPeople(options.issuer), ...options })

/** The reason an error page tells; `undefined` for any other answer. */
export const reasonOn = ({ text }: Pick<Answer, 'text'>): string | undefined => /<dd><code>([a-z_]+)</.exec(text)?.[1]

/** An error page of the server that leads nowhere and sets no session. */
export function expectPageOf(answer: Answer, reason: string, status = 400): void {
  expect({ status: answer.status, reason: reasonOn(answer) }).toEqual({ status, reason })
  expect(answer.location).toBeUndefined()
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(answer.cookies.join()).not.toContain('session')
}

/** Which page a visit came to rest at, by its form; `client` when the browser left, `error` for a page without one. */
export function placeOf(visit: Visit): 'login' | 'factor' | 'account' | 'consent' | 'logout' | 'client' | 'error' {
  if (visit.leftFor !== undefined) return 'client'
  for (const place of ['login', 'factor', 'account', 'consent', 'logout'] as const)
    if (visit.forms.some(({ id }) => id === `${place}-form`)) return place
  return 'error'
}

/** Names, reasons and surfaces of the events of one name. */
export const toldOf = (issuer: TestIssuer, event: string): readonly Pick<SecurityEvent, 'reason' | 'detail'>[] =>
  eventsOf(issuer, event).map(({ reason, detail }) => ({ reason, detail }))

/** Signs a person in at a new browser, with or without an agreement to remember. */
export async function signedIn(issuer: TestIssuer, options: Parameters<TestIssuer['authorize']>[0] = {}) {
  const authorized = await issuer.authorize({ remember: true, ...options })
  if (authorized.code === '') throw new Error(`not signed in: ${authorized.visit.answer.text.slice(0, 300)}`)
  return authorized
}
