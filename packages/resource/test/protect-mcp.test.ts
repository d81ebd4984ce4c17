import { createResourceMetadata, createVerifier, protect, protectMcp, type BearerReason } from '@sallyport/resource'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { audience, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start, type Key } from './issuer.ts'

let key: Key
beforeAll(async () => {
  key = await makeKey('k1')
})

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

const metadata = createResourceMetadata({
  resource: audience,
  authorizationServers: [issuer],
  name: 'Orders',
  scopes: ['orders.read'],
})

const verifierFor = (name: string, reasons: BearerReason[] = []) =>
  createVerifier({
    issuer,
    audience: name,
    fetch: issuerDocuments(jwksAnswer([key])).fetcher,
    now: () => start,
    onRejected: (reason) => reasons.push(reason),
  })

const options = { metadata, scope: ['orders.read'], tools: { cancel: ['orders.write'], toString: ['orders.admin'] } }

/** A server behind both doors of the guard, which must answer alike. */
async function doors(reasons: BearerReason[] = []) {
  const guard = protectMcp(verifierFor(audience, reasons), {
    ...options,
    maxBytes: 1000,
    origins: ['https://inspector.test'],
  })
  const node = guard.node((_, res, { caller, body }) => {
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ caller, body: body ?? 'nothing' }))
  })
  const server = createServer((req, res) => void node(req, res))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const web = guard.fetch((_, { caller, body }) => Response.json({ caller, body: body ?? 'nothing' }))
  return [(init: RequestInit) => fetch(base, init), (init: RequestInit) => web(new Request(base, init))] as const
}

const message = (method: string, params?: object) => ({ jsonrpc: '2.0', id: 1, method, params })
const call = (name: string) => message('tools/call', { name, arguments: {} })

const bare = (body: unknown): RequestInit & { headers: Record<string, string> } => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

const post = async (body: unknown, claims: object = {}) => {
  const init = bare(body)
  return { ...init, headers: { ...init.headers, authorization: `Bearer ${await sign(key, { claims })}` } }
}

