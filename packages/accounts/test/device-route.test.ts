import { createAccounts, type AccountsOptions, type PersonNotice } from '@sallyport/accounts'
import { createTestIssuer, type PeopleFacts, type TestIssuer, type TestPeople } from '@sallyport/testing'
import { expect, it, vi } from 'vitest'
import { german } from './page-states.ts'

function ownPeople({ store, now, random }: PeopleFacts, notify?: AccountsOptions['notify']): TestPeople {
  const { accounts, pages, routes, people } = createAccounts({ store, now, random, notify })
  return {
    accounts,
    pages,
    routes,
    add: async (username) => {
      const password = `correct ${username} battery ${random.id(9)}`
      const made = await people.create({ username, password })
      if (made.user === undefined) throw new Error(made.message)
      return { subject: made.user.id, username, password }
    },
  }
}

const issuerWithPages = (notify?: AccountsOptions['notify']): Promise<TestIssuer> =>
  createTestIssuer({
    people: (facts) => ownPeople(facts, notify),
    clients: ['D', 'K', 'RS1', 'RS2'],
    policy: { deviceGrant: true },
  })

it('A-DEV-07 lets a device in through the pages of the package, from sign-in to the last word', async () => {
  const issuer = await issuerWithPages()
  const begun = await issuer.beginDevice()
  const browser = issuer.browser()
  const login = await browser.open(`/device?user_code=${begun.userCode}`)
  expect(login.answer.text).toContain('to let a device in')
  const { username, password } = issuer.alice
  const entry = await browser.submit(login, 'login-form', { username, password })
  expect(entry.answer.text).toContain(`value="${begun.userCode}"`)
  const asked = await browser.submit(entry, 'device-form')
  for (const words of ['Television', begun.userCode, 'Did you start this?', 'another network', 'Read your documents'])
    expect(asked.answer.text).toContain(words)
  // The first button of the form is the one that a stray Enter presses.
  expect(/<button[^>]*value="(\w+)"/.exec(asked.answer.text)?.[1]).toBe('deny')
  const done = await browser.submit(asked, 'decision-form', { decision: 'allow' })
  expect(done.answer.text).toContain('The device is let in')
  expect((await issuer.poll(begun)).status).toBe(200)
})

it('A-DEV-07 names the host that the application belongs to', async () => {
  const issuer = await issuerWithPages()
  const about = { type: 'device', name: 'Radio', clientUri: 'https://xn--rdio-loa.example/about' } as const
  const begun = await issuer.beginDevice({
    client: await issuer.addClient({ ...about, scope: 'openid offline_access read' }),
  })
  const { text } = (await issuer.enterCode(begun.userCode)).visit.answer
  expect(text).toMatch(/The application belongs to <bdi[^>]*>xn--rdio-loa\.example</)
})

it('A-DEV-13 tells the person later which devices came in, from where, and takes their access back', async () => {
  const issuer = await issuerWithPages()
  const [first, second] = [await issuer.beginDevice(), await issuer.beginDevice({ remoteAddress: '2001:db8::1' })]
  const browser = await issuer.answerDevice(first)
  issuer.clock.advance(2)
  await issuer.answerDevice(second, { browser })
  const token = String((await issuer.poll(second)).json['access_token'])
  await issuer.codeFlow({ client: issuer.clients.K, browser })
  const apps = await browser.open('/account/apps')
  const told = apps.answer.text.match(/<li>On [^<]*you let a device in[^]*?<\/li>/g) ?? []
  expect(told.map((line) => /<bdi>(.*?)<\/bdi>/.exec(line)?.[1])).toEqual(['2001:db8:0:0::/64', '198.51.100.20'])
  expect(apps.answer.text).toContain('If one of them was not you')
  const television = apps.forms.find(({ fields }) => fields['client_id'] === issuer.clients.D.id)
  await browser.submit(apps, television?.id ?? '')
  expect(await issuer.isAlive(token)).toBe(false)
  expect((await browser.open('/account/apps')).answer.text).not.toContain('you let a device in')
})

