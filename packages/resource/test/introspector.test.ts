import { BearerError, createIntrospector, protect, type IntrospectorOptions } from '@sallyport/resource'
import { describe, expect, it } from 'vitest'
import { audience, issuer, start } from './issuer.ts'

const endpoint = `${issuer}/oauth2/introspect`
const good = {
  active: true,
  iss: issuer,
  aud: audience,
  sub: 'user_1',
  client_id: 'client_1',
  token_type: 'Bearer',
  scope: 'orders.read',
  iat: start,
  exp: start + 300,
  jti: 'token-1',
}

type Asked = { readonly url: string; readonly method: string; readonly authorization: string; readonly body: string }

/** An issuer that answers as it is told, and a clock. */
function ground(more: Partial<IntrospectorOptions> = {}) {
  const state = { answer: (): Response => Response.json(good), asked: [] as Asked[], now: start, failures: 0 }
  const fetcher: typeof fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input)
    const body = typeof init?.body === 'string' ? init.body : ''
    const authorization = new Headers(init?.headers).get('authorization') ?? ''
    state.asked.push({ url, method: init?.method ?? 'GET', authorization, body })
    if (!url.includes('/.well-known/')) return state.answer()
    return Response.json({ issuer, introspection_endpoint: endpoint })
  }
  const introspector = createIntrospector({
    issuer,
    audience,
    clientId: 'client_api',
    clientSecret: 'a secret: 100%',
    fetch: fetcher,
    now: () => state.now,
    onFetchFailed: () => state.failures++,
    ...more,
  })
  const reasonOf = (token = 'a-handle'): Promise<string> =>
    introspector.verify(token).then(
      () => 'accepted',
      (error: unknown) => (error instanceof BearerError ? error.reason : 'another error'),
    )
  const questions = () => state.asked.filter(({ url }) => url === endpoint)
  return { state, introspector, reasonOf, questions }
}

describe('the question', () => {
  it('A-INT-01, A-INT-02 is a form post with the credentials of the API, at the address of the metadata', async () => {
    const { introspector, state } = ground()
    const token = await introspector.verify('a handle+')
    expect(token).toMatchObject({ subject: 'user_1', clientId: 'client_1', scope: ['orders.read'], id: 'token-1' })
    expect(state.asked.map(({ url, method }) => `${method} ${url}`)).toEqual([
      `GET ${issuer}/.well-known/oauth-authorization-server`,
      `POST ${endpoint}`,
    ])
    expect(state.asked[1]?.body).toBe('token=a+handle%2B&token_type_hint=access_token')
    expect(state.asked[1]?.authorization).toBe(`Basic ${btoa('client_api:a+secret%3A+100%25')}`)
  })

  it('A-INT-09 of several requests at once with one token is asked once', async () => {
    const { introspector, questions } = ground()
    await Promise.all(Array.from({ length: 5 }, () => introspector.verify('one')))
    expect(questions()).toHaveLength(1)
  })
})

describe('what is believed', () => {
  it('A-INT-09 a good answer for thirty seconds, and never past the end of the token', async () => {
    const { introspector, reasonOf, state, questions } = ground()
    await introspector.verify('one')
    state.now += 29.9
    await introspector.verify('one')
    expect(questions()).toHaveLength(1)
    state.answer = () => Response.json({ active: false })
    state.now += 0.1
    expect(await reasonOf('one')).toBe('inactive')
    state.answer = () => Response.json({ ...good, exp: state.now + 10 })
    await introspector.verify('two')
    state.answer = () => Response.json({ active: false })
    state.now += 9.9
    expect(await reasonOf('two')).toBe('accepted')
    state.now += 0.1
    expect(await reasonOf('two')).toBe('inactive')
  })

  it('A-INT-09 a bad answer never', async () => {
    const { reasonOf, state, questions } = ground()
    state.answer = () => Response.json({ active: false })
    expect([await reasonOf(), await reasonOf()]).toEqual(['inactive', 'inactive'])
    state.answer = () => Response.json(good)
    expect(await reasonOf()).toBe('accepted')
    expect(questions()).toHaveLength(3)
  })

  it('A-INT-09 nothing at all with cacheFor 0, and never for longer than thirty seconds', async () => {
    const { introspector, questions } = ground({ cacheFor: 0 })
    await introspector.verify('one')
    await introspector.verify('one')
    expect(questions()).toHaveLength(2)
    expect(() => ground({ cacheFor: 31 })).toThrow(TypeError)
  })

  it('A-INT-09 an answer counts from the moment of the question', async () => {
    const { introspector, state, questions } = ground()
    state.answer = () => {
      state.now += 20
      return Response.json(good)
    }
    await introspector.verify('one')
    state.now += 10
    await introspector.verify('one')
    expect(questions()).toHaveLength(2)
  })
})

