import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { protect, replayInOneProcess, type BearerReason, type ReplayStore } from '@sallyport/resource'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  algs,
  bearer,
  bound,
  dpopOptions,
  expectRefusal,
  failures,
  goodProof,
  headersFor,
  key,
  prover,
  reasons,
  stranger,
  uri,
  verifierWith,
  type Sent,
} from './bound-api.ts'
import { audience, sign, start } from './issuer.ts'
import { athOf, challengesOf, makeProver, secretJwk, type ProofParts } from './prover.ts'

let server: Server
let port: number

beforeAll(async () => {
  const guarded = protect(verifierWith(dpopOptions()), { scope: ['orders.read'] }).node((_req, res, token) => {
    res.end(JSON.stringify({ subject: token.subject, jkt: token.jkt }))
  })
  server = createServer((req, res) => void guarded(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.close().closeAllConnections())
afterEach(() => {
  reasons.length = 0
  failures.length = 0
})

const send = (sent: Sent, path = '/orders', init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: headersFor(sent) })

describe('a token that is bound to a key', () => {
  it('B-FAPI-13 is taken from the header alone, under any spelling of its scheme, and every answer says when it was given', async () => {
    for (const scheme of ['DPoP', 'dPoP']) {
      const answer = await send({ scheme, proof: await goodProof() })
      expect([answer.status, Number.isNaN(Date.parse(answer.headers.get('date') ?? ''))]).toEqual([200, false])
    }
    const form = new URLSearchParams({ access_token: bound })
    const proof = await goodProof()
    for (const init of [{}, { method: 'POST', body: form }]) {
      const path = init.method === undefined ? `/orders?${form.toString()}` : '/orders'
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { dpop: proof } })
      expect([answer.status, Number.isNaN(Date.parse(answer.headers.get('date') ?? ''))]).toEqual([401, false])
    }
    expect((await send({ scheme: 'Bearer' })).status).toBe(401)
  })

  it.each(['DPoP', 'dpop', 'DPOP'])('B-DPOP-27, B-DPOP-01 lets in with scheme %s and a proof', async (scheme) => {
    const answer = await send({ scheme, proof: await goodProof() })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ subject: 'user_1', jkt: prover.jkt })
  })

  it.each(['ES256', 'PS256', 'EdDSA', 'Ed25519'])('B-DPOP-04 lets in with a key of %s', async (alg) => {
    const other = await makeProver(alg)
    const token = await sign(key, { claims: { cnf: { jkt: other.jkt } } })
    expect((await send({ token, proof: await goodProof({ token }, other) })).status).toBe(200)
  })

  it('B-DPOP-27, A-BEAR-04 is asked for by a bare challenge that names both ways', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/orders`)
    expect(answer.status).toBe(401)
    expect(challengesOf(answer)).toEqual([
      { scheme: 'Bearer', parameters: { realm: audience } },
      { scheme: 'DPoP', parameters: { realm: audience, algs } },
    ])
  })

  it('B-DPOP-27, A-BEAR-07 does not get in without a proof', async () => {
    expect(await expectRefusal(await send({}), 'invalid_dpop_proof')).toBe('dpop_missing')
  })

  it('B-DPOP-30, DP-12 is never taken as a bearer token, with a proof or without', async () => {
    for (const proof of [undefined, await goodProof()]) {
      const answer = await send({ scheme: 'Bearer', proof })
      expect(answer.status).toBe(401)
      expect(challengesOf(answer)).toMatchObject([
        { scheme: 'Bearer', parameters: { error: 'invalid_token' } },
        { scheme: 'DPoP', parameters: { error: 'invalid_token', algs } },
      ])
      expect(reasons.pop()).toBe('cnf')
    }
  })

  it('B-DPOP-31, DP-12 is what has to be sent with DPoP: a bearer token is refused', async () => {
    const proof = await goodProof({ token: bearer })
    expect(await expectRefusal(await send({ token: bearer, proof }), 'invalid_token')).toBe('not_bound')
    expect((await send({ token: bearer, scheme: 'Bearer' })).status).toBe(200)
  })

  it('B-DPOP-29 does not open to a proof by another key, nor to a fresh key for each proof', async () => {
    expect(await expectRefusal(await send({ proof: await goodProof({}, stranger) }), 'invalid_token')).toBe(
      'jkt_mismatch',
    )
    const fresh = await makeProver()
    expect(await expectRefusal(await send({ proof: await goodProof({}, fresh) }), 'invalid_token')).toBe('jkt_mismatch')
  })

  it('B-DPOP-36, B-ATJ-08 is refused when it is bound to something else besides', async () => {
    const token = await sign(key, { claims: { cnf: { jkt: prover.jkt, 'x5t#S256': prover.jkt } } })
    const answer = await send({ token, proof: await goodProof({ token }) })
    expect([answer.status, reasons]).toEqual([401, ['cnf']])
  })

  it('A-BEAR-06, TX-13 answers 403 with the scheme that was used', async () => {
    const token = await sign(key, { claims: { cnf: { jkt: prover.jkt }, scope: 'other' } })
    const answer = await send({ token, proof: await goodProof({ token }) })
    expect(answer.status).toBe(403)
    expect(challengesOf(answer)).toMatchObject([
      { scheme: 'DPoP', parameters: { error: 'insufficient_scope', scope: 'orders.read', algs } },
    ])
  })

  it('A-BEAR-01 is refused with 400 where the header is malformed', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/orders`, { headers: { authorization: 'DPoP a b' } })
    expect(answer.status).toBe(400)
    expect(challengesOf(answer)).toMatchObject([{ scheme: 'DPoP', parameters: { error: 'invalid_request' } }])
  })
})

