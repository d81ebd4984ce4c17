import type { Answer } from '@sallyport/testing'
import { createTestIssuer } from '@sallyport/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { openStore, storeNames, type OpenedStore } from '../stores.ts'

const opened: OpenedStore[] = []

afterEach(async () => {
  for (const { discard } of opened.splice(0)) await discard()
})

async function issuerOn(name: (typeof storeNames)[number]) {
  const own = await openStore(name)
  opened.push(own)
  const policy = { deviceGrant: true, deviceRequestsPerNetwork: 10_000 }
  return createTestIssuer({ store: own.store, clients: ['D', 'RS1', 'RS2'], policy })
}

const errorsOf = (answers: readonly Answer[]): readonly string[] =>
  answers.map(({ status, json }) => (status === 200 ? '200' : String(json['error']))).sort()

describe.for(storeNames)('on %s', (name) => {
  it('DV-03 64 parallel polls of an approved code on two nodes: one set of tokens, and it lives', async () => {
    const issuer = await issuerOn(name)
    const nodes = [issuer.server, await issuer.startNode()]
    for (let round = 0; round < 10; round++) {
      const begun = await issuer.beginDevice()
      await issuer.answerDevice(begun)
      const polls = Array.from({ length: 64 }, (_, index) => issuer.poll(begun, {}, { node: nodes[index % 2] }))
      const answers = await Promise.all(polls)
      expect(errorsOf(answers)).toEqual(['200', ...Array.from({ length: 63 }, () => 'invalid_grant')])
      const winner = answers.find(({ status }) => status === 200)
      expect(await issuer.isAlive(String(winner?.json['access_token']))).toBe(true)
      expect((await issuer.poll(begun)).json['error']).toBe('invalid_grant')
    }
  })

  it('DV-02 parallel polls of a waiting code: one passes, and each of the others makes the wait longer', async () => {
    const issuer = await issuerOn(name)
    const begun = await issuer.beginDevice()
    const answers = await Promise.all(Array.from({ length: 10 }, () => issuer.poll(begun)))
    expect(errorsOf(answers)).toEqual(['authorization_pending', ...Array.from({ length: 9 }, () => 'slow_down')])
    issuer.clock.advance(49)
    expect((await issuer.poll(begun)).json['error']).toBe('slow_down')
    issuer.clock.advance(55)
    expect((await issuer.poll(begun)).json['error']).toBe('authorization_pending')
  })
})