describe('what is refused', () => {
  it.for<[string, object, string]>([
    ['a token that is over', { active: false }, 'inactive'],
    ['active as text', { ...good, active: 'true' }, 'inactive'],
    ['another issuer', { ...good, iss: 'https://other.test' }, 'iss'],
    ['another audience', { ...good, aud: 'https://api.test' }, 'aud'],
    ['no audience', { ...good, aud: undefined }, 'aud'],
    ['no subject', { ...good, sub: undefined }, 'claims'],
    ['no end', { ...good, exp: undefined }, 'claims'],
    ['an end that is text', { ...good, exp: String(start + 300) }, 'claims'],
    ['an end that has come', { ...good, exp: start }, 'exp'],
    ['a beginning that has not', { ...good, nbf: start + 1 }, 'nbf'],
    ['a scope that is a list', { ...good, scope: ['orders.read'] }, 'claims'],
    ['a token that is bound to a key', { ...good, cnf: { jkt: 'x' } }, 'cnf'],
    ['a token of another type', { ...good, token_type: 'DPoP' }, 'cnf'],
  ])('A-INT-04, A-INT-05 %s', async ([, answer, reason]) => {
    const { reasonOf, state } = ground()
    state.answer = () => Response.json(answer)
    expect(await reasonOf()).toBe(reason)
  })

  it.for<[string, () => Response]>([
    ['a fault of the issuer', () => new Response('', { status: 500 })],
    ['a refusal of the credentials', () => Response.json({ error: 'invalid_client' }, { status: 401 })],
    ['something that is no JSON', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['a list', () => Response.json([good])],
    ['too much', () => Response.json({ ...good, more: 'x'.repeat(70_000) })],
  ])('A-INT-09 %s lets nobody in, and is not taken for a bad token', async ([, answer]) => {
    const { reasonOf, state, introspector } = ground()
    await introspector.verify('one')
    state.answer = answer
    expect(await reasonOf('two')).toBe('introspection_unavailable')
    state.now += 30
    expect(await reasonOf('one')).toBe('introspection_unavailable')
    expect(state.failures).toBe(2)
    const response = await protect(introspector).fetch(() => new Response('orders'))(
      new Request(audience, { headers: { authorization: 'Bearer two' } }),
    )
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  })

  it('A-INT-01 asks nothing about a token that is far too long', async () => {
    const { reasonOf, state } = ground()
    expect([await reasonOf('x'.repeat(17_000)), state.asked]).toEqual(['size', []])
  })

  it.for([
    ['http', { issuer: 'http://as.test' }],
    ['a query', { issuer: 'https://as.test?a' }],
    ['no audience', { audience: '' }],
    ['no secret', { clientSecret: '' }],
    ['an endpoint over http', { introspectionEndpoint: 'http://as.test/introspect' }],
  ] as const)('A-INT-02 an impossible option: %s', ([, more]) => {
    expect(() => ground(more)).toThrow(TypeError)
  })
})
