import type { SecurityEvent } from '@sallyport/server/model'
import { createMemoryStore } from '@sallyport/server/store'
import { describe, expect, it } from 'vitest'
import { createPasswordHashes } from '../src/passwords/password-hash.ts'
import { createPeople } from '../src/people.ts'
import { start } from './fixtures.ts'

const cheap = { memory: 64, passes: 1, lanes: 1 }
const password = 'seven oak doors'

function setUp() {
  const memory = createMemoryStore()
  const events: SecurityEvent[] = []
  const store: typeof memory = {
    ...memory,
    setSubjectActive: (subject, active, now, more) => (
      events.push(...more),
      memory.setSubjectActive(subject, active, now, more)
    ),
    endSubject: (subject, reason, now, more) => (events.push(...more), memory.endSubject(subject, reason, now, more)),
  }
  const hashes = createPasswordHashes(cheap)
  return {
    store,
    events,
    hashes,
    people: createPeople({ store, hashes, now: () => start, contextWords: ['Sallyport'] }),
  }
}

describe('people', () => {
  it('A-GEN-07 creates a person with an id of its own and only a hash of the password', async () => {
    const { people, hashes } = setUp()
    const { user } = await people.create({ username: 'Alice', password, claims: { name: 'Alice Example' } })
    expect(user?.id).toMatch(/^user_[\w-]{22}$/)
    expect(JSON.stringify(user)).not.toContain(password)
    expect(await hashes.verify(password, user?.passwordHash)).toBe(true)
    expect(await people.find('alice')).toMatchObject({ id: user?.id, username: 'Alice' })
    expect(await people.list()).toHaveLength(1)
  })

  it('BF-14 refuses a weak password with its reason and creates nobody', async () => {
    const { people } = setUp()
    const result = await people.create({ username: 'alice', password: 'Password1' })
    expect(result).toMatchObject({
      fault: 'password_common',
      message: 'The password is one of those that are tried first',
    })
    expect(await people.list()).toHaveLength(0)
  })

  it('XS-04 refuses user names with control characters, outer spaces or too many characters', async () => {
    const { people } = setUp()
    for (const username of ['', ' alice', 'alice ', 'a\nb', 'a\u0000', 'a\u2028b', 'x'.repeat(257)]) {
      expect(await people.create({ username, password })).toMatchObject({ fault: 'username_syntax' })
    }
    expect((await people.create({ username: 'x'.repeat(256), password })).user).toBeDefined()
  })

  it('B-OIDC-14 takes each user name once, whatever its case or composition', async () => {
    const { people } = setUp()
    await people.create({ username: 'Zo\u00eb', password })
    expect(await people.create({ username: 'ZOE\u0308', password })).toMatchObject({ fault: 'username_taken' })
  })

  it('RT-12 disables and enables with an event each', async () => {
    const { people, store, events } = setUp()
    const { user } = await people.create({ username: 'alice', password })
    expect((await people.disable('alice')).user?.disabledAt).toBe(start)
    expect(await store.subjectActive(user?.id ?? '')).toBe(false)
    expect((await people.enable(user?.id ?? '')).user?.disabledAt).toBeUndefined()
    expect(events.map((event) => [event.event, event.reason])).toEqual([
      ['admin.action', 'user_disabled'],
      ['admin.action', 'user_enabled'],
    ])
    expect(await people.disable('nobody')).toMatchObject({ fault: 'person_unknown' })
  })

  it('RT-18 resets a password under the same rules and writes credential.reset', async () => {
    const { people, hashes, events } = setUp()
    await people.create({ username: 'alice', password })
    expect(await people.resetPassword('alice', 'alice1')).toMatchObject({ fault: 'password_username' })
    expect(events).toHaveLength(0)
    const { user } = await people.resetPassword('alice', 'eight iron gates')
    expect(await hashes.verify('eight iron gates', user?.passwordHash)).toBe(true)
    expect(await hashes.verify(password, user?.passwordHash)).toBe(false)
    expect(events).toMatchObject([{ event: 'credential.reset', subject: user?.id }])
  })
})
