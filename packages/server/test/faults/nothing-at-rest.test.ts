import { lookupKey } from '@sallyport/protocol'
import { createAccounts } from '@sallyport/accounts'
import { createTestIssuer, type PeopleFacts, type TestIssuer, type TestPeople } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { credentialsSeen } from '../credentials-seen.ts'
import { openFile } from '../stores.ts'
import { dumpOf, found } from './at-rest.ts'

/** The server's own people, so that passwords are hashed and kept as in production. */
function ownPeople({ store, now, random }: PeopleFacts): TestPeople {
  const { accounts, pages, routes, people } = createAccounts({ store, now, random })
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

/** Every flow there is, the failing ones included. */
async function everything(issuer: TestIssuer): Promise<void> {
  const { K, P, N, E, S, post, RS1 } = issuer.clients
  for (const client of [K, P, N, post]) {
    const flow = await issuer.codeFlow({ client, remember: true })
    const next = await issuer.refreshed(flow)
    await issuer.refresh(flow)
    await issuer.introspect(RS1, next.accessToken)
    const own = await issuer.codeFlow({
      client,
      browser: flow.authorized.browser,
      parameters: { resource: undefined, scope: 'openid profile', response_mode: 'form_post' },
    })
    await issuer.userinfo(own.accessToken)
    await issuer.revoke(client, own.accessToken)
    await issuer.redeem(own.authorized)
    await issuer.redeem(await issuer.authorize({ client }), { code_verifier: issuer.random.handle() })
    await issuer.redeem(await issuer.authorize({ client }), {}, { as: E })
    const query = new URLSearchParams({ id_token_hint: flow.idToken }).toString()
    await flow.authorized.browser.open(`/oauth2/logout?${query}`)
  }
  await issuer.clientCredentials(S, { scope: 'read' })
  await issuer.token(K, { grant_type: 'x' }, { secret: issuer.random.handle() })
  await issuer.authorize({ decision: 'deny', person: issuer.bob })
  await issuer.authorize({ password: `wrong ${issuer.random.id(20)}` })
  await issuer.post('/oauth2/token', { client_id: issuer.random.handle(), client_secret: issuer.random.handle() })
  for (const decision of ['allow', 'deny'] as const) {
    const begun = await issuer.beginDevice()
    await issuer.answerDevice(begun, { decision })
    await issuer.poll(begun)
  }
  await issuer.poll(await issuer.beginDevice())
  const unfinished = await issuer.begin()
  await unfinished.browser.get(unfinished.visit.url)
  await issuer.codeFlow()
}

it(
  'AR-01, A-GEN-07 after every flow the file holds nothing that could be used, in any spelling',
  { timeout: 60_000 },
  async () => {
    const file = await openFile()
    const policy = { deviceGrant: true }
    const issuer = await createTestIssuer({ store: file.store, people: ownPeople, policy })
    await everything(issuer)
    await issuer.server.close()
    const { alice, bob, clients, records } = issuer
    const credentials = new Set(credentialsSeen(records.exchanges))
    for (const secret of [alice.password, bob.password, clients.K.secret ?? '', clients.S.secret ?? ''])
      credentials.add(secret)
    for (const { request } of records.exchanges)
      for (const name of ['state', 'nonce'])
        for (const value of new URLSearchParams(request.query).getAll(name)) credentials.add(value)
    expect(credentials.size).toBeGreaterThan(100)
    const dump = dumpOf(file.directory)
    // The search finds what does stand there, so that zero hits below mean something.
    expect(dump).toContain(clients.K.id)
    expect(dump).toContain(lookupKey(clients.K.secret ?? ''))
    expect(found(dump, credentials)).toEqual([])
    expect(found(JSON.stringify(records.events), credentials)).toEqual([])
    await file.discard()
  },
)

it('A-GEN-07 the nonce of a signed-in browser is not in the file with its code, and reaches the ID token whole', async () => {
  const file = await openFile()
  const issuer = await createTestIssuer({ store: file.store, people: ownPeople })
  const nonces = [issuer.random.handle(), issuer.random.handle()]
  // Signed in and consented: from here on a request becomes a code at once.
  const { browser } = (await issuer.codeFlow({ remember: true })).authorized
  await issuer.authorize({ browser, parameters: { nonce: nonces[0] } })
  const flow = await issuer.codeFlow({ browser, parameters: { nonce: nonces[1] } })
  const claims = JSON.parse(Buffer.from(flow.idToken.split('.')[1] ?? '', 'base64url').toString()) as { nonce?: string }
  expect(claims.nonce).toBe(nonces[1])
  await issuer.server.close()
  const dump = dumpOf(file.directory)
  expect(dump).toContain(issuer.clients.K.id)
  expect(found(dump, nonces)).toEqual([])
  await file.discard()
})

it('AR-01 the search itself finds a value in each of its spellings', () => {
  const value = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  const forms = [
    value,
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('hex'),
    Buffer.from(value, 'base64url').toString('hex'),
    Buffer.from(value, 'base64url').toString('latin1'),
    [...value].reverse().join(''),
  ]
  for (const form of forms) expect(found(`before ${form} after`, [value]).length).toBeGreaterThan(0)
  expect(found('nothing here', [value])).toEqual([])
})

it('AR-01 private keys do not lie open in the file', async () => {
  const file = await openFile()
  const issuer = await createTestIssuer({ store: file.store })
  const dump = dumpOf(file.directory)
  // DER prefixes of PKCS #8: P-256, Ed25519 and RSA private keys, and the PEM label.
  for (const mark of [
    '301306072a8648ce3d020106082a8648ce3d030107',
    '300506032b6570042204',
    '300d06092a864886f70d0101010500048204',
  ])
    expect(dump).not.toContain(Buffer.from(mark, 'hex').toString('latin1'))
  expect(dump).not.toMatch(/PRIVATE KEY|"d":/)
  expect((await issuer.store.listSigningKeys()).length).toBeGreaterThan(0)
  await file.discard()
})

it('AR-02 what stands in the file opens nothing', async () => {
  const file = await openFile()
  const issuer = await createTestIssuer({ store: file.store })
  const flow = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid offline_access' } })
  const unused = await issuer.authorize()
  const { browser } = unused
  const session = '__Host-sallyport-session'
  const digests = [flow.refreshToken, unused.code, browser.jar.get(session) ?? '', flow.client.secret ?? ''].map(
    lookupKey,
  )
  const dump = dumpOf(file.directory)
  for (const digest of digests) expect(dump).toContain(digest)
  for (const digest of digests) {
    expect((await issuer.refresh({ ...flow, refreshToken: digest })).status).toBe(400)
    expect((await issuer.redeem({ ...unused, code: digest })).status).toBe(400)
    expect((await issuer.userinfo(digest)).status).toBe(401)
    expect((await issuer.token(flow.client, { grant_type: 'x' }, { secret: digest })).status).toBe(401)
    const thief = issuer.browser()
    thief.jar.set(session, digest)
    expect((await issuer.begin({ browser: thief })).visit.forms[0]?.id).toBe('login-form')
  }
  await file.discard()
})