const wrongAth = {
  'the JWK thumbprint, as a sample in circulation has it': () => prover.jkt,
  'the hash of another token': () => athOf(bearer),
  padding: () => `${athOf(bound)}=`,
  'the left half': () => athOf(bound).slice(0, 22),
  'no text': () => 7,
  nothing: () => undefined,
}

describe('proofs', () => {
  it.for<[string, BearerReason, () => Partial<ProofParts> | Promise<Partial<ProofParts>>]>([
    ['DP-03, B-DPOP-08 another method', 'dpop_htm', () => ({ claims: { htm: 'POST' } })],
    ['DP-03, B-DPOP-08 the method in lower case', 'dpop_htm', () => ({ claims: { htm: 'get' } })],
    ['DP-04, B-DPOP-09 another host', 'dpop_htu', () => ({ uri: 'https://evil.test/v1/orders' })],
    ['DP-04, B-DPOP-11 the address inside', 'dpop_htu', () => ({ uri: `http://127.0.0.1:${port}/orders` })],
    ['DP-04, B-DPOP-09 another path', 'dpop_htu', () => ({ uri: 'https://api.test/v1/invoices' })],
    ['DP-04, B-DPOP-09 another scheme', 'dpop_htu', () => ({ uri: 'http://api.test/v1/orders' })],
    ['DP-04, B-DPOP-09 another port', 'dpop_htu', () => ({ uri: 'https://api.test:8443/v1/orders' })],
    ['DP-04, B-DPOP-10 a slash at the end', 'dpop_htu', () => ({ uri: 'https://api.test/v1/orders/' })],
    ['DP-04, B-DPOP-07 a list of addresses', 'dpop_htu', () => ({ claims: { htu: [uri] } })],
    ['DP-09, B-DPOP-12 an hour old', 'dpop_iat', () => ({ claims: { iat: start - 3600 } })],
    ['DP-09, B-DPOP-12 61 seconds old', 'dpop_iat', () => ({ claims: { iat: start - 61 } })],
    ['DP-09, B-DPOP-12 from the future', 'dpop_iat', () => ({ claims: { iat: start + 61 } })],
    ['DP-09, B-DPOP-07 a time that is text', 'dpop_iat', () => ({ claims: { iat: String(start) } })],
    ['DP-09, B-DPOP-07 no jti', 'dpop_jti', () => ({ claims: { jti: undefined } })],
    ['DP-09, B-DPOP-07 an empty jti', 'dpop_jti', () => ({ claims: { jti: '' } })],
    ['B-DPOP-15 an end in the past', 'dpop_iat', () => ({ claims: { exp: start - 60 } })],
    ['DP-08, B-DPOP-03 typ JWT', 'dpop_typ', () => ({ header: { typ: 'JWT' } })],
    ['DP-08, B-DPOP-03 no typ', 'dpop_typ', () => ({ header: { typ: undefined } })],
    ['DP-07, B-DPOP-05 a private key', 'dpop_jwk', async () => ({ header: { jwk: await secretJwk(prover) } })],
    ['DP-07, B-DPOP-06 no key', 'dpop_jwk', () => ({ header: { jwk: undefined } })],
    ['DP-14, B-DPOP-06 the key of somebody else', 'dpop_signature', () => ({ header: { jwk: stranger.jwk } })],
  ])('%s', async ([, reason, parts]) => {
    const proof = await goodProof(await parts())
    const error = await expectRefusal(await send({ proof }), 'invalid_dpop_proof')
    expect(error).toBe(reason)
  })

  it.for(Object.entries(wrongAth))('DP-05, B-DPOP-28 are refused with ath that is %s', async ([, ath]) => {
    const answer = await send({ proof: await goodProof({ claims: { ath: ath() } }) })
    expect(await expectRefusal(answer, 'invalid_dpop_proof')).toBe('dpop_ath')
  })

  it.for<[string, (proof: string) => string, BearerReason]>([
    ['DP-13, B-DPOP-01 two joined by a comma', (proof) => `${proof}, ${proof}`, 'dpop_syntax'],
    ['DP-13, B-DPOP-02 two parts', (proof) => proof.split('.').slice(0, 2).join('.'), 'dpop_syntax'],
    ['DP-13, B-DPOP-02 more than 8 KiB', (proof) => proof + 'A'.repeat(8192), 'dpop_syntax'],
    ['DP-14, B-DPOP-06 no signature', (proof) => proof.slice(0, proof.lastIndexOf('.') + 1), 'dpop_signature'],
    [
      'DP-06, B-DPOP-04 alg none',
      (proof) =>
        [Buffer.from('{"typ":"dpop+jwt","alg":"none"}').toString('base64url'), ...proof.split('.').slice(1)].join('.'),
      'dpop_alg',
    ],
  ])('%s', async ([, change, reason]) => {
    expect(await expectRefusal(await send({ proof: change(await goodProof()) }), 'invalid_dpop_proof')).toBe(reason)
  })

  it('DP-13, B-DPOP-01 are refused when two headers were sent', async () => {
    const [one, two] = [await goodProof(), await goodProof()]
    const head = `GET /orders HTTP/1.1\r\nHost: api.test\r\nAuthorization: DPoP ${bound}\r\nDPoP: ${one}\r\ndpop: ${two}`
    const text = await new Promise<string>((resolve, reject) => {
      let received = ''
      connect(port, '127.0.0.1')
        .on('data', (chunk) => (received += chunk.toString()))
        .on('end', () => resolve(received))
        .on('error', reject)
        .end(`${head}\r\nConnection: close\r\n\r\n`)
    })
    expect(text).toMatch(/^HTTP\/1\.1 401 /)
    expect(reasons).toEqual(['dpop_syntax'])
  })

  it.each([
    'https://api.test/v1/orders?a=b#c',
    'HTTPS://API.Test:443/v1/orders',
    'https://api.test/v1/%6frders',
    'https://api.test/x/../v1/orders',
    'https://orders.test/orders',
  ])('DP-04, B-DPOP-09, B-DPOP-10 count for %s, which is the same address', async (htu) => {
    expect((await send({ proof: await goodProof({ uri: htu }) }, '/orders?page=2')).status).toBe(200)
  })

  it('B-DPOP-11 are not compared with what the request says about itself', async () => {
    const proof = await goodProof({ uri: 'https://evil.test/orders' })
    const head = `GET http://evil.test/orders HTTP/1.1\r\nHost: evil.test\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https`
    const text = await new Promise<string>((resolve, reject) => {
      let received = ''
      connect(port, '127.0.0.1')
        .on('data', (chunk) => (received += chunk.toString()))
        .on('end', () => resolve(received))
        .on('error', reject)
        .end(`${head}\r\nAuthorization: DPoP ${bound}\r\nDPoP: ${proof}\r\nConnection: close\r\n\r\n`)
    })
    expect(text).toMatch(/^HTTP\/1\.1 401 /)
    expect(reasons).toEqual(['dpop_htu'])
  })

  it.each([-10, 10, -60, 30])('DP-09, B-DPOP-12 count with a clock that is %i seconds off', async (skew) => {
    expect((await send({ proof: await goodProof({ claims: { iat: start + skew } }) })).status).toBe(200)
  })

  it('B-DPOP-15 may say more than they have to', async () => {
    const claims = { nbf: start, exp: start + 300, shop: 'x' }
    expect((await send({ proof: await goodProof({ claims, header: { x: 1 } }) })).status).toBe(200)
  })
})

