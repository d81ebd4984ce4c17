import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { JwsAlgorithm } from '@sallyport/protocol'
import { createServer, ExternalKeyFault, type ExternalKeys, type ServerOptions } from '@sallyport/server'
import { decodeJwt, plainPeople, type TestIssuer } from '@sallyport/testing'
import { compactVerify, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { keysOf } from '../signed-by-us.ts'

const day = 86_400
const makers = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  Ed25519: () => generateKeyPairSync('ed25519').privateKey,
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
} as const
type Made = keyof typeof makers

const signatures: Readonly<Record<Made, (data: Uint8Array, key: KeyObject) => Uint8Array>> = {
  ES256: (data, key) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  Ed25519: (data, key) => sign(null, data, key),
  RS256: (data, key) => sign('sha256', data, key),
  PS256: (data, key) => sign('sha256', data, { key, padding: 6, saltLength: 32 }),
}

/** A device beside the server: it has keys by name, can be pulled out, and counts what it signs. */
function newDevice(names: Partial<Record<Made, readonly string[]>>) {
  const device = { away: false, wrong: false, opened: 0, signed: 0, kept: new Map<string, KeyObject>() }
  for (const [alg, list] of Object.entries(names))
    for (const name of list) if (!device.kept.has(name)) device.kept.set(name, makers[alg as Made]())
  const requirePresent = (): void => {
    if (device.away) throw new ExternalKeyFault('the device is not there', 'plug it in')
  }
  const keys: ExternalKeys = {
    place: 'test:device',
    names,
    open: async (alg, name) => {
      requirePresent()
      device.opened++
      const key = device.kept.get(name)
      if (key === undefined) throw new ExternalKeyFault(`there is no key ${name}`, 'make it')
      return {
        publicKey: createPublicKey(key),
        sign: async (data) => {
          requirePresent()
          device.signed++
          const signature = Buffer.from(signatures[alg as Made](data, key))
          if (device.wrong) signature[0] = (signature[0] ?? 0) ^ 1
          return signature
        },
      }
    },
  }
  return { device, keys }
}

const es = { ES256: ['first', 'second', 'third'] }
const algorithms: readonly JwsAlgorithm[] = ['ES256', 'RS256']

const kidsOf = async (issuer: TestIssuer): Promise<string[]> =>
  (await keysOf(issuer)).filter((key) => key['alg'] === 'ES256').map((key) => key['kid'] ?? '')

const signedNow = async (issuer: TestIssuer): Promise<string> => {
  const { accessToken } = await issuer.codeFlow({ client: issuer.clients.P })
  return String(decodeJwt(accessToken).header['kid'])
}

/** Starts a server on the store of an issuer, with other options. */
const startOn = (issuer: TestIssuer, options: Partial<ServerOptions>) =>
  createServer({
    ...{ issuer: issuer.issuer, store: issuer.store, masterKey: Buffer.alloc(32, 'test issuer'), upkeepInterval: 0 },
    ...plainPeople({ store: issuer.store, now: issuer.clock.now, random: issuer.random }),
    ...{ now: issuer.clock.now, algorithms, ...options },
  })

