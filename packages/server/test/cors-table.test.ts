import { readFileSync } from 'node:fs'
import type { Answer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newRealIssuer } from './real-pages.ts'

type Kind = 'everybody' | 'registered origins' | 'nobody'

/** What each address answers to pages of other origins (A-CORS-01, A-CORS-02), with the methods a preflight may name. */
const table: readonly (readonly [path: string, kind: Kind, methods: readonly string[]])[] = [
  ['/oauth2/authorize', 'nobody', ['GET', 'POST']],
  ['/oauth2/par', 'registered origins', ['POST']],
  ['/oauth2/resume', 'nobody', ['GET']],
  ['/oauth2/logout', 'nobody', ['GET', 'POST']],
  ['/login', 'nobody', ['GET', 'POST']],
  ['/login/code', 'nobody', ['GET', 'POST']],
  ['/consent', 'nobody', ['GET', 'POST']],
  ['/account/security', 'nobody', ['GET', 'POST']],
  ['/account-choice', 'nobody', ['GET', 'POST']],
  ['/account/apps', 'nobody', ['GET', 'POST']],
  ['/account/sessions', 'nobody', ['GET', 'POST']],
  ['/account/requests', 'nobody', ['GET', 'POST']],
  ['/device', 'nobody', ['GET', 'POST']],
  ['/oauth2/token', 'registered origins', ['POST']],
  ['/oauth2/device_authorization', 'nobody', ['POST']],
  ['/oauth2/backchannel_authentication', 'nobody', ['POST']],
  ['/oauth2/check-session', 'nobody', ['GET']],
  ['/oauth2/revoke', 'registered origins', ['POST']],
  ['/oauth2/introspect', 'nobody', ['POST']],
  ['/oauth2/register', 'registered origins', ['POST']],
  ['/oauth2/register/{client_id}', 'registered origins', ['GET', 'PUT', 'DELETE']],
  ['/oauth2/userinfo', 'registered origins', ['GET', 'POST']],
  ['/oauth2/client-logo', 'nobody', ['GET']],
  ['/oauth2/jwks', 'everybody', ['GET']],
  ['/.well-known/openid-configuration', 'everybody', ['GET']],
  ['/.well-known/oauth-authorization-server', 'everybody', ['GET']],
  ['/.well-known/oauth-protected-resource', 'everybody', ['GET']],
]

const app = 'https://app.test'
const strangers = ['https://evil.test', 'null', 'https://app.test:444', 'https://APP.test']

const policy = { deviceGrant: true, backchannelGrant: true, sessionManagement: true }

const start = () => newRealIssuer({ policy, registration: { mode: 'open', perNetwork: 1000 } })

const cors = ({ headers }: Answer): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control')))

const readable = {
  'access-control-allow-origin': app,
  'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After',
}

const forEverybody = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'Content-Type, MCP-Protocol-Version',
  'access-control-max-age': '600',
}

const at = (path: string): string => path.replace('{client_id}', 'client_AAAAAAAAAAAAAAAAAAAAAA')

describe('each address and pages of other origins', () => {
  it.for(table)('A-CORS-02 a preflight at %s: %s', async ([path, kind, methods]) => {
    const issuer = await start()
    const ask = (origin: string, method: string) =>
      issuer.send({
        method: 'OPTIONS',
        path: at(path),
        headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'content-type' },
      })
    for (const method of methods) {
      const answer = await ask(app, method)
      if (kind === 'nobody') expect([answer.status, cors(answer)]).toEqual([405, {}])
      else if (kind === 'everybody') {
        expect([answer.status, cors(answer)]).toEqual([204, forEverybody])
        for (const origin of strangers)
          expect([origin, cors(await ask(origin, method))]).toEqual([origin, forEverybody])
        continue
      } else
        expect([answer.status, answer.headers['vary'], cors(answer)]).toEqual([
          204,
          'Origin',
          {
            'access-control-allow-origin': app,
            'access-control-allow-methods': methods.join(', '),
            'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
            'access-control-max-age': '600',
          },
        ])
      for (const origin of strangers) expect([origin, cors(await ask(origin, method))]).toEqual([origin, {}])
    }
  })

  it.for(table)('A-CORS-02, A-CORS-05 a request to %s: %s', async ([path, kind, methods]) => {
    const issuer = await start()
    const ask = (origin: string, method: string) =>
      issuer.send({
        method,
        path: at(path),
        headers: method === 'GET' ? { origin } : { origin, 'content-type': 'application/x-www-form-urlencoded' },
        ...(method === 'GET' ? {} : { body: Buffer.from(`client_id=${issuer.clients.P.id}`) }),
      })
    const expected = { everybody: { 'access-control-allow-origin': '*' }, 'registered origins': readable, nobody: {} }
    for (const method of methods) {
      expect([method, cors(await ask(app, method))]).toEqual([method, expected[kind]])
      const others = kind === 'everybody' ? expected.everybody : {}
      for (const origin of strangers)
        expect([method, origin, cors(await ask(origin, method))]).toEqual([method, origin, others])
    }
  })

  it.for(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/oauth2/jwks'])(
    'A-CORS-02, A-MCP-01 an MCP client in a browser may read %s with the header it sends',
    async (path) => {
      const issuer = await start()
      const asked = {
        origin: 'https://inspector.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      }
      const answer = await issuer.send({ method: 'OPTIONS', path, headers: asked })
      const allowed = String(answer.headers['access-control-allow-headers']).toLowerCase().split(', ')
      expect([answer.status, answer.text, allowed.includes('mcp-protocol-version')]).toEqual([204, '', true])
      const headers = { origin: asked.origin, 'mcp-protocol-version': '2025-11-25' }
      const read = await issuer.send({ method: 'GET', path, headers })
      expect([read.status, read.headers['access-control-allow-origin']]).toEqual([200, '*'])
    },
  )

  const nowhere = '/.well-known/oauth-protected-resource/nothing-here'
  it.for([
    [nowhere, 'GET', 404],
    [nowhere, 'HEAD', 404],
    [nowhere, 'POST', 405],
    ['/.well-known/oauth-protected-resource', 'DELETE', 405],
    ['/.well-known/oauth-authorization-server', 'POST', 405],
    ['/oauth2/jwks', 'PUT', 405],
    ['/.well-known/no-document-at-all', 'GET', 404],
  ] as const)(
    'A-CORS-05 any page may read what a published document refuses: %s %s',
    async ([path, method, status]) => {
      const issuer = await start()
      const answer = await issuer.send({ method, path, headers: { origin: 'https://inspector.example' } })
      const published = path !== '/.well-known/no-document-at-all'
      expect([answer.status, cors(answer)]).toEqual([status, published ? { 'access-control-allow-origin': '*' } : {}])
    },
  )

  it('A-CORS-01, A-CORS-02 this table has every address that there is', () => {
    const lifecycle = readFileSync(new URL('../../../docs/reference/request-lifecycle.md', import.meta.url), 'utf8')
    const documented = [...lifecycle.matchAll(/^## .*$/gm)].flatMap(([line]) => line.match(/\/[\w./{}-]+/g) ?? [])
    expect(documented.length).toBeGreaterThan(15)
    const paths = table.map(([path]) => path)
    expect(documented.filter((path) => !paths.includes(path))).toEqual([])
  })
})
