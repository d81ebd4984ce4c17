import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import {
  createIntrospector,
  createResourceMetadata,
  createVerifier,
  protect,
  protectMcp,
  replayInOneProcess,
  type BearerReason,
  type DpopOptions,
  type ReplayStore,
} from '@sallyport/resource'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { audience, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start, type Key } from './issuer.ts'
import { athOf, challengesOf, makeProver, prove, secretJwk, type ProofParts, type Prover } from './prover.ts'

/** What proofs are made for: the API behind its proxy, which leads `/v1` to the root of the server. */
const uri = 'https://api.test/v1/orders'
const algs = 'ES256 PS256 EdDSA Ed25519'

let key: Key
let prover: Prover
let stranger: Prover
let bound: string
let bearer: string
let server: Server
let port: number
const reasons: BearerReason[] = []
const failures: unknown[] = []

const dpopOptions = (more: Partial<DpopOptions> = {}): DpopOptions => ({
  urls: ['https://api.test/v1', 'https://orders.test'],
  replay: replayInOneProcess({ runsAlone: true }),
  onReplayFailed: (cause) => failures.push(cause),
  ...more,
})

const verifierWith = (dpop: DpopOptions | undefined, now = () => start) =>
  createVerifier({
    issuer,
    audience,
    fetch: issuerDocuments(jwksAnswer([key])).fetcher,
    now,
    dpop,
    onRejected: (reason) => reasons.push(reason),
  })

