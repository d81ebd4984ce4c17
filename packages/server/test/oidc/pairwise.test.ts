import { createServer, MasterKeyMismatch, registrationFaults, type ClientRegistration } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { decodeJwt, type TestClient, type TestIssuer } from '@sallyport/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pairwiseSubject } from '../../src/subjects.ts'
import { eventsOf, newIssuer } from '../fixtures.ts'
import { openStore, storeNames } from '../stores.ts'

const first = 'https://rs1.test'
const personal = 'openid offline_access profile'
const scope = `${personal} read`

const pairwise = (issuer: TestIssuer, host: string, more: Partial<ClientRegistration> = {}): Promise<TestClient> =>
  issuer.addClient({
    type: 'web',
    name: `Application at ${host}`,
    redirectUris: [`https://${host}/cb`],
    postLogoutRedirectUris: [`https://${host}/bye`],
    scope: 'openid profile offline_access read',
    subjectType: 'pairwise',
    ...more,
  })

const subOf = (jwt: string): unknown => decodeJwt(jwt).claims['sub']

/** Who alice is to a client, by her ID Token. */
const aliceAt = async (issuer: TestIssuer, client: TestClient): Promise<unknown> =>
  subOf((await issuer.codeFlow({ client, parameters: { scope } })).idToken)

describe('the function', () => {
  const key = Buffer.from('project-test-salt-0001')

  it('A-PPID-02, B-SUB-02 gives the value of the test vector', () => {
    expect(pairwiseSubject(key, 'client.example.org', 'user-42')).toBe('pDlq6FvOF0onkP80KLrN62xecOToSUebbrLjUwJSDSA')
  })

  it('A-PPID-02 is the same for the same person and sector, and for nothing else', () => {
    const text = fc.string({ maxLength: 40, unit: 'binary' })
    fc.assert(
      fc.property(text, text, text, text, (sector, subject, otherSector, otherSubject) => {
        const value = pairwiseSubject(key, sector, subject)
        expect(value).toMatch(/^[\w-]{43}$/)
        expect(pairwiseSubject(key, sector, subject)).toBe(value)
        expect(pairwiseSubject(Buffer.from('another'), sector, subject)).not.toBe(value)
        // Text that is no text (a lone surrogate) becomes the replacement character in both.
        const same =
          Buffer.from(sector).equals(Buffer.from(otherSector)) && Buffer.from(subject).equals(Buffer.from(otherSubject))
        expect(pairwiseSubject(key, otherSector, otherSubject) === value).toBe(same)
      }),
    )
  })
})

