import { changeMasterKey, createServer, masterKeyOpens, MasterKeyMismatch } from '@sallyport/server'
import { decodeJwt, plainPeople, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { loadSecrets } from '../../src/master-key.ts'
import { seal, unseal } from '../../src/secrets.ts'
import { newIssuer } from '../fixtures.ts'

const first = Buffer.alloc(32, 'test issuer')
const second = Buffer.alloc(32, 2)
const third = Buffer.alloc(32, 3)

const factorContext = (subject: string): string => `seed of ${subject}`
const change = (issuer: TestIssuer, from: Uint8Array, to: Uint8Array): Promise<boolean> =>
  changeMasterKey({ store: issuer.store, from, to, factorContext, random: issuer.random, events: [] })

const startWith = (issuer: TestIssuer, masterKey: Uint8Array) =>
  createServer({
    ...{ issuer: issuer.issuer, store: issuer.store, masterKey, upkeepInterval: 0, now: issuer.clock.now },
    ...plainPeople({ store: issuer.store, now: issuer.clock.now, random: issuer.random }),
  })

/** Somebody with a second factor, whose seed is sealed with the key of this store. */
async function enrolled(issuer: TestIssuer, masterKey: Uint8Array): Promise<string> {
  const { factorSeal } = await loadSecrets(issuer.store, masterKey)
  const subject = issuer.alice.subject
  const seed = seal(factorSeal, 'twenty bytes of seed', factorContext(subject), issuer.random)
  await issuer.store.factors.enrol({ id: 'f', subject, seed, lastStep: 0, createdAt: issuer.clock.now() }, [], [])
  return subject
}

describe('a change of the master key', () => {
  it('AR-06, A-PPID-06 keeps signing keys, seeds and the names of people, and leaves nothing to the old key', async () => {
    const issuer = await newIssuer()
    const subject = await enrolled(issuer, first)
    const pairwise = await issuer.changeClient(issuer.clients.K, { subjectType: 'pairwise' })
    const before = decodeJwt((await issuer.codeFlow({ client: pairwise })).idToken)
    expect(await change(issuer, first, second)).toBe(true)
    expect(await change(issuer, second, third)).toBe(true)
    for (const old of [first, second]) {
      await expect(startWith(issuer, old)).rejects.toThrow(MasterKeyMismatch)
      expect(await masterKeyOpens(issuer.store, old)).toBe(false)
    }
    expect(await masterKeyOpens(issuer.store, third)).toBe(true)
    await (await startWith(issuer, third)).close()
    const secrets = await loadSecrets(issuer.store, third)
    const [was] = await Promise.all([loadSecrets(await fresh(), first)])
    expect(secrets.pairwise).toEqual(was.pairwise)
    expect([secrets.recoveryCodes, secrets.sessions]).toEqual([was.recoveryCodes, was.sessions])
    expect([secrets.keySeal.equals(was.keySeal), secrets.factorSeal.equals(was.factorSeal)]).toEqual([false, false])
    const seed = (await issuer.store.factors.find(subject))?.factor.seed ?? new Uint8Array(0)
    expect(String(unseal(secrets.factorSeal, seed, factorContext(subject)))).toBe('twenty bytes of seed')
    expect(unseal(was.factorSeal, seed, factorContext(subject))).toBeUndefined()
    expect((await issuer.store.listSigningKeys()).map(({ kid }) => kid)).toContain(before.header['kid'])
  })

  it('AR-06 refuses a key that is not that of the store, the same key again, and a store that changes meanwhile', async () => {
    const issuer = await newIssuer()
    await expect(change(issuer, second, third)).rejects.toThrow(MasterKeyMismatch)
    await expect(change(issuer, first, first)).rejects.toThrow('the new master key is the old one')
    const answers = await Promise.all([change(issuer, first, second), change(issuer, first, third)])
    expect(answers.filter(Boolean)).toHaveLength(1)
    const [winner, loser] = answers[0] ? [second, third] : [third, second]
    expect(await masterKeyOpens(issuer.store, winner)).toBe(true)
    expect(await masterKeyOpens(issuer.store, loser)).toBe(false)
  })
})

const fresh = async () => (await newIssuer({ clients: [] })).store