beforeAll(async () => {
  key = await makeKey('k1')
  prover = await makeProver()
  stranger = await makeProver()
  bound = await sign(key, { claims: { cnf: { jkt: prover.jkt } } })
  bearer = await sign(key)
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

type Sent = { readonly token?: string; readonly scheme?: string; readonly proof?: string | undefined }

const headersFor = ({ token = bound, scheme = 'DPoP', proof }: Sent): Record<string, string> => ({
  authorization: `${scheme} ${token}`,
  ...(proof === undefined ? {} : { dpop: proof }),
})

const send = (sent: Sent, path = '/orders', init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: headersFor(sent) })

const goodProof = (parts: Partial<ProofParts> = {}, by = prover): Promise<string> =>
  prove(by, { token: bound, uri, ...parts })

/** Asserts the answer to a refused request and gives the reason that the API was told. */
async function expectRefusal(answer: Response, error: string): Promise<BearerReason | undefined> {
  expect(answer.status).toBe(401)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const [challenge, ...more] = challengesOf(answer)
  expect(more).toEqual([])
  expect(challenge).toMatchObject({ scheme: 'DPoP', parameters: { realm: audience, error, algs } })
  const body = (await answer.json()) as { error: string; error_description: string }
  expect(body).toEqual({ error, error_description: challenge?.parameters['error_description'] })
  return reasons.at(-1)
}

describe('a token that is bound to a key', () => {
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

describe('an operation that takes bound tokens only', () => {
  it('B-DPOP-35 refuses bearer tokens and says how to send one', async () => {
    const guarded = protect(verifierWith(dpopOptions()), { requireDpop: true }).fetch(() => new Response('in'))
    const answer = await guarded(new Request(uri, { headers: { authorization: `Bearer ${bearer}` } }))
    expect(await expectRefusal(answer, 'invalid_token')).toBe('bearer')
    expect(challengesOf(await guarded(new Request(uri)))).toEqual([
      { scheme: 'DPoP', parameters: { realm: audience, algs } },
    ])
  })

  it('B-DPOP-35 cannot be had without a way to check them', () => {
    expect(() => protect(verifierWith(undefined), { requireDpop: true })).toThrow(TypeError)
  })
})

describe('an MCP server', () => {
  it('B-DPOP-35 takes bound tokens, refuses replays, and names the scheme that was used when a tool needs more', async () => {
    const metadata = createResourceMetadata({
      resource: audience,
      authorizationServers: [issuer],
      name: 'Orders',
      scopes: ['orders.read'],
    })
    const guarded = protectMcp(verifierWith(dpopOptions()), {
      metadata,
      scope: ['orders.read'],
      tools: { cancel: ['orders.write'] },
      requireDpop: true,
    }).fetch((_, { caller }) => Response.json(caller))
    const ask = (method: string, proof: string) =>
      guarded(
        new Request('http://10.0.0.1/mcp', {
          method: 'POST',
          headers: { ...headersFor({ proof }), 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { name: 'cancel' } }),
        }),
      )
    const proofOf = () => goodProof({ uri: 'https://api.test/v1/mcp', claims: { htm: 'POST' } })
    const proof = await proofOf()
    const answer = await ask('ping', proof)
    expect([answer.status, await answer.json()]).toMatchObject([200, { token: '', extra: { subject: 'user_1' } }])
    expect(await ask('ping', proof).then((again) => again.status)).toBe(401)
    const narrow = await ask('tools/call', await proofOf())
    expect(narrow.status).toBe(403)
    const parameters = { error: 'insufficient_scope', scope: 'orders.read orders.write' }
    expect(challengesOf(narrow)).toMatchObject([{ scheme: 'DPoP', parameters }])
    expect(reasons).toEqual(['dpop_replayed', 'scope'])
  })
})

describe('an API that takes no bound tokens', () => {
  it('B-DPOP-33, B-DPOP-30 refuses them in either way, and does not speak of DPoP', async () => {
    const guarded = protect(verifierWith(undefined)).fetch(() => new Response('in'))
    for (const scheme of ['Bearer', 'DPoP']) {
      const headers = headersFor({ scheme, proof: await goodProof({ uri: 'https://api.test/v1/orders' }) })
      const answer = await guarded(new Request('https://api.test/v1/orders', { headers }))
      expect(answer.status).toBe(401)
      expect(challengesOf(answer).map((one) => one.scheme)).toEqual(['Bearer'])
    }
  })
})

describe('tokens that the issuer is asked about', () => {
  /** The example of RFC 9449 section 7.1, which somebody else made. */
  const vector = {
    token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
    jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    at: 1_562_262_618,
    proof:
      'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA',
  }

  /** An API that asks the issuer, which answers with these members besides the usual ones. */
  function api(said: object) {
    const introspector = createIntrospector({
      issuer,
      audience,
      clientId: 'client_api',
      clientSecret: 'secret',
      introspectionEndpoint: `${issuer}/introspect`,
      fetch: async () =>
        Response.json({ active: true, aud: audience, sub: 'user_1', client_id: 'c', exp: vector.at + 60, ...said }),
      now: () => vector.at,
      dpop: dpopOptions({ urls: ['https://resource.example.org'] }),
      onRejected: (reason) => reasons.push(reason),
    })
    const guarded = protect(introspector).fetch((_, token) => new Response(token.jkt))
    return (scheme = 'DPoP') =>
      guarded(
        new Request('http://10.0.0.1/protectedresource', {
          headers: headersFor({ token: vector.token, proof: vector.proof, scheme }),
        }),
      )
  }
  const cnf = { jkt: vector.jkt }

  it('B-DPOP-32, B-DPOP-28 pass the same checks: the example of RFC 9449 lets in once', async () => {
    const ask = api({ token_type: 'DPoP', cnf })
    const answer = await ask()
    expect([answer.status, await answer.text()]).toEqual([200, vector.jkt])
    expect([(await ask()).status, reasons.pop()]).toEqual([401, 'dpop_replayed'])
  })

  it.for<[string, object, string, BearerReason]>([
    ['bound to a key and sent as a bearer token', { token_type: 'DPoP', cnf }, 'Bearer', 'cnf'],
    ['bound to another key', { cnf: { jkt: 'A'.repeat(43) } }, 'DPoP', 'jkt_mismatch'],
    ['bound to none', { token_type: 'Bearer' }, 'DPoP', 'not_bound'],
    ['said to be bound, but not to which key', { token_type: 'DPoP' }, 'DPoP', 'cnf'],
    ['bound, and said to be a bearer token', { token_type: 'Bearer', cnf }, 'DPoP', 'cnf'],
    ['bound to a certificate', { cnf: { 'x5t#S256': vector.jkt } }, 'DPoP', 'cnf'],
  ])('B-DPOP-32, DP-12 are refused when they are %s', async ([, said, scheme, reason]) => {
    expect([(await api(said)(scheme)).status, reasons]).toEqual([401, [reason]])
  })
})

describe('options', () => {
  it.each([
    [{ urls: [] }],
    [{ urls: ['http://api.test'] }],
    [{ urls: ['https://api.test/'] }],
    [{ urls: ['https://api.test?a'] }],
    [{ urls: ['https://me@api.test'] }],
    [{ urls: Array.from({ length: 21 }, (_, index) => `https://${index}.test`) }],
    [{ nonceKey: Buffer.alloc(31) }],
    [{ replay: undefined as unknown as ReplayStore }],
  ])('B-DPOP-35 refuses what would let replays or foreign proofs in: %j', (more) => {
    expect(() => verifierWith(dpopOptions(more))).toThrow(TypeError)
  })
})

describe('the memory of one process', () => {
  const at = (offset: number) => (start + offset) as Parameters<ReplayStore['rememberOnce']>[1]

  it('B-DPOP-13 has to be asked for in writing', () => {
    expect(() => replayInOneProcess({} as { runsAlone: true })).toThrow(TypeError)
    expect(() => replayInOneProcess({ runsAlone: true, maxProofs: 0 })).toThrow(TypeError)
  })

  it('B-DPOP-13, B-DPOP-14 is bounded: when it is full nobody gets in until the oldest have expired', async () => {
    const { rememberOnce } = replayInOneProcess({ runsAlone: true, maxProofs: 3 })
    for (const key of ['a', 'b', 'c']) expect(await rememberOnce(key, at(100), at(0))).toBe(true)
    expect(await rememberOnce('a', at(100), at(0))).toBe(false)
    await expect(rememberOnce('d', at(100), at(99))).rejects.toThrow('3 proofs')
    expect(await rememberOnce('a', at(199), at(99))).toBe(false)
    expect(await rememberOnce('d', at(200), at(100))).toBe(true)
    expect(await rememberOnce('a', at(200), at(100))).toBe(true)
  })
})