describe.each(storeNames)('pairwise identifiers on %s', (name) => {
  const start = async (): Promise<TestIssuer> => {
    const { store, discard } = await openStore(name)
    onTestFinished(discard)
    return newIssuer({ store })
  }

  it('A-PPID-05, A-INT-06 every artefact of a client names one and the same identifier', async () => {
    const issuer = await start()
    const client = await pairwise(issuer, 'one.test', { userinfoAlgorithm: 'ES256' })
    const at = await issuer.codeFlow({ client, parameters: { scope, resource: first } })
    const own = await issuer.codeFlow({ client, parameters: { scope: personal, resource: undefined } })
    const next = await issuer.refreshed(own)
    const userinfo = await issuer.userinfo(own.accessToken)
    expect(userinfo.status).toBe(200)
    const seen = [
      subOf(at.idToken),
      subOf(at.accessToken),
      subOf(own.accessToken),
      subOf(next.idToken),
      subOf(next.accessToken),
      subOf(userinfo.text),
      (await issuer.introspect(issuer.clients.RS1, at.accessToken)).json['sub'],
      (await issuer.introspect(client, at.refreshToken)).json['sub'],
    ]
    expect(seen[0]).toMatch(/^[\w-]{43}$/)
    expect(seen).toEqual(seen.map(() => seen[0]))
  })

  it('A-INT-06, B-SUB-02 two sectors know two, two clients of one sector the same, a public client the plain one', async () => {
    const issuer = await start()
    const [one, two, sibling] = [
      await pairwise(issuer, 'one.test'),
      await pairwise(issuer, 'two.test'),
      await pairwise(issuer, 'one.test', { redirectUris: ['https://one.test:8443/other'] }),
    ]
    const atOne = await aliceAt(issuer, one)
    expect(await aliceAt(issuer, sibling)).toBe(atOne)
    expect(await aliceAt(issuer, two)).not.toBe(atOne)
    expect(await aliceAt(issuer, issuer.clients.K)).toBe(issuer.alice.subject)
    const bob = await issuer.codeFlow({ client: one, person: issuer.bob, parameters: { scope } })
    expect(subOf(bob.idToken)).not.toBe(atOne)
  })

  it('B-SUB-06 nothing that reaches the client holds the identifier of the server', async () => {
    const issuer = await start()
    const client = await pairwise(issuer, 'one.test')
    issuer.forget()
    const flow = await issuer.codeFlow({ client, parameters: { scope: personal, resource: undefined } })
    const next = await issuer.refreshed(flow)
    await issuer.userinfo(flow.accessToken)
    await issuer.introspect(client, next.accessToken)
    await issuer.introspect(client, next.refreshToken)
    const { code, response } = flow.authorized
    const bodies = issuer.records.exchanges.map(({ response: { body, headers } }) => [body.toString(), headers])
    const decoded = [flow.idToken, flow.accessToken, next.idToken, next.accessToken].map((jwt) => decodeJwt(jwt).claims)
    expect(bodies.length).toBeGreaterThan(4)
    expect(JSON.stringify([bodies, decoded, code, [...response]])).not.toContain(issuer.alice.subject)
  })

  it('A-PPID-02, A-PPID-06 it is the same after a restart', async () => {
    const { store, discard } = await openStore(name)
    onTestFinished(discard)
    const issuer = await newIssuer({ store })
    const client = await pairwise(issuer, 'one.test')
    const before = await aliceAt(issuer, client)
    const node = await issuer.startNode()
    const flow = await issuer.codeFlow({ client, parameters: { scope } })
    const again = await issuer.refresh(flow, {}, { node })
    expect(subOf(String(again.json['id_token']))).toBe(before)
    await node.close()
  })

  it('B-OIDC-23, B-OIDC-31 hints and a wanted sub are read by the identifier that the client knows', async () => {
    const issuer = await start()
    const client = await pairwise(issuer, 'one.test')
    const { authorized, idToken } = await issuer.codeFlow({ client, remember: true, parameters: { scope: 'openid' } })
    const silently = (parameters: Record<string, string>) =>
      issuer.authorize({
        client,
        browser: authorized.browser,
        parameters: { scope: 'openid', prompt: 'none', ...parameters },
      })
    const wanted = (value: unknown) => JSON.stringify({ id_token: { sub: { value } } })
    expect((await silently({ id_token_hint: idToken })).code).not.toBe('')
    expect((await silently({ claims: wanted(subOf(idToken)) })).code).not.toBe('')
    const bob = await issuer.codeFlow({ client, person: issuer.bob, parameters: { scope: 'openid' } })
    for (const parameters of [
      { id_token_hint: bob.idToken },
      { claims: wanted(subOf(bob.idToken)) },
      { claims: wanted(issuer.alice.subject) },
    ])
      expect((await silently(parameters)).response.get('error')).toBe('login_required')
  })

  it('B-LOG-02 a hint with a pairwise identifier signs its own person out, and nobody else', async () => {
    const issuer = await start()
    const client = await pairwise(issuer, 'one.test')
    const { authorized, idToken } = await issuer.codeFlow({ client, parameters: { scope: 'openid' } })
    const bob = await issuer.codeFlow({ client, person: issuer.bob, parameters: { scope: 'openid' } })
    const leave = (hint: string) =>
      authorized.browser.open(
        `/oauth2/logout?${new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: 'https://one.test/bye' }).toString()}`,
      )
    expect((await leave(bob.idToken)).leftFor).toBeUndefined()
    expect((await leave(idToken)).leftFor).toBe('https://one.test/bye')
  })

  it('A-LOG-01 events name the person as the server does, whatever a token says', async () => {
    const issuer = await start()
    const client = await pairwise(issuer, 'one.test')
    const { accessToken } = await issuer.codeFlow({ client, parameters: { scope } })
    await issuer.revoke(client, accessToken)
    expect(eventsOf(issuer, 'token.revoked').map(({ subject }) => subject)).toEqual([issuer.alice.subject])
  })

  it('A-GEN-07 the store holds no pairwise identifier, and none can be made from it', async () => {
    const issuer = await start()
    const client = await pairwise(issuer, 'one.test')
    const sub = String(await aliceAt(issuer, client))
    const { items } = await issuer.store.admin.listAuthorizations({}, undefined, 10)
    expect(items.map(({ authorization }) => authorization.subject)).toEqual([issuer.alice.subject])
    const fingerprint = await issuer.store.admin.readSetting('pairwise_key')
    expect(fingerprint).toMatch(/^[\w-]{43}$/)
    expect(pairwiseSubject(Buffer.from(String(fingerprint), 'base64url'), 'one.test', issuer.alice.subject)).not.toBe(
      sub,
    )
  })
})

