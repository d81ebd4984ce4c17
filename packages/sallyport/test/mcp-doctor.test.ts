import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { examineMcpServer, type McpReport } from '../src/mcp/examine-server.ts'
import { run } from './cli.ts'

type Answer = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
type Pages = Record<string, Answer | undefined>

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** An MCP server at /mcp and its authorization server at /as; `change` breaks what a test wants broken. */
async function chain(change: (pages: Pages, origin: string) => void = () => undefined) {
  const pages: Pages = {}
  const asked: string[] = []
  const server = createServer(({ url = '', method = '' }, response) => {
    asked.push(`${method} ${url}`)
    const { status = 200, headers = {}, body = {} } = pages[url] ?? { status: 404 }
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const document = `${origin}/.well-known/oauth-protected-resource/mcp`
  pages['/mcp'] = { status: 401, headers: { 'www-authenticate': `Bearer resource_metadata="${document}"` } }
  pages['/.well-known/oauth-protected-resource/mcp'] = {
    body: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/as`] },
  }
  pages[oauthPath] = { body: metadata(origin) }
  change(pages, origin)
  return { url: new URL(`${origin}/mcp`), asked }
}

const oauthPath = '/.well-known/oauth-authorization-server/as'

const metadata = (origin: string) => ({
  issuer: `${origin}/as`,
  authorization_endpoint: `${origin}/as/authorize`,
  token_endpoint: `${origin}/as/token`,
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true,
})

const findings = ({ checks }: McpReport): string =>
  checks.flatMap(({ state, message }) => (state === 'finding' ? [message] : [])).join('\n')

const able = ({ clients }: McpReport): readonly string[] => clients.filter(({ works }) => works).map(({ kind }) => kind)

describe('mcp doctor', { timeout: 60_000 }, () => {
  it('A-MCP-01, A-MCP-04 says of a whole chain what each kind of client will do, and ends with 0', async () => {
    const { url } = await chain()
    const { code, stdout } = await run(['mcp', 'doctor', url.href])
    expect(code).toBe(0)
    expect(stdout).toContain('A client by metadata document: sends the URL of its document')
    expect(stdout).toContain('A client by dynamic registration: cannot register itself')
  })

  it('A-MCP-01 ends with 3 and tells the remedy where a link is missing', async () => {
    const { url } = await chain((pages) => (pages['/mcp'] = { status: 200 }))
    const { code, stdout } = await run(['mcp', 'doctor', url.href, '--json'])
    expect(code).toBe(3)
    const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: { remedy?: string }[] }
    expect([healthy, checks[0]?.remedy]).toEqual([false, expect.stringContaining('answer 401')])
  })

  it('A-MCP-01 tries the three places of the metadata in the order of MCP', async () => {
    const { url, asked } = await chain((pages, origin) => {
      pages[oauthPath] = undefined
      pages['/as/.well-known/openid-configuration'] = { body: metadata(origin) }
    })
    expect(findings(await examineMcpServer(url))).toBe('')
    expect(asked.slice(2)).toEqual([
      `GET ${oauthPath}`,
      'GET /.well-known/openid-configuration/as',
      'GET /as/.well-known/openid-configuration',
    ])
  })

  it.for<[string, (pages: Pages, origin: string) => void, RegExp]>([
    ['a challenge without address', (p) => (p['/mcp'] = { status: 401 }), /does not name the resource metadata/],
    [
      'a document of another resource',
      (p, o) =>
        (p['/.well-known/oauth-protected-resource/mcp'] = {
          body: { resource: 'https://x', authorization_servers: [`${o}/as`] },
        }),
      /it describes "https:\/\/x"/,
    ],
    [
      'no authorization server',
      (p, o) => (p['/.well-known/oauth-protected-resource/mcp'] = { body: { resource: `${o}/mcp` } }),
      /names no authorization server/,
    ],
    [
      'an address in a private network by http',
      (p) =>
        (p['/mcp'] = {
          status: 401,
          headers: { 'www-authenticate': 'Bearer resource_metadata="http://169.254.1.1/"' },
        }),
      /is no https address/,
    ],
    [
      'another issuer',
      (p, o) => (p[oauthPath] = { body: { ...metadata(o), issuer: 'https://x' } }),
      /for the issuer "https:\/\/x"/,
    ],
    ['no JSON', (p) => (p[oauthPath] = { body: '<html>' }), /no JSON object/],
    ['too much', (p) => (p[oauthPath] = { body: ' '.repeat(70_000) }), /more than 65536 bytes/],
    ['a redirect', (p, o) => (p[oauthPath] = { status: 302, headers: { location: `${o}/elsewhere` } }), /answers 302/],
    ['null', (p, o) => (p[oauthPath] = { body: { ...metadata(o), jwks_uri: null } }), /null stands in jwks_uri/],
  ])('A-MCP-01 finds %s', async ([, change, message]) => {
    const { url, asked } = await chain(change)
    expect(findings(await examineMcpServer(url))).toMatch(message)
    expect(asked).not.toContain('GET /elsewhere')
  })

  it.for<[string, (pages: Pages, origin: string) => void, RegExp]>([
    [
      'a challenge',
      (p) =>
        (p['/mcp'] = {
          status: 401,
          headers: { 'www-authenticate': 'Bearer resource_metadata="https://10.0.0.7/document"' },
        }),
      /10\.0\.0\.7\/document lies in a private network/,
    ],
    [
      'a document',
      (p, o) =>
        (p['/.well-known/oauth-protected-resource/mcp'] = {
          body: { resource: `${o}/mcp`, authorization_servers: ['https://169.254.169.254'] },
        }),
      /169\.254\.169\.254\/\.well-known\/oauth-authorization-server lies in a private network/,
    ],
  ])('A-PRM-06 does not follow %s into a private network', async ([, change, message]) => {
    const { url } = await chain(change)
    const report = await examineMcpServer(url)
    expect(findings(report)).toMatch(message)
    expect(report.clients).toEqual([])
  })

  it.for<[string, object]>([
    ['of another resource', { resource: 'https://x' }],
    ['of the same resource in another spelling', { resource: 'HTTP' }],
    ['with a statement inside a statement', { signed_metadata: `e30.${btoa('{"signed_metadata":"x"}')}.x` }],
  ])('A-PRM-04, A-PRM-05 uses nothing of a document %s', async ([, change]) => {
    const { url, asked } = await chain((pages, origin) => {
      const spelled = 'resource' in change && change.resource === 'HTTP' ? { resource: `${origin}/mcp/` } : change
      const body = { resource: `${origin}/mcp`, authorization_servers: [`${origin}/as`], ...spelled }
      pages['/.well-known/oauth-protected-resource/mcp'] = { body }
    })
    const report = await examineMcpServer(url)
    expect([findings(report).length > 0, report.clients]).toEqual([true, []])
    expect(asked).not.toContain(`GET ${oauthPath}`)
  })

  it('A-PKCE-14 says that every client stops where S256 is not published', async () => {
    const { url } = await chain(
      (pages, origin) =>
        (pages[oauthPath] = { body: { ...metadata(origin), code_challenge_methods_supported: ['plain'] } }),
    )
    const report = await examineMcpServer(url)
    expect(findings(report)).toContain('PKCE with S256 is not published')
    expect([report.clients.length, able(report)]).toEqual([4, []])
  })

  it('A-MCP-04 tells that documents go unused without public clients, and that registration is open', async () => {
    const { url } = await chain((pages, origin) => {
      const changed = {
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        registration_endpoint: `${origin}/r`,
      }
      pages[oauthPath] = { body: { ...metadata(origin), ...changed } }
    })
    const report = await examineMcpServer(url)
    expect(findings(report)).toContain('metadata documents are supported, but not public clients')
    expect(able(report)).toEqual(['preregistered', 'dynamic registration', 'manual entry'])
  })

  it('refuses an address that is not https and not on this machine', async () => {
    for (const url of ['http://mcp.example.com/', 'file:///etc/passwd', 'nonsense'])
      expect((await run(['mcp', 'doctor', url])).code).toBe(2)
  })
})
