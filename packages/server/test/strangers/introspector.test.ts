import { createIntrospector, protect } from '@sallyport/resource'
import { standardResources, type TestIssuer } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'

const api = 'https://rs1.test'

/** The issuer as the library reaches it over the network. */
const fetchOf =
  (issuer: TestIssuer): typeof fetch =>
  async (input, init) => {
    const sent = new Request(input, init)
    const { method, url, headers } = sent
    const body = method === 'POST' ? Buffer.from(await sent.arrayBuffer()) : undefined
    const answer = await issuer.send({
      method,
      path: new URL(url).pathname,
      headers: Object.fromEntries(headers),
      body,
    })
    const type = String(answer.headers['content-type'])
    return new Response(answer.text, { status: answer.status, headers: { 'content-type': type } })
  }

it.for(['opaque', 'jwt'] as const)(
  'A-INT-09 an API learns of a revocation of its %s token within thirty seconds',
  async (format) => {
    const issuer = await newIssuer({ resources: standardResources.map((one) => ({ ...one, format })) })
    const { RS1 } = issuer.clients
    const introspector = createIntrospector({
      issuer: issuer.issuer,
      audience: api,
      clientId: RS1.id,
      clientSecret: RS1.secret ?? '',
      fetch: fetchOf(issuer),
      now: issuer.clock.now,
    })
    const guarded = protect(introspector, { scope: ['read'] }).fetch((_, token) => new Response(token.subject))
    const call = async (token: string) => {
      const response = await guarded(new Request(api, { headers: { authorization: `Bearer ${token}` } }))
      return [response.status, await response.text()]
    }
    const flow = await issuer.codeFlow({ parameters: { resource: api } })
    expect(await call(flow.accessToken)).toEqual([200, issuer.alice.subject])
    await issuer.revoke(flow.client, flow.accessToken)
    issuer.clock.advance(30)
    expect((await call(flow.accessToken))[0]).toBe(401)
    const other = await issuer.codeFlow({ parameters: { resource: 'https://rs2.test', scope: 'openid deliver' } })
    expect((await call(other.accessToken))[0]).toBe(401)
  },
)
