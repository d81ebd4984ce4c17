import { usernameKey, type AccountStore, type User } from '../model/account.ts'
import { endAllOf } from './memory-sessions.ts'
import { keep, pageOf, type MemoryState } from './memory-state.ts'

/** People with password accounts. */
export function memoryAccounts(state: MemoryState): AccountStore {
  const view = (user: User): User => ({ ...user, disabledAt: state.disabledSubjects.get(user.id) })
  const find = (id: string | undefined): User | undefined => {
    const user = id === undefined ? undefined : state.users.get(id)
    return user && view(user)
  }
  return {
    createUser: async (user) => {
      const name = usernameKey(user.username)
      if (state.userIds.has(name)) return false
      if (state.users.has(user.id)) throw new Error('user exists')
      state.users.set(user.id, keep(user))
      state.userIds.set(name, user.id)
      if (user.disabledAt !== undefined) state.disabledSubjects.set(user.id, user.disabledAt)
      return true
    },
    findUserByName: async (username) => find(state.userIds.get(usernameKey(username))),
    findUser: async (id) => find(id),
    listUsers: async (after, limit) => pageOf(state.users.values(), (user) => user.id, after, limit).items.map(view),
    replacePassword: async (id, passwordHash, now) => {
      const user = state.users.get(id)
      if (user === undefined) return false
      state.users.set(id, keep({ ...user, passwordHash, updatedAt: now }))
      endAllOf(state, id, 'credential_change', now)
      return true
    },
    rehashPassword: async (id, passwordHash, previous) => {
      const user = state.users.get(id)
      if (user === undefined || user.passwordHash !== previous) return false
      state.users.set(id, keep({ ...user, passwordHash }))
      return true
    },
  }
}
