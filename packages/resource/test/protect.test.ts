import { createVerifier, protect, type BearerReason, type ProtectOptions } from '@sallyport/resource'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { audience, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start, type Key } from './issuer.ts'

let key: Key
let good: string
let api: Server
let base: string
const reasons: BearerReason[] = []

const verifier = () =>
  createVerifier({
    issuer,
    audience,
    fetch: issuerDocuments(jwksAnswer([key])).fetcher,
    now: () => start,
    onRejected: (reason) => reasons.push(reason),
  })

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

beforeAll(async () => {
  key = await makeKey('k1')
  good = await sign(key)
  const guard = protect(verifier(), { scope: ['orders.read'] })
  const handler = guard.node(async (req, res, token) => {
    const body = await bodyOf(req)
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ subject: token.subject, body }))
  })
  api = createServer((req, res) => void handler(req, res))
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(api.address() as AddressInfo).port}/orders`
})

afterAll(() => new Promise((resolve) => api.close(resolve)))
afterEach(() => {
  reasons.length = 0
})

const bearer = (token: string, scheme = 'Bearer') => ({ authorization: `${scheme} ${token}` })
const form = { 'content-type': 'application/x-www-form-urlencoded' }

/** Strict reading of a challenge: scheme, then name="value" pairs, each name once (A-BEAR-09). */
function parseChallenge(header: string | null): Record<string, string> {
  const text = header ?? ''
  expect(text.startsWith('Bearer ')).toBe(true)
  const parameters: Record<string, string> = {}
  const rest = text
    .slice('Bearer '.length)
    .replace(/([a-z_]+)="([\x20\x21\x23-\x5b\x5d-\x7e]*)"(?:, |$)/g, (_, name: string, value: string) => {
      expect(parameters).not.toHaveProperty(name)
      parameters[name] = value
      return ''
    })
  expect(rest).toBe('')
  return parameters
}

describe('where the token stands', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('A-BEAR-01, TX-12 takes the scheme %s', async (scheme) => {
    const response = await fetch(base, { headers: bearer(good, scheme) })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ subject: 'user_1', body: '' })
  })

  it.each(['Bearer', 'Bearer  ', 'Bearer a b', 'Bearer a,b', 'Bearer "x"', 'Bearer =x', 'Bearer\tx', 'bEaReR x\\y'])(
    'A-BEAR-01 refuses the malformed header %j with 400',
    async (authorization) => {
      const result = await protect(verifier()).check({
        authorization: [authorization],
        query: '',
        contentType: undefined,
        formBody: async () => '',
      })
      const expected = authorization.startsWith('Bearer\t') ? 401 : 400
      expect(result).toMatchObject({ status: expected })
    },
  )

  it('A-BEAR-01 names invalid_request for two spaces and junk', async () => {
    const response = await fetch(base, { headers: { authorization: 'Bearer  x y' } })
    expect(response.status).toBe(400)
    expect(parseChallenge(response.headers.get('www-authenticate'))).toMatchObject({ error: 'invalid_request' })
  })

  it('A-BEAR-02 ignores a token in the query, answers as to a stranger and reports it', async () => {
    const response = await fetch(`${base}?access_token=${good}`)
    expect(response.status).toBe(401)
    expect(parseChallenge(response.headers.get('www-authenticate'))).toEqual({ realm: audience })
    expect(reasons).toEqual(['query_token'])
  })

  it('A-BEAR-03, TX-12 refuses a token in header and query', async () => {
    const response = await fetch(`${base}?x=1&access_token=${good}`, { headers: bearer(good) })
    expect(response.status).toBe(400)
    expect(parseChallenge(response.headers.get('www-authenticate'))).toMatchObject({ error: 'invalid_request' })
    expect(reasons).toEqual(['several_methods'])
  })

  it('A-BEAR-03, TX-12 refuses a token in header and form body', async () => {
    const body = `a=b&access_token=${good}`
    const response = await fetch(base, { method: 'POST', headers: { ...bearer(good), ...form }, body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
  })

  it('A-BEAR-03, A-BEAR-04 ignores a token that stands in the form body alone', async () => {
    const response = await fetch(base, { method: 'POST', headers: form, body: `access_token=${good}` })
    expect(response.status).toBe(401)
    expect(parseChallenge(response.headers.get('www-authenticate'))).toEqual({ realm: audience })
  })

  it('TX-12 refuses two Authorization headers', async () => {
    const port = Number(new URL(base).port)
    const status = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      const line = `Authorization: Bearer ${good}\r\n`
      socket.end(`GET /orders HTTP/1.1\r\nHost: x\r\n${line}${line}Connection: close\r\n\r\n`)
      let text = ''
      socket
        .on('data', (chunk) => (text += chunk.toString()))
        .on('end', () => {
          resolve(text.split('\r\n')[0] ?? '')
        })
        .on('error', reject)
    })
    expect(status).toBe('HTTP/1.1 400 Bad Request')
  })

  it('IN-01 is not troubled by headers that are named like parts of an object', async () => {
    const status = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(base).port), '127.0.0.1')
      const lines = `__proto__: x\r\nconstructor: y\r\nAuthorization: Bearer ${good}\r\nConnection: close`
      socket.end(`GET /orders HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n`)
      let text = ''
      socket
        .on('data', (chunk) => (text += chunk.toString()))
        .on('end', () => {
          resolve(text.split('\r\n')[0] ?? '')
        })
        .on('error', reject)
    })
    expect(status).toBe('HTTP/1.1 200 OK')
  })

  it('TX-12 does not look for tokens in cookies, and strips spaces after the header as HTTP does', async () => {
    expect((await fetch(base, { headers: { cookie: `access_token=${good}` } })).status).toBe(401)
    expect((await fetch(base, { headers: { authorization: `Bearer ${good}  ` } })).status).toBe(200)
  })

  it.each(['Basic eDp5', 'DPoP x', 'Bearerx y'])('A-BEAR-04 takes %s for no credentials', async (authorization) => {
    const response = await fetch(base, { headers: { authorization } })
    expect(response.status).toBe(401)
    expect(parseChallenge(response.headers.get('www-authenticate'))).not.toHaveProperty('error')
  })
})

describe('the body stays with the handler', () => {
  const headers = () => ({ ...bearer(good), ...form })

  it('A-BEAR-03 hands on a form body of known length', async () => {
    const response = await fetch(base, { method: 'POST', headers: headers(), body: 'a=1&b=2' })
    expect(await response.json()).toMatchObject({ body: 'a=1&b=2' })
  })

  it('A-BEAR-03 hands on an empty form body', async () => {
    const response = await fetch(base, { method: 'POST', headers: headers(), body: '' })
    expect(await response.json()).toMatchObject({ body: '' })
  })

  it('A-BEAR-03 hands on a form body that comes in pieces, and finds the token in the last one', async () => {
    const send = (pieces: readonly string[]) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const req = httpRequest(base, { method: 'POST', headers: headers() }, (res) => {
          void bodyOf(res).then((body) => {
            resolve({ status: res.statusCode ?? 0, body })
          })
        })
        req.on('error', reject)
        const next = (index: number): void => {
          const piece = pieces[index]
          if (piece === undefined) return void req.end()
          req.write(piece)
          setTimeout(() => {
            next(index + 1)
          }, 15)
        }
        next(0)
      })
    expect(await send(['a=1', '&b=', '2'])).toMatchObject({
      status: 200,
      body: expect.stringContaining('"a=1&b=2"') as string,
    })
    expect(await send(['a=1', '&acc', 'ess_token=x'])).toMatchObject({ status: 400 })
  })

  it('A-BEAR-03 looks at 64 KiB of a form body and hands on all of it', async () => {
    const body = `a=${'x'.repeat(300_000)}`
    const response = await fetch(base, { method: 'POST', headers: headers(), body })
    expect(await response.json()).toMatchObject({ body })
  })

  it('A-BEAR-03 survives a sender who leaves in the middle of a form body', async () => {
    const port = Number(new URL(base).port)
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${good}\r\nContent-Type: ${form['content-type']}\r\nContent-Length: 100\r\n\r\na=1`,
        )
        setTimeout(() => socket.destroy(), 20)
      })
      socket.on('close', () => {
        resolve()
      })
    })
    expect((await fetch(base, { headers: bearer(good) })).status).toBe(200)
  })
})

