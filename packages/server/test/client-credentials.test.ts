import { ClientMetadataError, registerClient } from '@sallyport/server'
import { decodeJwt } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

it('A-CC-01 public clients cannot use the grant, and failed authentication is invalid_client', async () => {
  const issuer = await newIssuer()
  const { P, N, S } = issuer.clients
  for (const client of [P, N])
    expectRefusal(await issuer.clientCredentials(client, { scope: 'read' }), 'unauthorized_client')
  const forced = await issuer.changeClient(P, { grantTypes: ['client_credentials'] })
  expectRefusal(await issuer.clientCredentials(forced, { scope: 'read' }), 'unauthorized_client')
  expectRefusal(await issuer.clientCredentials(S, { scope: 'read' }, { secret: 'wrong' }), 'invalid_client', 401)
  const registration = {
    type: 'spa',
    name: 'x',
    redirectUris: ['https://x.test/cb'],
    grantTypes: ['client_credentials'],
  } as const
  const context = { development: false, now: issuer.clock.now(), random: issuer.random, secretLifetime: 1 }
  expect(() => registerClient(registration, context)).toThrow(ClientMetadataError)
})

it('A-CC-02 there is never a refresh token', async () => {
  const issuer = await newIssuer()
  const client = await issuer.changeClient(issuer.clients.E, { scope: ['read', 'offline_access'] })
  const answer = await issuer.clientCredentials(client, { scope: 'read' })
  expectTokens(answer)
  expect(answer.json).not.toHaveProperty('refresh_token')
  expectRefusal(await issuer.clientCredentials(client, { scope: 'read offline_access' }), 'invalid_scope')
})

it.for(['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'read openid'])(
  'A-CC-03 scope %s belongs to people',
  async (scope) => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.E, {
      scope: ['read', 'openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    })
    expectRefusal(await issuer.clientCredentials(client, { scope }), 'invalid_scope')
  },
)

it('A-CC-03 there is never an ID token', async () => {
  const issuer = await newIssuer()
  expect((await issuer.clientCredentials(issuer.clients.S, { scope: 'read' })).json).not.toHaveProperty('id_token')
})

it('A-CC-04 scope stays within the allowance, and without one the default counts or the request fails', async () => {
  const issuer = await newIssuer()
  const { S } = issuer.clients
  for (const scope of ['admin', 'read admin', 'read  write', 'READ'])
    expectRefusal(await issuer.clientCredentials(S, { scope }), 'invalid_scope')
  expectRefusal(await issuer.clientCredentials(S), 'invalid_scope')
  const client = await issuer.changeClient(S, { defaultScope: ['read'] })
  const answer = await issuer.clientCredentials(client, { resource: 'https://rs1.test' })
  expect(answer.json['scope']).toBe('read')
})

it('A-CC-05, A-TOK-15 the token is short-lived and names one resource', async () => {
  const issuer = await newIssuer()
  const { S } = issuer.clients
  const answer = await issuer.clientCredentials(S, { scope: 'read deliver', resource: 'https://rs2.test' })
  const { claims } = decodeJwt(String(answer.json['access_token']))
  expect(claims).toMatchObject({ aud: 'https://rs2.test', scope: 'deliver', client_id: S.id, sub: S.id })
  expect(answer.json['scope']).toBe('deliver')
})

it('A-BCP-03 unknown resources, other people’s resources and two at once are refused', async () => {
  const issuer = await newIssuer()
  const client = await issuer.changeClient(issuer.clients.S, { resources: ['https://rs1.test'] })
  const ask = (resource: string | string[]) => issuer.clientCredentials(client, { scope: 'read', resource })
  expectRefusal(await ask('https://unknown.test'), 'invalid_target')
  expectRefusal(await ask('https://rs2.test'), 'invalid_target')
  const two = { scope: 'read', resource: ['https://rs1.test', 'https://rs2.test'] }
  expectRefusal(await issuer.clientCredentials(issuer.clients.K, two), 'unauthorized_client')
  expectRefusal(await issuer.clientCredentials(issuer.clients.E, two), 'invalid_target')
  expectTokens(await ask('https://rs1.test'))
})

it('A-CC-01 nothing is written for it', async () => {
  const issuer = await newIssuer()
  issuer.store.forgetCalls()
  await issuer.clientCredentials(issuer.clients.S, { scope: 'read' })
  expect(issuer.store.calls.filter((verb) => !verb.startsWith('find') && !verb.startsWith('list'))).toEqual([])
})

it('A-CC-04 a client that also acts for people has a ceiling of its own when it acts for itself', async () => {
  const issuer = await newIssuer()
  const client = await issuer.changeClient(issuer.clients.E, {
    machineScope: ['read'],
    defaultScope: ['read', 'write'],
  })
  expectRefusal(await issuer.clientCredentials(client, { scope: 'read write' }), 'invalid_scope')
  expectTokens(await issuer.clientCredentials(client, { scope: 'read' }))
  expect((await issuer.clientCredentials(client, { resource: 'https://rs1.test' })).json['scope']).toBe('read')
  expect((await issuer.codeFlow({ client, parameters: { scope: 'openid read write' } })).scope).toContain('write')
  const none = await issuer.changeClient(client, { machineScope: [] })
  expectRefusal(await issuer.clientCredentials(none, { scope: 'read' }), 'invalid_scope')
})

it('A-CC-04 that ceiling is part of scope, belongs to no person, and needs the grant', async () => {
  const issuer = await newIssuer()
  const context = { development: false, now: issuer.clock.now(), random: issuer.random, secretLifetime: 1 }
  const web = { type: 'web', name: 'x', redirectUris: ['https://x.test/cb'], scope: 'openid read' } as const
  const grantTypes = ['authorization_code', 'client_credentials'] as const
  for (const machineScope of ['write', 'openid', 'read  read'])
    expect(() => registerClient({ ...web, grantTypes, machineScope }, context)).toThrow(ClientMetadataError)
  expect(() => registerClient({ ...web, machineScope: 'read' }, context)).toThrow(ClientMetadataError)
  expect(registerClient({ ...web, grantTypes, machineScope: 'read' }, context).client.machineScope).toEqual(['read'])
})