describe('protectMcp', () => {
  it('A-MCP-01, A-PRM-03 tells whoever comes without a token where to look and what to ask for', async () => {
    for (const ask of await doors()) {
      const answer = await ask(bare(message('tools/list')))
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe(
        `Bearer realm="${audience}", scope="orders.read", resource_metadata="${metadata.url}"`,
      )
    }
  })

  it('A-MCP-02 takes no token of another audience, and hands its own callers on without theirs', async () => {
    for (const ask of await doors()) {
      const refused = await ask(await post(message('tools/list'), { aud: 'https://other.test/mcp' }))
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
      const answer = (await (await ask(await post(message('tools/list')))).json()) as Record<string, unknown>
      expect(answer).toEqual({
        caller: {
          token: '',
          clientId: 'client_1',
          scopes: ['orders.read'],
          expiresAt: start + 300,
          resource: audience,
          extra: { subject: 'user_1' },
        },
        body: message('tools/list'),
      })
    }
  })

  it('A-MCP-03 gives a tool nothing that an API behind it would take', async () => {
    const upstream = protect(verifierFor('https://upstream.test'), {}).fetch(() => new Response('in'))
    const guard = protectMcp(verifierFor(audience), options)
    const forwarding = guard.fetch((request, { caller, token }) => {
      const carried = [caller.token, request.headers.get('authorization')?.slice(7) ?? '', JSON.stringify(token)]
      return Promise.all(
        carried.map(async (text) => {
          const own = new Request('https://upstream.test/', { headers: { authorization: `Bearer ${text}` } })
          return (await upstream(own)).status
        }),
      ).then((statuses) => Response.json(statuses))
    })
    const answer = await forwarding(new Request('https://api.test/orders', await post(message('tools/list'))))
    const statuses = (await answer.json()) as number[]
    expect(statuses).toHaveLength(3)
    expect(statuses.every((status) => status === 400 || status === 401)).toBe(true)
  })

  it('A-MCP-08, A-BEAR-06 names all scopes of a tool that needs more, once', async () => {
    const reasons: BearerReason[] = []
    for (const ask of await doors(reasons)) {
      const answer = await ask(await post(call('cancel')))
      expect(answer.status).toBe(403)
      const challenge = answer.headers.get('www-authenticate') ?? ''
      expect(challenge).toContain('scope="orders.read orders.write", error="insufficient_scope"')
      expect(challenge).toContain(`resource_metadata="${metadata.url}"`)
      expect((await ask(await post(call('cancel'), { scope: 'orders.read orders.write' }))).status).toBe(200)
    }
    expect(reasons).toEqual(['scope', 'scope'])
  })

  it('A-MCP-08 looks at every message of a batch, and only at tools that are named', async () => {
    for (const ask of await doors()) {
      expect((await ask(await post([message('tools/list'), call('cancel')]))).status).toBe(403)
      for (const harmless of [
        [],
        [null, 7, 'tools/call'],
        call('list'),
        message('tools/call'),
        message('x', { name: 'cancel' }),
      ])
        expect((await ask(await post(harmless))).status).toBe(200)
      for (const inherited of ['constructor', '__proto__', 'hasOwnProperty'])
        expect((await ask(await post(call(inherited)))).status).toBe(200)
      expect((await ask(await post(call('toString')))).status).toBe(403)
    }
  })

  it('A-MCP-08 reads a message that says two things as the server behind it will', async () => {
    for (const ask of await doors()) {
      const twice = '{"method":"tools/call","params":{"name":"list","name":"cancel"}}'
      expect((await ask(await post(twice))).status).toBe(403)
    }
  })

  it('A-MCP-02 reads the body only of those who may call, and not without end', async () => {
    for (const ask of await doors()) {
      expect((await ask(bare('x'.repeat(5000)))).status).toBe(401)
      const long = await ask(await post('"'.padEnd(5000, 'x')))
      expect([long.status, ((await long.json()) as { error: { code: number } }).error.code]).toEqual([413, -32600])
      for (const broken of ['', '{', '{"a":']) {
        const answer = await ask(await post(broken))
        expect([answer.status, ((await answer.json()) as { error: { code: number } }).error.code]).toEqual([
          400, -32700,
        ])
      }
    }
  })

  it('A-MCP-02 needs a token for every method, and a message only for posts', async () => {
    for (const ask of await doors())
      for (const method of ['GET', 'DELETE']) {
        expect((await ask({ method })).status).toBe(401)
        const { headers } = await post('')
        const answer = await ask({ method, headers })
        expect(await answer.json()).toMatchObject({ body: 'nothing' })
      }
  })

  it('A-MCP-02 outlives a sender who goes away in the middle', async () => {
    const [ask] = await doors()
    const { port } = servers.at(-1)?.address() as AddressInfo
    const token = await sign(key)
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        const head = `POST /mcp HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 500\r\n\r\n{"a"`
        socket.write(head, () => setTimeout(() => socket.destroy(), 50))
      })
      socket.on('close', () => {
        resolve()
      })
    })
    expect((await ask(await post(message('ping')))).status).toBe(200)
  })

  it('A-MCP-02 gives pages nothing that are not expected, whatever they bring', async () => {
    for (const ask of await doors()) {
      for (const origin of [
        'https://evil.test',
        'null',
        'https://api.test:444',
        'http://api.test',
        'https://api.test.evil.test',
      ]) {
        const init = await post(message('tools/list'))
        const answer = await ask({ ...init, headers: { ...init.headers, origin } })
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null])
        expect((await ask({ method: 'OPTIONS', headers: { origin } })).status).toBe(403)
      }
    }
  })

  it('A-MCP-02, B-DPOP-26 lets pages of its own origin and of listed ones call, and read the challenge', async () => {
    for (const ask of await doors()) {
      for (const origin of ['https://api.test', 'https://inspector.test']) {
        const preflight = await ask({ method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
        expect(preflight.status).toBe(204)
        expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization, DPoP,')
        const init = await post(message('tools/list'))
        for (const [wanted, sent] of [
          [200, init],
          [401, bare(message('tools/list'))],
        ] as const) {
          const answer = await ask({ ...sent, headers: { ...sent.headers, origin } })
          expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([wanted, origin])
          expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate, DPoP-Nonce,')
          expect(answer.headers.get('vary')).toContain('Origin')
        }
      }
      expect((await ask({ method: 'OPTIONS' })).status).toBe(401)
    }
    const wrong = (origin: string) => () => protectMcp(verifierFor(audience), { ...options, origins: [origin] })
    for (const origin of ['*', 'https://a.test/', 'a.test', 'https://a.test/path'])
      expect(wrong(origin)).toThrow('no origin')
  })

  it('A-MCP-08 never announces offline_access', () => {
    const make = (scope: string[], tools = {}) => protectMcp(verifierFor(audience), { metadata, scope, tools })
    expect(() => make(['offline_access'])).toThrow('offline_access')
    expect(() => make([], { cancel: ['offline_access'] })).toThrow('offline_access')
    expect(() => make(['a"b'])).toThrow('printable')
  })
})
