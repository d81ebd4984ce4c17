import { formEncode, lookupKey, seconds } from '@sallyport/protocol'
import { changeClient, newSecret, type RegistrationContext } from '@sallyport/server'
import {
  basic,
  headerOf,
  processorTime,
  type Answer,
  type Parameters,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'

const grant = { grant_type: 'client_credentials', scope: 'read' }

const ask = (issuer: TestIssuer, parameters: Parameters, authorization?: string): Promise<Answer> =>
  issuer.post(
    '/oauth2/token',
    { ...grant, ...parameters },
    { headers: authorization === undefined ? {} : { authorization } },
  )

function expectRefused(answer: Answer): void {
  expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client'])
  expect(headerOf(answer, 'www-authenticate')).toBe('Basic realm="https://as.test", charset="UTF-8"')
  expect(answer.headers['cache-control']).toBe('no-store')
}

const secretOf = ({ secret }: TestClient): string => secret ?? ''

const base64 = (text: string): string => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`

describe('the one method of a client', () => {
  type Make = (issuer: TestIssuer) => { parameters: Parameters; authorization?: string }
  const downgrades: Record<string, Make> = {
    'basic as post': ({ clients: { K } }) => ({ parameters: { client_id: K.id, client_secret: secretOf(K) } }),
    'basic by name alone': ({ clients: { K } }) => ({ parameters: { client_id: K.id } }),
    'post as basic': ({ clients: { post } }) => ({ parameters: {}, authorization: basic(post.id, secretOf(post)) }),
    'post by name alone': ({ clients: { post } }) => ({ parameters: { client_id: post.id } }),
    'none with a secret': ({ clients: { P } }) => ({ parameters: { client_id: P.id, client_secret: 'x' } }),
    'none with Basic': ({ clients: { P } }) => ({ parameters: {}, authorization: basic(P.id, 'x') }),
    'an unsigned assertion': ({ clients: { K } }) => ({
      parameters: { client_id: K.id, client_assertion: 'e30.e30.' },
    }),
    'a type of assertion alone': ({ clients: { K } }) => ({
      parameters: { client_id: K.id, client_assertion_type: 'x' },
    }),
    'the secret of another client': ({ clients: { K, E } }) => ({
      parameters: {},
      authorization: basic(K.id, secretOf(E)),
    }),
  }
  it.for(Object.entries(downgrades))('CA-09 %s is refused', async ([, make]) => {
    const issuer = await newRealIssuer()
    const { parameters, authorization } = make(issuer)
    for (const path of ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke']) {
      const headers = authorization === undefined ? {} : { authorization }
      expectRefused(await issuer.post(path, { ...grant, token: 'x', ...parameters }, { headers }))
    }
    expect(eventsOf(issuer, 'client.auth.failed')).toHaveLength(3)
  })

  it('CA-09 an assertion beside a good secret is two methods, and the good one does not win', async () => {
    const issuer = await newRealIssuer()
    const { E } = issuer.clients
    const assertion = { client_assertion: 'e30.e30.', client_assertion_type: 'urn:x' }
    const answer = await ask(issuer, assertion, basic(E.id, secretOf(E)))
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request'])
  })
})

describe('absent and malformed secrets', () => {
  it('CA-10 an empty secret is none', async () => {
    const issuer = await newRealIssuer()
    const { K, post } = issuer.clients
    for (const { id } of [K, post]) expectRefused(await ask(issuer, { client_id: id, client_secret: '' }))
    for (const header of [base64(`${K.id}:`), base64(K.id), base64(':'), base64(':x'), 'Basic', 'Basic ', 'Basic  '])
      expectRefused(await ask(issuer, {}, header))
    expectRefused(await ask(issuer, {}))
  })

  const peculiar = [':', '%', '+', ' ', 'ü', 'a:b', '100%', 'a+b c', '%41', '%2541', "!'()*~", '€🚪']
  it.for(peculiar)('CA-11 an id or secret with %j is form-decoded once, strictly', async (part) => {
    const issuer = await newRealIssuer()
    const secret = `secret-${part}-${'x'.repeat(20)}`
    const { record } = issuer.clients.E
    const expiresAt = seconds(issuer.clock.now() + 1000)
    const secrets = [{ id: 'odd', digest: lookupKey(secret), createdAt: issuer.clock.now(), expiresAt }]
    const client = await issuer.changeClient({ ...issuer.clients.E, record }, { secrets })
    expect((await ask(issuer, {}, basic(client.id, secret))).status).toBe(200)
    expectRefused(await ask(issuer, {}, basic(client.id, formEncode(secret))))
    const raw = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`
    // Sent without form-encoding it works only where encoding changes nothing; it is never decoded twice.
    const changes = /[%+]/.test(part)
    const answer = await ask(issuer, {}, raw)
    if (changes) expectRefused(answer)
    else expect(answer.status).toBe(200)
  })

  it('CA-11 junk is refused, and the name of the scheme may be written anyhow', async () => {
    const issuer = await newRealIssuer()
    const { E } = issuer.clients
    const good = basic(E.id, secretOf(E))
    const encoded = good.slice(6)
    for (const scheme of ['Basic', 'basic', 'bAsIc', 'BASIC'])
      expect((await ask(issuer, {}, `${scheme} ${encoded}`)).status).toBe(200)
    const padded = encoded.replace(/=*$/, '')
    const junk = [
      `Basic ${encoded}junk!`,
      `Basic ${encoded} junk`,
      `Basic ${padded}=====`,
      'Basic !!!!',
      `Bearer ${encoded}`,
      `Basic${encoded}`,
      `Basic ${encoded.replaceAll('=', '')}-_`,
      `Basic ${Buffer.from([0xff, 0x3a, 0x41]).toString('base64')}`,
      base64(`${E.id}:%zz`),
      base64(`${E.id}:%ff`),
      base64(`${E.id}%:x`),
    ]
    for (const header of junk) expectRefused(await ask(issuer, {}, header))
    expect(eventsOf(issuer, 'client.auth.failed', 'basic_syntax').length).toBeGreaterThan(5)
  })
})

