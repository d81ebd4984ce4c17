import { createCookieJar, createTestIssuer, createClock, formsOf, seededRandom } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'

describe('an issuer for tests', () => {
  it('A-TOK-11 drives a whole flow in a few lines', async () => {
    const issuer = await createTestIssuer()
    const tokens = await issuer.codeFlow({ client: issuer.clients.P })
    expect(await issuer.isAlive(tokens.accessToken)).toBe(true)
    issuer.clock.advance(301)
    expect(await issuer.isAlive(tokens.accessToken)).toBe(false)
    const next = await issuer.refreshed(tokens)
    expect(await issuer.isAlive(next.accessToken)).toBe(true)
  })

  it('A-GEN-07 with a seed every handle is the same in each run, and without one never', async () => {
    const handles = async (seed: string | undefined): Promise<string> => {
      const { clients, alice, random } = await createTestIssuer({ seed })
      return [clients.K.id, clients.K.secret, alice.subject, random.handle()].join()
    }
    expect(await handles('one')).toBe(await handles('one'))
    expect(await handles('one')).not.toBe(await handles('two'))
    expect(await handles(undefined)).not.toBe(await handles(undefined))
    const random = seededRandom('x')
    const drawn = Array.from({ length: 1000 }, () => random.handle())
    expect(new Set(drawn).size).toBe(1000)
    expect(drawn.every((handle) => /^[\w-]{43}$/.test(handle))).toBe(true)
    expect([random.id(1), random.id(33), random.id(100)].map((id) => Buffer.from(id, 'base64url').length)).toEqual([
      1, 33, 100,
    ])
  })

  it('A-RT-14 fails where it is told to, as often as it is told to', async () => {
    const issuer = await createTestIssuer()
    const flow = await issuer.codeFlow()
    issuer.store.failNext('redeem', new Error('no'), { times: 2 })
    const statuses = [await issuer.refresh(flow), await issuer.refresh(flow), await issuer.refresh(flow)].map(
      ({ status }) => status,
    )
    expect(statuses).toEqual([500, 500, 200])
    issuer.store.failNext('findRefreshToken', new Error('no'))
    expect((await issuer.refresh(flow)).status).toBe(500)
    issuer.store.heal()
    expect((await issuer.refresh(flow)).status).toBe(200)
  })
})

describe('a browser without windows', () => {
  it('A-UI-05 refuses cookies that a browser refuses, and lets them end', () => {
    const clock = createClock()
    const jar = createCookieJar(clock.now)
    for (const cookie of [
      '__Host-a=1; Path=/',
      '__Host-a=1; Secure; Path=/x',
      '__Host-a=1; Secure; Path=/; Domain=x.test',
    ])
      expect(() => jar.take([cookie])).toThrow('a browser refuses')
    jar.take(['__Host-a=1; Secure; Path=/; Max-Age=60', 'b=2; Path=/'])
    expect([jar.header(true), jar.header(false)]).toEqual(['__Host-a=1; b=2', 'b=2'])
    clock.advance(60)
    expect(jar.header(true)).toBe('b=2')
    jar.take(['b=; Path=/; Max-Age=0'])
    expect(jar.header(true)).toBeUndefined()
  })

  it('A-UI-06 reads forms as they stand: hidden fields, ticked boxes, entities', () => {
    const html = `<form id="f" method="post" action="/go?a=1&amp;b=2"><input type="hidden" name="csrf" value="&quot;x&#39;&lt;">
      <input name="name"><input type="checkbox" name="off" value="1"><input type="checkbox" name="on" value="1" checked>
      <button type="submit" name="decision" value="allow">Allow</button></form><form></form>`
    const [form, empty] = formsOf(html)
    expect(form).toEqual({
      id: 'f',
      action: '/go?a=1&b=2',
      method: 'POST',
      fields: { csrf: `"x'<`, name: '', on: '1' },
      names: ['name', 'off', 'on'],
      buttons: [{ name: 'decision', value: 'allow' }],
    })
    expect(empty).toMatchObject({ id: undefined, method: 'GET', fields: {} })
  })

  it('CS-18 stops before an address of another origin and never asks it', async () => {
    const issuer = await createTestIssuer()
    const { visit } = await issuer.authorize()
    expect(visit.leftFor).toMatch(/^https:\/\/web\.test\/cb\?code=/)
    expect(issuer.records.exchanges.every(({ request }) => !request.path.startsWith('/cb'))).toBe(true)
  })
})