describe('the answers', () => {
  it('A-BEAR-04, A-BEAR-09 answers a bare request with a bare challenge', async () => {
    const response = await fetch(base)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(`Bearer realm="${audience}"`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.text()).toBe('')
    expect(reasons).toEqual([])
  })

  it.each<[string, object, BearerReason]>([
    ['expired', { exp: start - 60 }, 'exp'],
    ['for another API', { aud: 'https://api.test/other' }, 'aud'],
    ['of another issuer', { iss: 'https://evil.test' }, 'iss'],
    ['bound to a key', { cnf: { jkt: 'x' } }, 'cnf'],
  ])(
    'A-BEAR-05, A-BEAR-07 answers invalid_token to a token %s, always in the same words',
    async (_name, claims, reason) => {
      const response = await fetch(base, { headers: bearer(await sign(key, { claims })) })
      expect(response.status).toBe(401)
      expect(parseChallenge(response.headers.get('www-authenticate'))).toEqual({
        realm: audience,
        error: 'invalid_token',
        error_description: 'The access token is not valid for this API',
      })
      expect(reasons).toEqual([reason])
    },
  )

  it('A-BEAR-05, TX-01 answers invalid_token to junk and to an ID Token', async () => {
    for (const token of ['junk', await sign(key, { typ: 'JWT' })]) {
      const response = await fetch(base, { headers: bearer(token) })
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ error: 'invalid_token' })
    }
  })

  it('A-BEAR-06, TX-13, B-ATJ-07 answers 403 and all needed scopes at once when one is missing', async () => {
    const guard = protect(verifier(), {
      scope: ['orders.read', 'orders.write'],
      resourceMetadata: 'https://api.test/.well-known/oauth-protected-resource/orders',
    })
    const response = await guard.fetch(() => new Response('in'))(new Request(audience, { headers: bearer(good) }))
    expect(response.status).toBe(403)
    expect(parseChallenge(response.headers.get('www-authenticate'))).toEqual({
      realm: audience,
      scope: 'orders.read orders.write',
      error: 'insufficient_scope',
      error_description: 'The access token lacks a required scope',
      resource_metadata: 'https://api.test/.well-known/oauth-protected-resource/orders',
    })
    expect(reasons).toEqual(['scope'])
  })

  const statusWith = async (scope: string | undefined, options: ProtectOptions): Promise<number> => {
    const token = await sign(key, { claims: { scope } })
    const guard = protect(verifier(), options)
    return (await guard.fetch(() => new Response('in'))(new Request(audience, { headers: bearer(token) }))).status
  }

  it('A-BEAR-06 lets a broader scope stand for a narrower one, over several steps', async () => {
    const implies = { admin: ['orders.write'], 'orders.write': ['orders.read'], loop: ['loop'] }
    expect(await statusWith('admin', { scope: ['orders.read'], implies })).toBe(200)
    expect(await statusWith('orders.read', { scope: ['orders.write'], implies })).toBe(403)
    expect(await statusWith('loop', { scope: ['admin'], implies })).toBe(403)
    expect(await statusWith('constructor', { scope: ['orders.read'], implies })).toBe(403)
  })

  it('A-BEAR-06 takes a token without scope where none is needed', async () => {
    expect(await statusWith(undefined, {})).toBe(200)
    expect(await statusWith(undefined, { scope: ['orders.read'] })).toBe(403)
  })

  it('TX-04 answers 503 without a challenge while no keys can be had', async () => {
    const lost = createVerifier({
      issuer,
      audience,
      fetch: () => Promise.reject(new TypeError('down')),
      now: () => start,
    })
    const response = await protect(lost).fetch(() => new Response('in'))(
      new Request(audience, { headers: bearer(good) }),
    )
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.has('www-authenticate')).toBe(false)
  })

  it('A-BEAR-09 refuses a realm that would need escapes', () => {
    for (const realm of ['a"b', 'a\\b', 'ä', 'a\r\nb']) expect(() => protect(verifier(), { realm })).toThrow(TypeError)
  })
})

