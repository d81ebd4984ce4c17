import type { Seconds } from '@sallyport/protocol'

/** Claims of a person in the form of OpenID Connect Core section 5.1. */
export type AccountClaims = Readonly<Record<string, unknown>>

/** A person with a password account. `id` is the `sub` told to clients and is never given to anybody else. */
export type User = {
  readonly id: string
  readonly username: string
  /** Encoded argon2id hash. */
  readonly passwordHash: string
  readonly claims: AccountClaims
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
  readonly disabledAt: Seconds | undefined
}

/** Storage of people; only `@sallyport/accounts` and the command line use it. */
export type AccountStore = {
  /** Law: usernames are unique without regard to case; false means the name is taken and nothing was written. */
  createUser(user: User): Promise<boolean>
  findUserByName(username: string): Promise<User | undefined>
  findUser(id: string): Promise<User | undefined>
  listUsers(after: string | undefined, limit: number): Promise<readonly User[]>
  /** Replaces the password hash and ends every session and authorization of the person in one transaction (RT-18). */
  replacePassword(id: string, passwordHash: string, now: Seconds): Promise<boolean>
  /** Replaces the hash alone, after a successful sign-in with older parameters. */
  rehashPassword(id: string, passwordHash: string, previous: string): Promise<boolean>
}

/** The form in which usernames are compared: two names with the same key are the same name. */
export const usernameKey = (username: string): string => username.normalize('NFKC').toLowerCase()
