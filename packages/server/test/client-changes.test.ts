import { changeClient, ClientMetadataError, registerClient, type RegistrationContext } from '@sallyport/server'
import { basic, decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectRefusal, newIssuer } from './fixtures.ts'

const contextOf = ({ clock, random }: Awaited<ReturnType<typeof newIssuer>>): RegistrationContext => ({
  development: false,
  now: clock.now(),
  random,
  secretLifetime: 365 * 86_400,
})

describe('a client that is changed', () => {
  it('A-TOK-09 sends its secret the new way, and cannot lose or gain having one', async () => {
    const issuer = await newIssuer()
    const { K, P } = issuer.clients
    const changed = changeClient(K.record, { authenticationMethod: 'client_secret_post' }, contextOf(issuer))
    expect(changed).toMatchObject({ authenticationMethod: 'client_secret_post', version: K.record.version + 1 })
    expect(() => changeClient(K.record, { authenticationMethod: 'none' }, contextOf(issuer))).toThrow(
      ClientMetadataError,
    )
    expect(() => changeClient(P.record, { authenticationMethod: 'client_secret_basic' }, contextOf(issuer))).toThrow(
      ClientMetadataError,
    )
  })

  it('A-CORS-03 origins that followed from the redirect URIs follow the new ones; given ones stay', async () => {
    const issuer = await newIssuer()
    const context = contextOf(issuer)
    const spa = { type: 'spa', name: 'App', redirectUris: ['https://a.test/cb'], scope: 'openid' } as const
    const moved = { redirectUris: ['https://b.test/cb'] }
    expect(changeClient(registerClient(spa, context).client, moved, context).allowedOrigins).toEqual(['https://b.test'])
    const given = registerClient({ ...spa, allowedOrigins: ['https://c.test'] }, context).client
    expect(changeClient(given, moved, context).allowedOrigins).toEqual(['https://c.test'])
  })

  it('CO-10 a scope taken from it is gone from codes and refresh tokens issued before', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const first = await issuer.codeFlow({ parameters: { scope: 'openid offline_access read profile' } })
    await issuer.changeClient(K, { scope: ['openid', 'offline_access', 'read'] })
    issuer.clock.advance(1)
    const next = await issuer.refreshed(first)
    expect(decodeJwt(next.accessToken).claims['scope']).not.toContain('profile')
  })

  it('CO-10 a resource taken from it gives no token for anything else', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const first = await issuer.codeFlow({
      parameters: { scope: 'openid offline_access read', resource: 'https://rs1.test' },
    })
    await issuer.changeClient(K, { resources: ['https://rs2.test'] })
    issuer.clock.advance(1)
    expectRefusal(await issuer.refresh(first), 'invalid_target')
  })
})

describe('guessing secrets', () => {
  const body = { grant_type: 'client_credentials', scope: 'read' }

  it('A-RATE-01 invented clients share one count, and their events are folded', async () => {
    const issuer = await newIssuer()
    const statuses: number[] = []
    for (let attempt = 0; attempt < 60; attempt++) {
      const authorization = basic(`client_${issuer.random.id(16)}`, 'x')
      statuses.push((await issuer.post('/oauth2/token', body, { headers: { authorization } })).status)
    }
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401))
    expect(new Set(statuses.slice(10))).toEqual(new Set([429]))
    expect(eventsOf(issuer, 'client.auth.failed').length).toBeLessThan(25)
    const { S } = issuer.clients
    const honest = basic(S.id, S.secret ?? '')
    expect((await issuer.post('/oauth2/token', body, { headers: { authorization: honest } })).status).toBe(200)
  })

  it('CA-13 a client without a secret cannot be locked out with secrets sent in its name', async () => {
    const issuer = await newIssuer()
    const { P } = issuer.clients
    for (let attempt = 0; attempt < 15; attempt++) {
      const answer = await issuer.post('/oauth2/token', { ...body, client_id: P.id, client_secret: 'x' })
      expect(answer.status).toBe(401)
    }
    expect((await issuer.codeFlow({ client: P })).accessToken).not.toBe('')
  })

  it('A-LOG-02 the name of a doubled parameter is not written down unless it is a known one', async () => {
    const issuer = await newIssuer()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    await issuer.send({
      path: '/oauth2/token',
      method: 'POST',
      headers,
      body: Buffer.from('hunter2secret&hunter2secret&code=a&code=b'),
    })
    const [event] = eventsOf(issuer, 'token.request.rejected')
    expect(event?.detail).toMatchObject({ reason_detail: 'other code' })
    expect(JSON.stringify(issuer.records.events)).not.toContain('hunter2')
  })
})
