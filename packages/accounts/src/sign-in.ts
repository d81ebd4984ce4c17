import { OAuthError, type Seconds } from '@sallyport/protocol'
import { usernameKey, type Store, type User } from '@sallyport/server/model'
import { normalUsername } from './people.ts'
import type { PasswordHashes } from './passwords/password-hash.ts'
import type { Throttle, Throttled } from './throttle.ts'

/** What somebody typed, and where they are. */
export type Credentials = {
  readonly username: string
  readonly password: string
  readonly network: string
  /** Digest of the mark this browser got when the same account signed in here before. */
  readonly device: string | undefined
}

export type SignIn =
  | { readonly outcome: 'succeeded'; readonly user: User }
  | {
      readonly outcome: 'failed'
      readonly reason: 'user_unknown' | 'password_wrong' | 'user_disabled'
      readonly user: User | undefined
    }
  | { readonly outcome: 'throttled'; readonly throttled: Throttled }

export type SignInOptions = {
  readonly store: Pick<Store, 'accounts' | 'subjectActive'>
  readonly hashes: PasswordHashes
  readonly throttle: Throttle
  readonly now: () => Seconds
}

/** Checks a user name and a password. Throws `overload` when too many checks wait already. */
export type CheckCredentials = (credentials: Credentials) => Promise<SignIn>

export function createSignIn({ store, hashes, throttle, now }: SignInOptions): CheckCredentials {
  const keepUpToDate = async (user: User, password: string): Promise<void> => {
    if (!hashes.isOutdated(user.passwordHash)) return
    try {
      await store.accounts.rehashPassword(user.id, await hashes.hash(password), user.passwordHash)
    } catch (error) {
      // A full queue is no reason to turn the right password away; the next sign-in tries again.
      if (!(error instanceof OAuthError)) throw error
    }
  }

  return async ({ username, password, network, device }) => {
    hashes.admit()
    // Counted under the name the store compares, or another spelling of it would give new attempts.
    const attempt = { account: usernameKey(username), network, device }
    const throttled = await throttle.reserve(attempt, now())
    if (throttled !== undefined) return { outcome: 'throttled', throttled }
    const user = await store.accounts.findUserByName(normalUsername(username))
    // One hash for everybody: the known, the unknown and the disabled (BF-05).
    const matches = await hashes.verify(password, user?.passwordHash)
    if (user === undefined) return { outcome: 'failed', reason: 'user_unknown', user }
    if (!matches) return { outcome: 'failed', reason: 'password_wrong', user }
    const active = user.disabledAt === undefined && (await store.subjectActive(user.id))
    if (!active) return { outcome: 'failed', reason: 'user_disabled', user }
    await throttle.succeeded(attempt, now())
    await keepUpToDate(user, password)
    return { outcome: 'succeeded', user }
  }
}