describe('unknown and known clients', () => {
  it('CA-12 get the same status, headers and body', async () => {
    const issuer = await newRealIssuer()
    const { K, S } = issuer.clients
    const disabled = await issuer.changeClient(S, { disabledAt: issuer.clock.now() })
    const headers = [
      basic('client_AAAAAAAAAAAAAAAAAAAAAA', 'x'),
      basic(K.id, 'x'),
      basic(disabled.id, secretOf(disabled)),
      basic(issuer.clients.P.id, 'x'),
    ]
    const answers = await Promise.all(headers.map((header) => ask(issuer, {}, header)))
    const seen = answers.map(({ status, text, headers: { 'x-request-id': _id, ...rest } }) => ({ status, text, rest }))
    for (const one of seen) expect(one).toEqual(seen[0])
  })

  it('CA-12 cost the same work', async () => {
    const issuer = await newRealIssuer()
    const { K } = issuer.clients
    const guess = async (id: string, round: number): Promise<void> => {
      const remoteAddress = `203.0.${round % 250}.${Math.floor(round / 4) % 250}`
      await issuer.token({ ...K, id }, grant, { secret: 'guess', remoteAddress })
    }
    const spent = { known: 0, unknown: 0 }
    for (let round = 0; round < 1000; round++) {
      spent.known += await processorTime(() => guess(K.id, round))
      spent.unknown += await processorTime(() => guess(`client_${String(round).padStart(22, 'A')}`, round))
    }
    expect(Math.max(spent.known, spent.unknown) / Math.min(spent.known, spent.unknown)).toBeLessThan(4)
  })
})

describe('guessing', () => {
  const guess = (issuer: TestIssuer, remoteAddress: string, secret = 'guess') =>
    issuer.clientCredentials(issuer.clients.E, { scope: 'read' }, { secret, remoteAddress })

  it('CA-13 from one network it ends after ten tries, and the client goes on elsewhere', async () => {
    const issuer = await newRealIssuer()
    const right = secretOf(issuer.clients.E)
    const statuses: number[] = []
    for (let tries = 0; tries < 1000; tries++) statuses.push((await guess(issuer, '203.0.113.1')).status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
    const blocked = await guess(issuer, '203.0.113.1', right)
    expect([blocked.status, headerOf(blocked, 'retry-after'), blocked.json['error']]).toEqual([
      429,
      '60',
      'temporarily_unavailable',
    ])
    expect((await guess(issuer, '203.0.113.2', right)).status).toBe(200)
    expect(eventsOf(issuer, 'client.auth.locked')).toHaveLength(1)
    issuer.clock.advance(60)
    expect((await guess(issuer, '203.0.113.1', right)).status).toBe(200)
  })

  it('CA-13 patience buys a hundred tries an hour, not more', async () => {
    const issuer = await newRealIssuer()
    let compared = 0
    for (let minute = 0; minute < 60; minute++) {
      for (let tries = 0; tries < 12; tries++) if ((await guess(issuer, '203.0.113.1')).status === 401) compared++
      issuer.clock.advance(60)
    }
    expect(compared).toBe(100)
  })

  it('CA-13 from many networks the client itself is never locked', async () => {
    const issuer = await newRealIssuer()
    for (let network = 0; network < 250; network++)
      for (let tries = 0; tries < 11; tries++) await guess(issuer, `198.18.0.${network}`)
    expect((await guess(issuer, '203.0.113.2', secretOf(issuer.clients.E))).status).toBe(200)
  })
})

describe('rotation', () => {
  it('CA-14 both secrets work while they overlap, then only the new one, and that one ends too', async () => {
    const issuer = await newRealIssuer()
    const { clock, random, clients } = issuer
    const old = clients.E
    const context: RegistrationContext = { development: false, now: clock.now(), random, secretLifetime: 30 * 86_400 }
    const { secret, record } = newSecret(context)
    const ending = old.record.secrets.map((one) => ({ ...one, expiresAt: seconds(clock.now() + 7 * 86_400) }))
    await issuer.changeClient(old, { secrets: [...ending, record] })
    const works = async () => [
      (await issuer.clientCredentials(old, { scope: 'read' })).status,
      (await issuer.clientCredentials(old, { scope: 'read' }, { secret })).status,
    ]
    expect(await works()).toEqual([200, 200])
    clock.advance(7 * 86_400)
    expect(await works()).toEqual([401, 200])
    clock.advance(23 * 86_400)
    expect(await works()).toEqual([401, 401])
    // Other changes of the client leave its secrets alone.
    expect(changeClient(old.record, { name: 'New name' }, context).secrets).toEqual(old.record.secrets)
  })
})