describe('what is offered and taken', () => {
  it('A-PPID-01 both types are published', async () => {
    const issuer = await newIssuer()
    const { json } = await issuer.get('/.well-known/openid-configuration')
    expect(json['subject_types_supported']).toEqual(['public', 'pairwise'])
  })

  const judged = (more: Partial<ClientRegistration>) =>
    registrationFaults(
      { type: 'web', name: 'x', redirectUris: ['https://one.test/cb'], subjectType: 'pairwise', ...more },
      false,
    ).map(({ member }) => member)

  it.for<[string, Partial<ClientRegistration>, readonly string[]]>([
    ['one host', {}, []],
    ['one host with several addresses', { redirectUris: ['https://one.test/a', 'https://one.test:8443/b'] }, []],
    [
      'a sector of its own',
      { redirectUris: ['https://a.test/', 'https://b.test/'], sectorIdentifierUri: 'https://c.test/s' },
      [],
    ],
    ['two hosts', { redirectUris: ['https://a.test/', 'https://b.test/'] }, ['subjectType']],
    ['loopback', { type: 'native', redirectUris: ['http://127.0.0.1/cb'] }, ['subjectType']],
    ['a private-use scheme', { type: 'native', redirectUris: ['com.example.app:/cb'] }, ['subjectType']],
    [
      'https beside loopback',
      { type: 'native', redirectUris: ['https://a.test/', 'http://127.0.0.1/cb'] },
      ['subjectType'],
    ],
    [
      'a native client with a sector',
      { type: 'native', redirectUris: ['com.example.app:/cb'], sectorIdentifierUri: 'https://c.test/s' },
      [],
    ],
    ['no redirect URI', { type: 'device', redirectUris: [], grantTypes: ['refresh_token'] }, ['subjectType']],
    ['a sector over http', { sectorIdentifierUri: 'http://c.test/s' }, ['sectorIdentifierUri']],
    ['another type', { subjectType: 'ephemeral' as 'pairwise' }, ['subjectType']],
  ])('A-PPID-03, A-PPID-04, B-SUB-03 %s', ([, more, faults]) => {
    expect(judged(more)).toEqual(faults)
  })

  it('A-PPID-06 the server does not start with another key than before', async () => {
    const store = createMemoryStore()
    const issuer = await newIssuer({ store })
    const start = (masterKey: Buffer) =>
      createServer({
        ...{ issuer: 'https://as.test', store, masterKey, upkeepInterval: 0 },
        accounts: {
          ...{ loginUrl: '/login', consentUrl: '/consent', accountUrl: '/account', acrValues: [], uiLocales: [] },
          findClaims: async () => undefined,
        },
        pages: { error: () => '', signOut: () => '', signedOut: () => '' },
      })
    await expect(start(Buffer.alloc(32, 'another'))).rejects.toThrow(MasterKeyMismatch)
    // The same master key, and a derivation that has changed: keys open, and still nobody is taken for somebody else.
    const known = await issuer.store.admin.readSetting('pairwise_key')
    await issuer.store.admin.writeSetting('pairwise_key', 'x'.repeat(43), known)
    await expect(issuer.startNode()).rejects.toThrow('pairwise identifiers')
    expect(await issuer.store.listSigningKeys()).toHaveLength(5)
  })
})
