import type { AccountClaims, Accounts, Notice, User } from '@sallyport/server/model'
import { claimsOf } from './claims.ts'

/** What a person has to hear of, with the means to write to them. */
export type PersonNotice = Notice & {
  readonly username: string
  /** As at UserInfo: `email`, `name` and `locale`, where they are known. */
  readonly claims: AccountClaims
  /** Address of the page on which the person takes the access back, or decides. */
  readonly pageUrl: string
}

/** The member of the seam to the people that tells them; nothing where nobody would. */
export function notifier(
  notify: ((notice: PersonNotice) => Promise<void>) | undefined,
  findUser: (id: string) => Promise<User | undefined>,
): Pick<Accounts, 'notify'> {
  if (notify === undefined) return {}
  return {
    notify: async (notice) => {
      const user = await findUser(notice.subject)
      // Removed in the meantime, and the grant with it.
      if (user === undefined) return
      const page = notice.kind === 'request_waits' ? '/account/requests' : '/account/apps'
      const pageUrl = `${notice.issuer.replace(/\/$/, '')}${page}`
      await notify({ ...notice, username: user.username, claims: claimsOf(user), pageUrl })
    },
  }
}