describe('keys that are kept elsewhere', () => {
  it('B-JWK-01, B-IDT-07 sign every kind of token, and a stranger verifies them with the published set', async () => {
    const names = { ES256: ['a'], RS256: ['b'], PS256: ['c'], Ed25519: ['d'] }
    const { keys, device } = newDevice(names)
    const issuer = await newIssuer({ externalKeys: keys, algorithms: Object.keys(names) as Made[] })
    const published = await keysOf(issuer)
    for (const alg of ['RS256', 'PS256', 'Ed25519', 'ES256'] as const) {
      const client = await issuer.changeClient(issuer.clients.K, { idTokenAlgorithm: alg })
      const flow = await issuer.codeFlow({ client })
      for (const token of [flow.accessToken, flow.idToken]) {
        const { header } = decodeJwt(token)
        const jwk = published.find(({ kid }) => kid === header['kid'])
        await compactVerify(token, await importJWK({ ...jwk }, String(header['alg'])))
      }
    }
    for (const record of await issuer.store.listSigningKeys()) {
      expect([record.externalName, record.sealedPrivateKey.length]).toEqual([names[record.alg as Made][0], 0])
      expect(Object.keys(record.publicJwk)).not.toContain('d')
    }
    // One opening for the trial before a key is published, one for the signatures.
    expect(device.opened).toBe(8)
  })

  it('B-JWK-09 stand beside keys of the store for the other algorithms', async () => {
    const { keys } = newDevice({ ES256: ['a'] })
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    const records = await issuer.store.listSigningKeys()
    expect(new Map(records.map(({ alg, externalName }) => [alg, externalName]))).toEqual(
      new Map([
        ['ES256', 'a'],
        ['RS256', undefined],
      ]),
    )
    expect((await issuer.codeFlow()).idToken).not.toBe('')
  })

  it('B-JWK-02 follow each other by the schedule in the order of their names, published before they sign', async () => {
    const { keys } = newDevice(es)
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    const [first] = await kidsOf(issuer)
    issuer.clock.advance(89 * day)
    await issuer.server.maintain()
    const [, second] = await kidsOf(issuer)
    expect([await signedNow(issuer), second]).toEqual([first, expect.stringMatching(/^[\w-]{43}$/)])
    issuer.clock.advance(day)
    await issuer.server.maintain()
    expect(await signedNow(issuer)).toBe(second)
    const names = (await issuer.store.listSigningKeys()).map(({ externalName }) => externalName)
    expect(names.filter((name) => name !== undefined)).toEqual(['first', 'second'])
  })

  it('B-JWK-02 end with the list: the last one goes on, and a rotation by hand says what is missing', async () => {
    const { keys } = newDevice({ ES256: ['only'] })
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    const [only] = await kidsOf(issuer)
    issuer.clock.advance(400 * day)
    await issuer.server.maintain()
    expect(await signedNow(issuer)).toBe(only)
    await expect(issuer.server.rotateKeys()).rejects.toThrow(
      'every key that is named for ES256 in test:device was used',
    )
    // The other algorithm was rotated all the same.
    expect((await keysOf(issuer)).filter(({ alg }) => alg === 'RS256').length).toBeGreaterThan(1)
  })

  it('B-JWK-02 take over from a key of the store without a gap, on the first start with them', async () => {
    const issuer = await newIssuer({ algorithms })
    const [ours] = await kidsOf(issuer)
    const { keys } = newDevice(es)
    const node = await startOn(issuer, { externalKeys: keys })
    await node.maintain()
    await issuer.server.maintain()
    // Both were made in the same second, so the set may list them either way round.
    const theirs = (await kidsOf(issuer)).find((kid) => kid !== ours)
    expect([await signedNow(issuer), theirs]).toEqual([ours, expect.stringMatching(/^[\w-]{43}$/)])
  })

  it('FT-11 two nodes that rotate at once publish one key', async () => {
    const { keys } = newDevice(es)
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    const other = await issuer.startNode()
    await Promise.all([issuer.server.rotateKeys(), other.rotateKeys()])
    await issuer.server.maintain()
    expect(await kidsOf(issuer)).toHaveLength(2)
  })
})