it('A-DEV-13 has the person told of each device that came in, with the page that takes it back', async () => {
  const told: PersonNotice[] = []
  const issuer = await issuerWithPages(async (notice) => void told.push(notice))
  const begun = await issuer.beginDevice()
  const browser = await issuer.answerDevice(begun)
  await vi.waitFor(() => expect(told).toHaveLength(1))
  const { username, subject } = issuer.alice
  const [notice] = told
  expect(notice).toMatchObject({
    ...{ kind: 'device_approved', subject, username, at: issuer.clock.now(), clientName: 'Television' },
    ...{ clientId: issuer.clients.D.id, deviceNetwork: '198.51.100.20', claims: {} },
  })
  if (notice?.kind !== 'device_approved') throw new Error('told of something else')
  expect(notice.network).not.toBe(notice.deviceNetwork)
  // The address in the notice is that of the page that has the button.
  const apps = await browser.open(new URL(notice.pageUrl).pathname)
  await browser.submit(apps, apps.forms.find(({ fields }) => fields['client_id'] === notice.clientId)?.id ?? '')
  expect((await issuer.poll(begun)).json['error']).toBe('invalid_grant')
  await issuer.answerDevice(await issuer.beginDevice(), { browser, decision: 'deny' })
  expect(told).toHaveLength(1)
})

it('A-DEV-13 lets the device in although the person could not be told, and says so to the operator', async () => {
  const issuer = await issuerWithPages(() => Promise.reject(new Error('no mail today')))
  const begun = await issuer.beginDevice()
  await issuer.answerDevice(begun)
  expect((await issuer.poll(begun)).status).toBe(200)
  await vi.waitFor(() => expect(issuer.records.faults).toHaveLength(1))
  expect(String(issuer.records.faults[0]?.cause)).toContain('no mail today')
})

it('A-DEV-05, A-DEV-11 says what is wrong, when to come back, and what became of it', async () => {
  const issuer = await issuerWithPages()
  const begun = await issuer.beginDevice()
  const { browser, visit } = await issuer.enterCode('BBBB-BBBB')
  expect(visit.answer.status).toBe(400)
  expect(visit.answer.text).toContain('This code is not good here')
  const asked = await issuer.enterCode(begun.userCode, { browser })
  const undecided = await browser.submit(asked.visit, 'decision-form', { decision: 'perhaps' })
  expect(undecided.answer.status).toBe(400)
  expect(undecided.answer.text).toContain('Choose one of the buttons')
  const done = await browser.submit(undecided, 'decision-form', { decision: 'disown' })
  expect(done.answer.text).toContain('Nobody got in')
  const over = await browser.submit(undecided, 'decision-form', { decision: 'allow' })
  expect(over.answer.text).toContain('This request is over')
  for (let attempt = 0; attempt < 4; attempt++) await issuer.enterCode('BBBB-BBBB', { browser })
  const wait = await issuer.enterCode('BBBB-BBBB', { browser })
  expect(wait.visit.answer.status).toBe(429)
  expect(wait.visit.answer.headers['retry-after']).toBe('600')
  expect(wait.visit.answer.text).toContain('10 minutes')
})

it('B-OIDC-28 speaks the language of the browser, before and after the sign-in', async () => {
  const issuer = await issuerWithPages()
  const browser = issuer.browser()
  const answer = await browser.get('/device', { 'accept-language': 'de-AT,de;q=0.9' })
  const login = await browser.get(String(answer.location))
  expect(login.text).toContain(String(german.words.say('login.title')))
})

it('A-AUTHZ-14 giving up the sign-in lets nobody in', async () => {
  const issuer = await issuerWithPages()
  const browser = issuer.browser()
  const login = await browser.open('/device')
  const cancelled = await browser.submit(login, 'login-cancel-form', { decision: 'cancel' })
  expect(cancelled.answer.status).toBe(403)
  expect(issuer.records.events.map(({ event }) => event)).not.toContain('login.succeeded')
})
