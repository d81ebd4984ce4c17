import { lookupKey, type Seconds } from '@sallyport/protocol'
import type { Authorization } from '@sallyport/server'
import type { BegunDevice, Person, TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { expect } from 'vitest'
import { newIssuer } from '../fixtures.ts'

/** An issuer that offers the grant. */
export const deviceIssuer = ({ policy, ...options }: TestIssuerOptions = {}): Promise<TestIssuer> =>
  newIssuer({ ...options, policy: { deviceGrant: true, deviceRequestsPerNetwork: 10_000, ...policy } })

/** Signs somebody in and enters the user code, straight in the store. */
async function claimed(issuer: TestIssuer, { deviceCode }: BegunDevice, person: Person): Promise<string> {
  const { store, clock, random } = issuer
  const now = clock.now()
  const id = random.id(12)
  const who = { id, digest: lookupKey(random.handle()), subject: person.subject }
  const authentication = { time: now, acr: undefined, amr: ['pwd'] }
  const times = { createdAt: now, seenAt: now, expiresAt: (now + 86_400) as Seconds }
  await store.startSession({ ...who, authentication, ...times, network: '192.0.2.1', userAgent: 'x' }, undefined, [])
  expect(await store.devices.claim(lookupKey(deviceCode), id, now)).toBe(true)
  return id
}

/** Lets a device in, straight in the store. */
export async function approveInStore(issuer: TestIssuer, begun: BegunDevice): Promise<Authorization> {
  const { store, clock, random, alice } = issuer
  const now = clock.now()
  const view = await store.devices.find(lookupKey(begun.deviceCode))
  const { scope = [], resources = [], clientId = '' } = view?.request ?? {}
  const sessionId = await claimed(issuer, begun, alice)
  const authorization: Authorization = {
    ...{ id: random.id(12), clientId, subject: alice.subject, sessionId, scope, resources },
    ...{ claims: undefined, authentication: { time: now, acr: undefined, amr: ['pwd'] } },
    ...{ tellAuthTime: false, tellAcr: false, offline: true, createdAt: now, expiresAt: (now + 3_000_000) as Seconds },
  }
  const digest = lookupKey(begun.deviceCode)
  expect(await store.devices.approve({ digest, authorization, events: [] }, now)).toBe('approved')
  return authorization
}

/** Declines a device, straight in the store. */
export async function declineInStore(issuer: TestIssuer, begun: BegunDevice): Promise<void> {
  const { store, clock, alice } = issuer
  const sessionId = await claimed(issuer, begun, alice)
  const end = { as: 'denied', sessionId } as const
  expect(await store.devices.end(lookupKey(begun.deviceCode), end, clock.now(), [])).toBe(true)
}
