import { equal } from 'node:assert/strict'
import { exactlyOne, sameRecord, together, type ContractPart } from './assertions.ts'
import { family, ground } from './ground.ts'
import { later, start, unique, user } from './records.ts'

/** People with password accounts. */
export const accountContract: ContractPart = ({ describe, it }, withStore) => {
  describe('accounts', () => {
    it(
      'BF-05 takes a username once, without regard to case or width',
      withStore(async (store) => {
        const names = ['Ada', 'ADA', 'ada', '\uff21da']
        const answers = await together(4, (index) => store.accounts.createUser(user({ username: names[index] ?? '' })))
        const winner = names[exactlyOne(answers, (answer) => answer)]
        equal((await store.accounts.findUserByName('aDa'))?.username, winner)
        equal(await store.accounts.findUserByName('nobody'), undefined)
        equal(await store.accounts.findUser('nobody'), undefined)
      }),
    )
    it(
      'B-LOG-16 shows a disabled person as disabled',
      withStore(async (store) => {
        const [one, two] = [user(), user({ disabledAt: later(5) })]
        await store.accounts.createUser(one)
        await store.accounts.createUser(two)
        sameRecord(await store.accounts.findUser(one.id), one)
        sameRecord(await store.accounts.findUserByName(two.username), two)
        equal(await store.subjectActive(two.id), false)
        await store.setSubjectActive(one.id, false, later(7), [])
        sameRecord(await store.accounts.listUsers(undefined, 10), [{ ...one, disabledAt: later(7) }, two])
        sameRecord(
          (await store.accounts.listUsers(one.id, 1)).map(({ id }) => id),
          [two.id],
        )
      }),
    )
    it(
      'RT-18 replaces the password and ends sessions and families in one write',
      withStore(async (store) => {
        const on = await ground(store)
        const one = user({ id: on.session.subject })
        await store.accounts.createUser(one)
        const { token } = await family(store, on)
        equal(await store.accounts.replacePassword(one.id, '$argon2id$two', later(9)), true)
        sameRecord(await store.accounts.findUser(one.id), {
          ...one,
          passwordHash: '$argon2id$two',
          updatedAt: later(9),
        })
        equal(await store.findSession(on.session.digest, start), undefined)
        equal((await store.findRefreshToken(token.digest))?.ended, 'authorization_revoked')
        equal(await store.accounts.replacePassword(unique('user'), 'x', start), false)
      }),
    )
    it(
      'BF-01 rehashes a password only over the hash that was verified',
      withStore(async (store) => {
        const one = user()
        await store.accounts.createUser(one)
        equal(await store.accounts.rehashPassword(one.id, '$argon2id$new', '$argon2id$other'), false)
        equal(await store.accounts.rehashPassword(one.id, '$argon2id$new', one.passwordHash), true)
        equal((await store.accounts.findUser(one.id))?.passwordHash, '$argon2id$new')
      }),
    )
  })
}
