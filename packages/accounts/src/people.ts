import { systemRandom, type Random, type Seconds } from '@sallyport/protocol'
import { orderedId, subjectId } from '@sallyport/server'
import type { AccountClaims, SecondFactorView, SecurityEvent, Store, User } from '@sallyport/server/model'
import { passwordFault, passwordFaults, type PasswordFault } from './passwords/password-rules.ts'
import type { PasswordHashes } from './passwords/password-hash.ts'

/** Why a person could not be created or changed. */
export type PersonFault = PasswordFault | 'username_syntax' | 'username_taken' | 'person_unknown' | 'factor_unknown'

const faults: Readonly<Record<PersonFault, string>> = {
  ...passwordFaults,
  username_syntax: 'A user name has 1 to 256 characters, no control characters, and no space at its ends',
  username_taken: 'The user name is taken',
  person_unknown: 'There is nobody with this name or id',
  factor_unknown: 'This person has no second factor',
}

/** What became of a change: the person as it is now, or the reason why nothing was changed. */
export type PersonResult =
  | { readonly user: User; readonly fault?: undefined }
  | { readonly user?: undefined; readonly fault: PersonFault; readonly message: string }

export type NewPerson = {
  readonly username: string
  readonly password: string
  readonly claims?: AccountClaims | undefined
}

/** The people who may sign in. Who is meant is told by user name or by id. */
export type People = {
  create(person: NewPerson): Promise<PersonResult>
  find(nameOrId: string): Promise<User | undefined>
  /** At most 200, by id. */
  list(after?: string, limit?: number): Promise<readonly User[]>
  /** Ends all sessions and authorizations at once (RT-12). */
  disable(nameOrId: string): Promise<PersonResult>
  /** Lets the person sign in again; nothing that was ended comes back. */
  enable(nameOrId: string): Promise<PersonResult>
  /** Sets a new password and ends all sessions and authorizations (RT-18). */
  resetPassword(nameOrId: string, password: string): Promise<PersonResult>
  /** The second factor of a person, if there is one. */
  secondFactor(subject: string): Promise<SecondFactorView | undefined>
  /** Takes the second factor away with its recovery codes, and ends all sessions and authorizations. */
  resetSecondFactor(nameOrId: string): Promise<PersonResult>
}

export type PeopleOptions = {
  readonly store: Pick<Store, 'accounts' | 'factors' | 'setSubjectActive' | 'endSubject'>
  readonly hashes: PasswordHashes
  readonly now: () => Seconds
  readonly random?: Random | undefined
  /** Words that a password may not be made of, such as the name of the service. */
  readonly contextWords: readonly string[]
}

const refused = (fault: PersonFault): PersonResult => ({ fault, message: faults[fault] })

/** One written form for a user name (NFC); case is kept, and the store compares without it. */
export const normalUsername = (username: string): string => username.normalize('NFC')

const usernamePattern = /^(?!\s)[^\p{Cc}\p{Cs}\u2028\u2029]{1,256}(?<!\s)$/u

export function createPeople(options: PeopleOptions): People {
  const { store, hashes, now, contextWords } = options
  const random = options.random ?? systemRandom()
  const { accounts } = store

  const find = async (nameOrId: string): Promise<User | undefined> =>
    (await accounts.findUser(nameOrId)) ?? accounts.findUserByName(normalUsername(nameOrId))

  const event = (name: string, subject: string, reason: string): SecurityEvent => ({
    id: orderedId(now(), random),
    event: name,
    severity: 'info',
    ts: now(),
    requestId: undefined,
    clientId: undefined,
    subject,
    authorizationId: undefined,
    network: undefined,
    reason,
    class: undefined,
    count: 1,
    detail: {},
  })

  const setActive = async (nameOrId: string, active: boolean): Promise<PersonResult> => {
    const user = await find(nameOrId)
    if (user === undefined) return refused('person_unknown')
    const action = event('admin.action', user.id, active ? 'user_enabled' : 'user_disabled')
    await store.setSubjectActive(user.id, active, now(), [action])
    return { user: (await accounts.findUser(user.id)) ?? user }
  }

  return {
    async create({ username, password, claims = {} }) {
      const name = normalUsername(username)
      if (!usernamePattern.test(name) || name.length > 256) return refused('username_syntax')
      const fault = passwordFault(password, name, contextWords)
      if (fault !== undefined) return refused(fault)
      if ((await accounts.findUserByName(name)) !== undefined) return refused('username_taken')
      const passwordHash = await hashes.hash(password)
      const instant = now()
      const user: User = {
        id: subjectId(random),
        username: name,
        passwordHash,
        claims,
        createdAt: instant,
        updatedAt: instant,
        disabledAt: undefined,
      }
      return (await accounts.createUser(user)) ? { user } : refused('username_taken')
    },
    find,
    list: (after, limit = 200) => accounts.listUsers(after, Math.min(limit, 200)),
    disable: (nameOrId) => setActive(nameOrId, false),
    enable: (nameOrId) => setActive(nameOrId, true),
    async resetPassword(nameOrId, password) {
      const user = await find(nameOrId)
      if (user === undefined) return refused('person_unknown')
      const fault = passwordFault(password, user.username, contextWords)
      if (fault !== undefined) return refused(fault)
      const replaced = await accounts.replacePassword(user.id, await hashes.hash(password), now())
      if (!replaced) return refused('person_unknown')
      // Everything has ended with the old password already; this stores the event.
      await store.endSubject(user.id, 'credential_change', now(), [event('credential.reset', user.id, 'administrator')])
      return { user: (await accounts.findUser(user.id)) ?? user }
    },
    secondFactor: (subject) => store.factors.find(subject),
    async resetSecondFactor(nameOrId) {
      const user = await find(nameOrId)
      if (user === undefined) return refused('person_unknown')
      const view = await store.factors.find(user.id)
      const reset = event('credential.reset', user.id, 'second_factor')
      if (view === undefined || !(await store.factors.remove(view.factor.id, [reset]))) return refused('factor_unknown')
      // Whoever asked for this may not be the one who is signed in.
      await store.endSubject(user.id, 'credential_change', now(), [])
      return { user }
    },
  }
}