describe('a device that fails', () => {
  it('FT-08, A-CODE-02 while tokens are made: 503, and the code is as good as before', async () => {
    const { keys, device } = newDevice(es)
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    const authorized = await issuer.authorize()
    for (const broken of ['away', 'wrong'] as const) {
      device[broken] = true
      const answer = await issuer.redeem(authorized)
      expectRefusal(answer, 'temporarily_unavailable', 503)
      expect(answer.headers['retry-after']).toBe('2')
      device[broken] = false
    }
    expect(issuer.records.faults.map(({ message }) => message)).toEqual([
      'cannot sign: the device is not there; plug it in',
      expect.stringContaining('does not verify with the published key'),
    ])
    expect(issuer.store.calls).not.toContain('redeem')
    issuer.forget()
    const tokens = await issuer.redeem(authorized)
    expectTokens(tokens)
    device.away = true
    const refresh = { client: authorized.client, refreshToken: String(tokens.json['refresh_token']) }
    expectRefusal(await issuer.refresh(refresh), 'temporarily_unavailable', 503)
    device.away = false
    expectTokens(await issuer.refresh(refresh))
    issuer.forget()
  })

  it('FT-08 at the start: there is no server, and the fault says what to do', async () => {
    const { keys, device } = newDevice(es)
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    device.away = true
    await expect(startOn(issuer, { externalKeys: keys })).rejects.toThrow('the device is not there')
    device.away = false
    await (await startOn(issuer, { externalKeys: keys })).close()
  })

  it('FT-08 when the next key is due: the rest of the upkeep is done, and the key comes later', async () => {
    const { keys, device } = newDevice(es)
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    issuer.clock.advance(89 * day)
    device.away = true
    issuer.forget()
    await expect(issuer.server.maintain()).rejects.toThrow('the device is not there')
    expect(issuer.store.calls).toContain('sweep')
    expect(await kidsOf(issuer)).toHaveLength(1)
    device.away = false
    await issuer.server.maintain()
    expect(await kidsOf(issuer)).toHaveLength(2)
  })

  it('B-JWK-01 a key that was replaced under its name signs nothing', async () => {
    const { keys, device } = newDevice(es)
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    device.kept.set('first', makers.ES256())
    await expect(startOn(issuer, { externalKeys: keys })).rejects.toThrow('is another one than the published key')
  })
})

describe('settings that cannot be meant', () => {
  it('AR-06, B-JWK-09 a store with keys elsewhere does not start without them, until the place is left for good', async () => {
    const { keys } = newDevice(es)
    const issuer = await newIssuer({ externalKeys: keys, algorithms })
    const [theirs] = await kidsOf(issuer)
    await expect(startOn(issuer, {})).rejects.toThrow('is kept elsewhere under the name first, and nothing says where')
    expect(await issuer.store.listSigningKeys()).toHaveLength(2)
    // One more of them is published already, and would sign from tomorrow on.
    await issuer.server.rotateKeys(day)
    const node = await startOn(issuer, { leaveExternalKeys: true })
    await node.close()
    const again = await startOn(issuer, {})
    const answer = await again.handle({ ...plainGet, path: '/oauth2/jwks' })
    expect(answer.status).toBe(200)
    // The key that signed yesterday's tokens is still published.
    expect(String(answer.body)).toContain(theirs)
    const published = JSON.parse(String(answer.body)) as { keys: { alg: string }[] }
    expect(published.keys.filter(({ alg }) => alg === 'ES256')).toHaveLength(2)
    issuer.clock.advance(2 * day)
    await again.maintain()
    const all = (await issuer.store.listSigningKeys()).filter(({ alg }) => alg === 'ES256')
    expect(all.map(({ externalName }) => externalName)).toContain(undefined)
    await (await startOn(issuer, {})).close()
  })

  const odd: Record<string, [Partial<Record<string, readonly string[]>>, string]> = {
    'one key for two algorithms': [{ RS256: ['a'], PS256: ['a'] }, 'named twice'],
    'one key twice': [{ ES256: ['a', 'a'] }, 'named twice'],
    'no key': [{ ES256: [] }, 'no key is named'],
    'an algorithm that is not there': [{ HS256: ['a'] }, 'no signature algorithm'],
    'a key that is not there': [{ ES256: ['b'] }, 'there is no key b'],
    'a key of another kind': [{ RS256: ['a'] }, 'of no use for RS256'],
  }
  it.for(Object.entries(odd))('B-JWK-01, B-JWK-09 %s stops the start', async ([, [names, problem]]) => {
    const { keys } = newDevice({ ES256: ['a'] })
    const external = { ...keys, names }
    await expect(newIssuer({ externalKeys: external })).rejects.toThrow(problem)
  })

  it('B-JWK-09 one key under two names is found out by what it is', async () => {
    const { keys, device } = newDevice({ ES256: ['a'] })
    const same = device.kept.get('a')
    if (same !== undefined) device.kept.set('b', same)
    const issuer = await newIssuer({ externalKeys: { ...keys, names: { ES256: ['a', 'b'] } }, algorithms })
    await expect(issuer.server.rotateKeys()).rejects.toThrow('used under another name')
  })
})

const plainGet = { method: 'GET', query: '', headers: { host: 'as.test' }, body: undefined, remoteAddress: '192.0.2.1' }