describe('the second use of a proof', () => {
  it('DP-01, B-DPOP-13 is refused', async () => {
    const proof = await goodProof()
    expect((await send({ proof })).status).toBe(200)
    expect(await expectRefusal(await send({ proof }), 'invalid_dpop_proof')).toBe('dpop_replayed')
  })

  it('DP-02, B-DPOP-13 is refused when both come at the same moment, to two processes with one store', async () => {
    const replay = replayInOneProcess({ runsAlone: true })
    const nodes = [0, 1].map(() =>
      protect(verifierWith(dpopOptions({ replay, urls: ['https://api.test/v1'] }))).fetch(() => new Response('in')),
    )
    for (let round = 0; round < 50; round++) {
      const proof = await goodProof()
      const answers = await Promise.all(
        nodes.map((node) => node(new Request('http://10.0.0.1/orders', { headers: headersFor({ proof }) }))),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    }
  })

  it('DP-15, B-DPOP-13 is one of the same key: others may choose the same jti', async () => {
    const token = await sign(key, { claims: { cnf: { jkt: stranger.jkt } } })
    const claims = { jti: 'one and the same' }
    expect((await send({ proof: await goodProof({ claims }) })).status).toBe(200)
    expect((await send({ token, proof: await goodProof({ token, claims }, stranger) })).status).toBe(200)
  })

  it('B-DPOP-14 is not counted where the first failed another check', async () => {
    const proof = await goodProof({ token: bound, claims: { jti: 'kept' } })
    expect((await send({ proof }, '/invoices')).status).toBe(401)
    expect((await send({ proof, scheme: 'Bearer' })).status).toBe(401)
    expect((await send({ proof })).status).toBe(200)
  })

  it('B-DPOP-14 cannot be told from the first while the store is down: 503, and nobody is let in', async () => {
    const replay: ReplayStore = { rememberOnce: () => Promise.reject(new Error('down')) }
    const guarded = protect(verifierWith(dpopOptions({ replay, urls: ['https://api.test/v1'] })))
    const answer = await guarded.fetch(() => new Response('in'))(
      new Request('http://10.0.0.1/orders', { headers: headersFor({ proof: await goodProof() }) }),
    )
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(answer.headers.has('www-authenticate')).toBe(false)
    expect([reasons, failures]).toEqual([['replay_unavailable'], [new Error('down')]])
  })
})

describe('nonces', () => {
  const nonceKey = Buffer.alloc(32, 7)

  function api(secret: Uint8Array = nonceKey) {
    const clock = { now: start }
    const options = dpopOptions({ nonceKey: secret, urls: ['https://api.test/v1'] })
    const guarded = protect(verifierWith(options, () => clock.now)).fetch(() => new Response('in'))
    const ask = async (nonce: string | undefined): Promise<Response> => {
      const proof = await goodProof({ claims: { nonce, iat: clock.now } })
      return guarded(new Request('http://10.0.0.1/orders', { headers: headersFor({ proof }) }))
    }
    return { clock, ask, nonceOf: async () => (await ask(undefined)).headers.get('dpop-nonce') ?? '' }
  }

  it('DP-10, B-DPOP-23 are handed out to whoever has none, and count at once', async () => {
    const { ask } = api()
    const refused = await ask(undefined)
    expect(await expectRefusal(refused, 'use_dpop_nonce')).toBe('dpop_nonce')
    const nonce = refused.headers.get('dpop-nonce') ?? ''
    expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]{32,}$/)
    const answer = await ask(nonce)
    expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([200, null])
  })

  it('DP-10, B-DPOP-23, B-DPOP-24 are refused when they are forged, of another API, or old', async () => {
    const one = api()
    const other = api(Buffer.alloc(32, 8))
    expect((await one.ask(await other.nonceOf())).status).toBe(401)
    expect((await one.ask('guessed')).status).toBe(401)
    const nonce = await one.nonceOf()
    one.clock.now += 120
    expect((await one.ask(nonce)).status).toBe(401)
  })

  it('DP-10, B-DPOP-24 are the same in every process that has the secret', async () => {
    expect((await api().ask(await api().nonceOf())).status).toBe(200)
  })

  it('B-DPOP-25 are renewed with a good answer before they end, which nobody may keep', async () => {
    const { ask, clock, nonceOf } = api()
    const nonce = await nonceOf()
    clock.now += 60
    const answer = await ask(nonce)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const next = answer.headers.get('dpop-nonce') ?? ''
    expect(next).not.toBe(nonce)
    clock.now += 60
    expect((await ask(next)).status).toBe(200)
  })
})
