import { ClientMetadataError, registerClient } from '@sallyport/server'
import { decodeJwt } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { expectBack, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const [first, second] = ['https://rs1.test', 'https://rs2.test'] as const
const both = { resource: [first, second], scope: 'openid offline_access read write deliver' }
const eleven = Array.from({ length: 11 }, (_, index) => `https://rs${index}.test`)

it.for<[string, string | string[]]>([
  ['a relative one', '/api'],
  ['a fragment', `${first}#part`],
  ['a query', `${first}?a=b`],
  ['plain http', 'http://rs1.test'],
  ['eleven values', eleven],
])('A-RES-01 %s is invalid_target at every entry', async ([, resource]) => {
  const issuer = await newIssuer()
  expectBack(await issuer.authorize({ parameters: { resource } }), 'invalid_target')
  expectRefusal(await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource }), 'invalid_target')
  const flow = await issuer.codeFlow()
  expectRefusal(await issuer.refresh(flow, { resource }), 'invalid_target')
  expectTokens(await issuer.refresh(flow))
})

it('A-RES-01 more values than are taken are refused in words that say so', async () => {
  const issuer = await newIssuer()
  const answer = await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: eleven })
  expect(answer.json['error_description']).toContain('at most 10 resource values')
})

it('A-RES-02 an unknown resource beside a known one is refused, not dropped', async () => {
  const issuer = await newIssuer()
  expectBack(await issuer.authorize({ parameters: { resource: [first, 'https://no.test'] } }), 'invalid_target')
  const client = await issuer.changeClient(issuer.clients.K, { resources: [first] })
  expectBack(await issuer.authorize({ client, parameters: both }), 'invalid_target')
})

it('A-RES-03 the token endpoint takes one resource of those that were granted', async () => {
  const issuer = await newIssuer()
  for (const resource of ['https://rs3.test', [first, second], undefined]) {
    const authorized = await issuer.authorize({ parameters: both })
    expectRefusal(await issuer.redeem(authorized, { resource }), 'invalid_target')
    const answer = await issuer.redeem(authorized, { resource: first })
    expect(decodeJwt(String(answer.json['access_token'])).claims['aud']).toBe(first)
  }
})

it('A-RES-04, A-RES-07 each refresh may name another granted resource and gets the scope that counts there', async () => {
  const issuer = await newIssuer()
  const authorized = await issuer.authorize({ parameters: both })
  const one = await issuer.redeem(authorized, { resource: first })
  expect(one.json['scope']).toBe('read write')
  const refreshToken = String(one.json['refresh_token'])
  const two = await issuer.refresh({ client: authorized.client, refreshToken }, { resource: second })
  expect(two.json['scope']).toBe('deliver')
  expect(decodeJwt(String(two.json['access_token'])).claims).toMatchObject({ aud: second, scope: 'deliver' })
})

it('A-RES-05 scheme and host in any case, a lone closing slash, and nothing else', async () => {
  const issuer = await newIssuer()
  const { S } = issuer.clients
  for (const resource of ['HTTPS://RS1.Test', 'https://rs1.test/']) {
    const own = await issuer.clientCredentials(S, { scope: 'read', resource })
    expect(decodeJwt(String(own.json['access_token'])).claims['aud']).toBe(first)
    const flow = await issuer.codeFlow({ parameters: { resource } })
    expect(decodeJwt(flow.accessToken).claims['aud']).toBe(first)
    expectTokens(await issuer.refresh(flow, { resource }))
  }
  for (const resource of ['https://rs1.test/api', 'https://rs1.test//', 'https://rs1.test:443'])
    expectRefusal(await issuer.clientCredentials(S, { scope: 'read', resource }), 'invalid_target')
})

it('A-RES-05 an issuer with a closing slash can be named, and the token still names it byte for byte', async () => {
  const issuer = await newIssuer({ issuer: 'https://as.test/' })
  for (const resource of ['https://as.test/', 'https://as.test']) {
    const flow = await issuer.codeFlow({ parameters: { resource } })
    expect(decodeJwt(flow.accessToken).claims['aud']).toBe('https://as.test/')
    expect((await issuer.userinfo(flow.accessToken)).status).toBe(200)
  }
})

it('A-RES-06 the default resource counts where none is named, in every grant', async () => {
  const issuer = await newIssuer()
  const service = await issuer.changeClient(issuer.clients.S, { defaultResource: second })
  const own = await issuer.clientCredentials(service, { scope: 'read deliver' })
  expect(decodeJwt(String(own.json['access_token'])).claims).toMatchObject({ aud: second, scope: 'deliver' })
  const client = await issuer.changeClient(issuer.clients.K, { defaultResource: first })
  const flow = await issuer.codeFlow({ client, parameters: { resource: undefined } })
  expect(decodeJwt(flow.accessToken).claims['aud']).toBe(first)
  const next = await issuer.refreshed(flow)
  expect(decodeJwt(next.accessToken).claims['aud']).toBe(first)
  expectRefusal(await issuer.refresh(next, { resource: second }), 'invalid_target')
})

it('A-RES-06 a default that was taken from the client or the registry fails the request', async () => {
  const issuer = await newIssuer()
  const gone = await issuer.changeClient(issuer.clients.S, { defaultResource: 'https://gone.test' })
  expectRefusal(await issuer.clientCredentials(gone, { scope: 'read' }), 'invalid_target')
  const taken = await issuer.changeClient(gone, { defaultResource: second, resources: [first] })
  expectRefusal(await issuer.clientCredentials(taken, { scope: 'read' }), 'invalid_target')
})

it('A-RES-06 without a default and without a scope of an API the token is for the issuer, works at UserInfo and at no API', async () => {
  const issuer = await newIssuer()
  const { accessToken } = await issuer.codeFlow({ parameters: { scope: 'openid profile', resource: undefined } })
  expect(decodeJwt(accessToken).claims['aud']).toBe('https://as.test')
  expect((await issuer.userinfo(accessToken)).status).toBe(200)
  expect((await issuer.introspect(issuer.clients.RS1, accessToken)).json).toEqual({ active: false })
})

it.for([
  ['no URI', { defaultResource: 'api' }],
  ['a fragment', { defaultResource: `${first}#x` }],
  ['outside of resources', { defaultResource: second, resources: [first] }],
] as const)('A-RES-06 a default resource is refused at registration: %s', async ([, members]) => {
  const issuer = await newIssuer()
  const context = { development: false, now: issuer.clock.now(), random: issuer.random, secretLifetime: 1 }
  const make = (more: object) => registerClient({ type: 'service', name: 'x', scope: 'read', ...more }, context)
  expect(() => make(members)).toThrow(ClientMetadataError)
  const { client } = make({ defaultResource: 'HTTPS://RS1.test/', resources: ['https://rs1.test/'] })
  expect(client).toMatchObject({ defaultResource: first, resources: [first] })
})

it('A-RES-07 the consent page names each resource', async () => {
  const issuer = await newIssuer()
  const begun = await issuer.begin({ parameters: both })
  const { username, password } = issuer.alice
  const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
  for (const name of ['First API', 'Second API']) expect(consent.answer.text).toContain(name)
})
