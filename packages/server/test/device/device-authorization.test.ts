import { lookupKey, readUserCode } from '@sallyport/protocol'
import { laterResourceMembers } from '@sallyport/server'
import { pkcePair } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectRefusal, newIssuer } from '../fixtures.ts'
import { openFile } from '../stores.ts'
import { dumpOf, found } from '../faults/at-rest.ts'
import { deviceIssuer } from './fixtures.ts'

const path = '/oauth2/device_authorization'
const grant = 'urn:ietf:params:oauth:grant-type:device_code'

describe('the answer', () => {
  it('A-DEV-03 has everything a device needs, and nobody may keep it', async () => {
    const { answer } = await (await deviceIssuer()).beginDevice()
    const userCode = String(answer.json['user_code'])
    expect(answer.json).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/) as never,
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/) as never,
      verification_uri: 'https://as.test/device',
      verification_uri_complete: `https://as.test/device?user_code=${userCode}`,
      expires_in: 600,
      interval: 5,
    })
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  })

  it('A-DEV-03 follows the policy, and the page lies below the issuer', async () => {
    const policy = { deviceCodeLifetime: 900, devicePollInterval: 10 }
    const { answer } = await (await deviceIssuer({ issuer: 'https://as.test/one', policy })).beginDevice()
    expect(answer.json).toMatchObject({
      verification_uri: 'https://as.test/one/device',
      expires_in: 900,
      interval: 10,
    })
  })

  it('A-DEV-04 draws the code again when another waiting request has it', async () => {
    const issuer = await deviceIssuer()
    const taken = await issuer.beginDevice()
    const { create } = issuer.store.devices
    const keys: string[] = []
    const devices = {
      ...issuer.store.devices,
      create: (request: Parameters<typeof create>[0]) => {
        keys.push(request.userCodeKey ?? '')
        return keys.length < 3 ? Promise.resolve(false) : create(request)
      },
    }
    const node = await issuer.startNode({ ...issuer.store, devices })
    const answer = await issuer.askDevice({ node })
    expect(answer.status).toBe(200)
    expect(new Set(keys).size).toBe(3)
    expect(answer.json['user_code']).not.toBe(taken.userCode)
    const full = await issuer.startNode({ ...issuer.store, devices: { ...devices, create: async () => false } })
    expectRefusalOf503(await issuer.askDevice({ node: full }))
  })
})

const expectRefusalOf503 = (answer: Parameters<typeof expectRefusal>[0]): void => {
  expectRefusal(answer, 'temporarily_unavailable', 503)
  expect(answer.headers).toHaveProperty('retry-after')
}

