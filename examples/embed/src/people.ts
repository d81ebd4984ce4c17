import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Accounts } from '@sallyport/server'

type Person = { readonly subject: string; readonly name: string; readonly salt: Buffer; readonly hash: Buffer }

const length = 32

function person(subject: string, name: string, password: string): Person {
  const salt = randomBytes(16)
  return { subject, name, salt, hash: scryptSync(password, salt, length) }
}

/** The application's own people. A real one keeps them in its database. */
const people: ReadonlyMap<string, Person> = new Map([
  ['ada', person('u-1', 'Ada', 'correct horse battery')],
  ['grace', person('u-2', 'Grace', 'a ship in port is safe')],
])

// Somebody unknown costs the same work as somebody known.
const nobody = person('', '', randomBytes(16).toString('hex'))

/** The subject of the person with this name and password; `undefined` when they do not belong together. */
export function subjectOf(username: string, password: string): string | undefined {
  const found = people.get(username)
  const { salt, hash } = found ?? nobody
  const same = timingSafeEqual(scryptSync(password, salt, length), hash)
  return same && found !== undefined ? found.subject : undefined
}

/** What the server asks the application about people. */
export const accounts: Accounts = {
  loginUrl: '/sign-in',
  consentUrl: '/agree',
  accountUrl: '/sign-in',
  acrValues: [],
  uiLocales: ['en'],
  findClaims: (subject) => {
    const found = [...people.entries()].find(([, { subject: own }]) => own === subject)
    return Promise.resolve(found && { name: found[1].name, preferred_username: found[0] })
  },
}
