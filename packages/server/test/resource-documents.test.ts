import { resourceMetadataUrl } from '@sallyport/protocol'
import { laterResourceMembers, type PolicyOptions, type Resource } from '@sallyport/server'
import { decodeJwt, standardResources } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { machineToken, newIssuer } from './fixtures.ts'

const folder = '/.well-known/oauth-protected-resource'
const userinfo = 'https://as.test/oauth2/userinfo'

const local: Resource = {
  id: 'https://as.test/api/files',
  name: 'Files',
  scopes: [{ name: 'files', description: 'See your files' }],
  accessTokenLifetime: undefined,
  ...laterResourceMembers,
}

it('A-PRM-01, A-PRM-02 documents of the own APIs and of registered ones on the same origin', async () => {
  const issuer = await newIssuer({ resources: [...standardResources, local] })
  const people = {
    authorization_servers: ['https://as.test'],
    scopes_supported: ['openid'],
    bearer_methods_supported: ['header'],
    resource_name: 'UserInfo',
    dpop_signing_alg_values_supported: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
    dpop_bound_access_tokens_required: false,
  }
  expect((await issuer.get(folder)).json).toEqual({ resource: 'https://as.test', ...people })
  expect((await issuer.get(`${folder}/oauth2/userinfo`)).json).toEqual({ resource: userinfo, ...people })
  const answer = await issuer.get(`${folder}/api/files`)
  expect(answer.json).toEqual({
    resource: local.id,
    authorization_servers: ['https://as.test'],
    scopes_supported: ['files'],
    bearer_methods_supported: ['header'],
    resource_name: 'Files',
  })
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
  })
  const again = await issuer.get(`${folder}/api/files`, { 'if-none-match': String(answer.headers['etag']) })
  expect([again.status, again.text]).toEqual([304, ''])
  const head = await issuer.send({ method: 'HEAD', path: `${folder}/api/files` })
  expect([head.status, head.text]).toEqual([200, ''])
  const post = await issuer.send({ method: 'POST', path: `${folder}/api/files` })
  expect([post.status, post.headers['allow']]).toEqual([405, 'GET'])
})

it('A-PRM-02 the own documents say what the policy does with proofs of possession', async () => {
  const said = async (policy: PolicyOptions): Promise<unknown[]> => {
    const issuer = await newIssuer({ policy, registration: { mode: 'open' } })
    const { json: people } = await issuer.get(`${folder}/oauth2/userinfo`)
    const { json: door } = await issuer.get(`${folder}/oauth2/register`)
    return [people, door].flatMap((one) => [
      one['dpop_signing_alg_values_supported'] !== undefined,
      one['dpop_bound_access_tokens_required'],
    ])
  }
  expect(await said({})).toEqual([true, false, false, false])
  // Registration takes bearer tokens alone, whatever clients are held to.
  expect(await said({ stages: { requireSenderConstraint: 'enforce' } })).toEqual([true, true, false, false])
  expect(await said({ stages: { requireSenderConstraint: 'warn' } })).toEqual([true, false, false, false])
  expect(await said({ dpop: false })).toEqual([false, undefined, false, undefined])
})

it('A-PRM-01 nothing is at any other address, and APIs of other origins serve their own document', async () => {
  const issuer = await newIssuer({ resources: [{ ...local, id: 'https://rs1.test/api' }] })
  for (const path of [`${folder}/`, `${folder}/api`, `${folder}/oauth2/register`, `${folder}s`, `/x${folder}`])
    expect([path, (await issuer.get(path)).status]).toEqual([path, 404])
  expect((await issuer.send({ path: `${folder}/oauth2/userinfo`, query: 'a=b' })).status).toBe(404)
})

it('A-PRM-01 a new API has its document within a second, and nobody can describe the own ones', async () => {
  const issuer = await newIssuer()
  expect((await issuer.get(`${folder}/api/files`)).status).toBe(404)
  await issuer.store.admin.saveResource(local, [])
  await issuer.store.admin.saveResource({ ...local, id: userinfo, name: 'Mine' }, [])
  issuer.clock.advance(1)
  expect((await issuer.get(`${folder}/api/files`)).json['resource']).toBe(local.id)
  expect((await issuer.get(`${folder}/oauth2/userinfo`)).json['resource_name']).toBe('UserInfo')
})

it.for(['https://as.test/tenant', 'https://as.test/tenant/', 'https://as.test/'])(
  'A-PRM-01 for issuer %s each document is where its resource says',
  async (id) => {
    const issuer = await newIssuer({ issuer: id, registration: { mode: 'open' } })
    const metadata = await issuer.send({ path: `/.well-known/oauth-authorization-server${issuer.basePath}` })
    const own = (metadata.json['protected_resources'] as string[]).filter((one) => one.startsWith('https://as.test'))
    expect(own).toEqual([id, metadata.json['userinfo_endpoint'], metadata.json['registration_endpoint']])
    for (const resource of own) {
      const { pathname } = new URL(resourceMetadataUrl(resource))
      expect((await issuer.send({ path: pathname })).json).toMatchObject({ resource, authorization_servers: [id] })
    }
  },
)

it('A-PRM-03, A-PRM-04 the challenge of UserInfo leads to a document for the very address that was asked', async () => {
  const issuer = await newIssuer()
  const refused = [
    await issuer.get('/oauth2/userinfo'),
    await issuer.userinfo('x.y.z'),
    await issuer.userinfo(await machineToken(issuer, userinfo)),
  ]
  expect(refused.map(({ status }) => status)).toEqual([401, 401, 403])
  for (const { headers } of refused) {
    const told = /, resource_metadata="([^"]+)"/.exec(String(headers['www-authenticate']))?.[1] ?? ''
    expect(told).toBe(`https://as.test${folder}/oauth2/userinfo`)
    expect((await issuer.get(new URL(told).pathname)).json['resource']).toBe(userinfo)
  }
})

it('A-PRM-04, A-RES-03 who follows the challenge gets a token for that address, and it works there', async () => {
  const issuer = await newIssuer()
  const flow = await issuer.codeFlow({ parameters: { resource: userinfo } })
  expect(decodeJwt(flow.accessToken).claims['aud']).toBe(userinfo)
  expect((await issuer.userinfo(flow.accessToken)).status).toBe(200)
  const next = await issuer.refreshed(flow, { resource: userinfo })
  expect(decodeJwt(next.accessToken).claims['aud']).toBe(userinfo)
})

it('A-PRM-03 the challenge of registration names its document, that of one client names none', async () => {
  const issuer = await newIssuer({ registration: { mode: 'initial_access_token' } })
  const refused = await issuer.send({ method: 'POST', path: '/oauth2/register' })
  expect(refused.headers['www-authenticate']).toContain(`resource_metadata="https://as.test${folder}/oauth2/register"`)
  expect((await issuer.get(`${folder}/oauth2/register`)).json).toEqual({
    resource: 'https://as.test/oauth2/register',
    authorization_servers: ['https://as.test'],
    bearer_methods_supported: ['header'],
    resource_name: 'Client registration',
    dpop_bound_access_tokens_required: false,
  })
  const managed = await issuer.get('/oauth2/register/client_x')
  expect([managed.status, managed.headers['www-authenticate']]).toEqual([
    401,
    expect.not.stringContaining('resource_metadata'),
  ])
})

it('A-PRM-07, A-META-07 the metadata lists every resource there are tokens for', async () => {
  const issuer = await newIssuer()
  const { json } = await issuer.get('/.well-known/oauth-authorization-server')
  expect(json['protected_resources']).toEqual(['https://as.test', userinfo, 'https://rs1.test', 'https://rs2.test'])
})