describe('who may ask', () => {
  it('A-DEV-01 by POST of a form, as at the token endpoint', async () => {
    const issuer = await deviceIssuer()
    const { D } = issuer.clients
    expect((await issuer.get(path)).status).toBe(405)
    expectRefusal(await issuer.post(path, { scope: 'read' }), 'invalid_client', 401)
    expectRefusal(await issuer.post(path, { client_id: 'client_nobody', scope: 'read' }), 'invalid_client', 401)
    expectRefusal(await issuer.send({ method: 'POST', path, query: `client_id=${D.id}` }), 'invalid_request')
    expectRefusal(await issuer.askDevice({ parameters: { scope: ['read', 'write'] } }), 'invalid_request')
    const headers = { 'content-type': 'application/json' }
    expectRefusal(await issuer.post(path, { client_id: D.id }, { headers }), 'invalid_request')
    expect((await issuer.askDevice()).status).toBe(200)
  })

  it('A-DEV-01 a confidential client proves who it is', async () => {
    const issuer = await deviceIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { grantTypes: [grant, 'refresh_token'] })
    expectRefusal(await issuer.post(path, { client_id: client.id, scope: 'read' }), 'invalid_client', 401)
    expectRefusal(await issuer.askDevice({ client, secret: 'wrong' }), 'invalid_client', 401)
    expect((await issuer.askDevice({ client })).status).toBe(200)
  })

  it('A-DEV-02 only a client that is registered for the grant', async () => {
    const issuer = await deviceIssuer()
    for (const client of [issuer.clients.P, issuer.clients.N, issuer.clients.K, issuer.clients.S])
      expectRefusal(await issuer.askDevice({ client, parameters: { scope: 'read' } }), 'unauthorized_client')
    const poll = { grant_type: grant, device_code: 'x' }
    expectRefusal(await issuer.token(issuer.clients.N, poll), 'unauthorized_client')
  })

  it('A-DEV-02, A-DEV-15 nobody until the policy offers it, and then the metadata says so', async () => {
    const closed = await newIssuer()
    const open = await deviceIssuer()
    expectRefusal(await closed.askDevice(), 'invalid_request', 404)
    expectRefusal(
      await closed.token(closed.clients.D, { grant_type: grant, device_code: 'x' }),
      'unsupported_grant_type',
    )
    const document = '/.well-known/openid-configuration'
    const [before, after] = [(await closed.get(document)).json, (await open.get(document)).json]
    expect(before).not.toHaveProperty('device_authorization_endpoint')
    expect(before['grant_types_supported']).not.toContain(grant)
    expect(after['device_authorization_endpoint']).toBe('https://as.test/oauth2/device_authorization')
    expect(after['grant_types_supported']).toContain(grant)
  })

  it('A-CORS-02 no page of another origin', async () => {
    const issuer = await deviceIssuer()
    const headers = { origin: 'https://app.test' }
    const preflight = { ...headers, 'access-control-request-method': 'POST' }
    const asked = await issuer.send({ method: 'OPTIONS', path, headers: preflight })
    expect(asked.status).toBe(405)
    for (const answer of [asked, await issuer.askDevice({ headers })])
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('what may be asked', () => {
  it('A-DEV-02 scopes of the client, and none that is marked as not by device', async () => {
    const issuer = await deviceIssuer()
    const ask = (parameters: Record<string, string | undefined>) => issuer.askDevice({ parameters })
    for (const scope of [undefined, 'admin', 'read admin', 'read  write'])
      expectRefusal(await ask({ scope }), 'invalid_scope')
    await issuer.store.admin.saveResource(
      {
        id: 'https://rs1.test',
        name: 'First API',
        scopes: [
          { name: 'read', description: 'Read' },
          { name: 'write', description: 'Write' },
        ],
        accessTokenLifetime: undefined,
        ...laterResourceMembers,
        notByDevice: ['write'],
      },
      [],
    )
    issuer.clock.advance(2)
    expectRefusal(await ask({ scope: 'read write' }), 'invalid_scope')
    expect(eventsOf(issuer, 'token.request.rejected', 'scope_not_by_device')).toHaveLength(1)
    expect((await ask({ scope: 'read' })).status).toBe(200)
    const { challenge } = pkcePair(issuer.random)
    const code = await issuer.authorize({
      client: issuer.clients.N,
      parameters: { scope: 'write', code_challenge: challenge },
    })
    expect(code.code).not.toBe('')
  })

  it('A-RES-07 resources as anywhere else', async () => {
    const issuer = await deviceIssuer()
    const ask = (resource: string | readonly string[]) => issuer.askDevice({ parameters: { resource } })
    for (const resource of ['https://unknown.test', 'https://rs1.test#x', 'not a resource'])
      expectRefusal(await ask(resource), 'invalid_target')
    expect((await ask(['https://rs1.test', 'https://rs2.test'])).status).toBe(200)
  })

  it('A-PKCE-04 a challenge is S256 and well-formed, where there is one', async () => {
    const issuer = await deviceIssuer()
    const { challenge } = pkcePair(issuer.random)
    const method = 'S256'
    const wrong = [
      { code_challenge: challenge },
      { code_challenge: challenge, code_challenge_method: 'plain' },
      { code_challenge: challenge.slice(1), code_challenge_method: method },
      { code_challenge_method: method },
    ]
    for (const parameters of wrong) expectRefusal(await issuer.askDevice({ parameters }), 'invalid_request')
    const parameters = { code_challenge: challenge, code_challenge_method: method }
    expect((await issuer.askDevice({ parameters })).status).toBe(200)
  })
})

describe('limits', () => {
  it('A-DEV-13, A-RATE-03 of a network and of a client, with the time to wait', async () => {
    const policy = { deviceRequestsPerNetwork: 20, deviceRequestsPerMinute: 40 }
    const issuer = await deviceIssuer({ policy })
    const burst = async (remoteAddress: string, requests: number) => {
      const answers = await Promise.all(Array.from({ length: requests }, () => issuer.askDevice({ remoteAddress })))
      for (const answer of answers.filter(({ status }) => status !== 200)) {
        expectRefusal(answer, 'temporarily_unavailable', 429)
        expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
      }
      return answers.filter(({ status }) => status === 200).length
    }
    expect(await burst('192.0.2.7', 100)).toBe(20)
    expect(await burst('192.0.2.8', 19)).toBe(19)
    expect(await burst('192.0.2.9', 20)).toBe(1)
    issuer.clock.advance(60)
    expect(await burst('192.0.2.9', 20)).toBe(20)
  })
})

describe('at rest', () => {
  it('A-DEV-06, A-GEN-07, AR-01 neither code is in the file, and the short one not even as a plain digest', async () => {
    const file = await openFile()
    const issuer = await deviceIssuer({ store: file.store })
    const begun = await issuer.beginDevice()
    const short = readUserCode(begun.userCode) ?? ''
    await issuer.poll(begun)
    await issuer.server.close()
    const dump = dumpOf(file.directory)
    expect(dump).toContain(lookupKey(begun.deviceCode))
    const forms = [begun.userCode, short, short.toLowerCase()]
    expect(found(dump, [begun.deviceCode, ...forms, ...forms.map(lookupKey)])).toEqual([])
    await file.discard()
  })
})
