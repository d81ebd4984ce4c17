import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seconds } from '@sallyport/protocol'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { client, issue, session, unique } from '@sallyport/testing/store-contract'
import { createScratch, prepare, type Installation } from './cli.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder)
})
afterAll(() => {
  scratch.remove()
})

/** A person of this installation who is signed in to an application that wants to hear of the end. */
async function signedIn(): Promise<{ readonly user: string; readonly sessionId: string; readonly clientId: string }> {
  const made = await place.json(['user', 'create', '--username', unique('person'), '--password-stdin'], {
    input: 'seven green lanterns at dusk\n',
  })
  const user = String(made['user_id'])
  const store = await openSqliteStore({ path: place.store })
  const now = seconds(Date.now() / 1000)
  const ends = seconds(now + 3600)
  const on = {
    client: client({ backchannelLogoutUri: 'https://shop.example/logout' }),
    session: session({ subject: user, createdAt: now, seenAt: now, expiresAt: ends }),
  }
  await store.admin.createClient(on.client, [])
  await store.startSession(on.session, undefined, [])
  const code = { issuedAt: now, expiresAt: ends }
  expect(await store.issueCode(issue(on, { hearsOfLogout: true, code }), now)).toBe('issued')
  await store.close()
  return { user, sessionId: on.session.id, clientId: on.client.id }
}

/** What a server would have to tell now. */
async function noticed(): Promise<readonly string[]> {
  const store = await openSqliteStore({ path: place.store })
  const found: string[] = []
  for (;;) {
    const now = seconds(Date.now() / 1000)
    const notice = await store.logouts.claim(now, seconds(now + 60), [])
    if (notice === undefined) break
    found.push(`${notice.clientId} ${notice.sessionId} ${notice.subject}`)
    await store.logouts.settle(notice.id, [])
  }
  await store.close()
  return found
}

describe('sessions that end on the command line', () => {
  it.each<[string, (one: Awaited<ReturnType<typeof signedIn>>) => Promise<unknown>]>([
    ['session revoke', ({ sessionId }) => place.json(['session', 'revoke', sessionId])],
    ['user disable', ({ user }) => place.json(['user', 'disable', user])],
    [
      'user reset-password',
      ({ user }) =>
        place.json(['user', 'reset-password', user, '--password-stdin'], { input: 'eight green lanterns at dawn\n' }),
    ],
  ])('B-LOG-16 %s leaves a notice for each application, which the server sends', async (_command, end) => {
    const one = await signedIn()
    await signedIn()
    await end(one)
    expect(await noticed()).toEqual([`${one.clientId} ${one.sessionId} ${one.user}`])
  })
})
