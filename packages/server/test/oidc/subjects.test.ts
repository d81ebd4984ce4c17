import { createAccounts } from '@sallyport/accounts'
import { registrationFaults, subjectId } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { clockStart, decodeJwt, seededRandom, type PeopleFacts } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { newRealIssuer, realPeople } from '../real-pages.ts'

describe('subjects', () => {
  it('B-SUB-01 nobody gets the identifier of somebody who is gone, also under the same name', async () => {
    const store = createMemoryStore()
    const random = seededRandom('subjects')
    const { people } = createAccounts({
      store,
      now: () => clockStart,
      random,
      hashing: { cost: { memory: 64, passes: 1, lanes: 1 } },
    })
    const seen = new Set<string>()
    for (let round = 0; round < 50; round++) {
      const { user } = await people.create({ username: `carol${round}`, password: 'a long enough password' })
      seen.add(user?.id ?? '')
    }
    expect(seen.size).toBe(50)
    const first = (await people.find('carol0'))?.id
    await people.disable('carol0')
    const again = await people.create({ username: 'Carol0', password: 'a long enough password' })
    expect(again.fault).toBe('username_taken')
    expect((await people.find('carol0'))?.id).toBe(first)
  })

  it('B-SUB-01 discovery lists the subject types that work', async () => {
    const issuer = await newRealIssuer()
    expect((await issuer.get('/.well-known/openid-configuration')).json['subject_types_supported']).toEqual([
      'public',
      'pairwise',
    ])
    const subjects = []
    for (const client of [issuer.clients.K, issuer.clients.P])
      subjects.push(decodeJwt((await issuer.codeFlow({ client })).idToken).claims['sub'])
    expect(subjects).toEqual([issuer.alice.subject, issuer.alice.subject])
  })

  it('B-SUB-05 clients and people have disjoint name spaces, and a client cannot choose its id', async () => {
    const issuer = await newRealIssuer()
    for (const { id } of Object.values(issuer.clients)) expect(id).toMatch(/^client_[\w-]{22}$/)
    expect(issuer.alice.subject).toMatch(/^user_[\w-]{22}$/)
    const chosen = {
      type: 'service',
      name: 'Impostor',
      id: issuer.alice.subject,
      clientId: issuer.alice.subject,
    } as const
    expect(registrationFaults(chosen, false).map(({ member }) => member)).toEqual(['id', 'clientId'])
  })

  it('B-SUB-05 a user base cannot sign in somebody who looks like a client', async () => {
    for (const subject of ['client_AAAAAAAAAAAAAAAAAAAAAA', 'client_', '', 'mit Umlaut ü', 'x'.repeat(256)]) {
      const issuer = await newIssuer({ mayFail: true, people: impostors(subject) })
      const { visit } = await issuer.authorize()
      expect([visit.answer.status, visit.answer.cookies]).toEqual([500, []])
      expect(issuer.records.faults[0]?.cause).toBeInstanceOf(TypeError)
      expect(issuer.store.calls).not.toContain('startSession')
    }
    expect(subjectId(seededRandom('x'))).not.toMatch(/^client_/)
  })
})

/** A user base whose sign-in reports whatever subject it is told to. */
const impostors = (subject: string) => (facts: PeopleFacts) => {
  const people = realPeople()(facts)
  const routes = people.routes.map((route) => {
    if (route.path !== '/login') return route
    const post = async (...[host, request]: Parameters<NonNullable<typeof route.methods.POST>>) => {
      const open = await host.interactions.find(request)
      host.interactions.form(request, open)
      return host.interactions.login(request, open, { subject, amr: ['pwd'], acr: undefined })
    }
    return { path: route.path, methods: { ...route.methods, POST: post } }
  })
  return { ...people, routes }
}