describe('web-standard requests', () => {
  const guard = () =>
    protect(verifier()).fetch(async (request, token) =>
      Response.json({ subject: token.subject, body: await request.text() }),
    )

  it('A-BEAR-01 lets a good request through with its body', async () => {
    const response = await guard()(
      new Request(audience, { method: 'POST', headers: { ...bearer(good), ...form }, body: 'a=1' }),
    )
    expect(await response.json()).toEqual({ subject: 'user_1', body: 'a=1' })
  })

  it('A-BEAR-03, TX-12 refuses header and body, header and query, and two headers', async () => {
    const inBody = new Request(audience, {
      method: 'POST',
      headers: { ...bearer(good), ...form },
      body: 'access_token=x',
    })
    const inQuery = new Request(`${audience}?access_token=x`, { headers: bearer(good) })
    const twice = new Headers(bearer(good))
    twice.append('authorization', `Bearer ${good}`)
    for (const request of [inBody, inQuery, new Request(audience, { headers: twice })])
      expect((await guard()(request)).status).toBe(400)
  })

  it('A-BEAR-02, A-BEAR-04 answers 401 without error to a token in the query and to none', async () => {
    for (const url of [audience, `${audience}?access_token=${good}`]) {
      const response = await guard()(new Request(url))
      expect(response.status).toBe(401)
      expect(parseChallenge(response.headers.get('www-authenticate'))).toEqual({ realm: audience })
    }
  })
})
