import {
  createTestIssuer,
  type Answer,
  type Authorized,
  type TestIssuer,
  type TestIssuerOptions,
} from '@sallyport/testing'
import type { SecurityEvent } from '@sallyport/server'
import { afterEach, expect } from 'vitest'
import { credentialsSeen } from './credentials-seen.ts'
import { openStore, storeNames } from './stores.ts'

export const issuerId = 'https://as.test'

type Opened = { readonly issuer: TestIssuer; readonly mayFail: boolean }

const opened: Opened[] = []
const discards: (() => Promise<void>)[] = []

/** Every test of this folder runs on memory, or on SQLite where the environment says so. */
const driver = storeNames.find((name) => name === process.env['SALLYPORT_TEST_STORE']) ?? 'memory'

/** An issuer for one test. `mayFail` is for tests that make the store fail; everywhere else a 5xx is a fault of the server. */
export async function newIssuer(options: TestIssuerOptions & { readonly mayFail?: boolean } = {}): Promise<TestIssuer> {
  const own = options.store === undefined ? await openStore(driver) : undefined
  if (own !== undefined) discards.push(own.discard)
  const issuer = await createTestIssuer({ ...options, store: options.store ?? own?.store })
  opened.push({ issuer, mayFail: options.mayFail ?? false })
  return issuer
}

// What every test asserts besides its own point: no 5xx, no internal fault, no credential in an event.
afterEach(async () => {
  for (const discard of discards.splice(0)) await discard()
  for (const { issuer, mayFail } of opened.splice(0)) {
    const { events, exchanges, faults } = issuer.records
    if (!mayFail) {
      expect(faults).toEqual([])
      expect(exchanges.filter(({ response }) => response.status >= 500)).toEqual([])
    }
    const log = JSON.stringify(events)
    for (const credential of credentialsSeen(exchanges)) expect(log).not.toContain(credential)
  }
})

/** BACK(e): 303 to the redirect URI with the error, the state as sent, and the issuer; no code. */
export function expectBack({ visit, response, sent }: Authorized, error: string, issuer = issuerId): void {
  expect(visit.answer.status).toBe(303)
  expect(visit.leftFor).toMatch(/^[^#]+$/)
  expect(visit.leftFor?.startsWith(String(sent['redirect_uri']))).toBe(true)
  expect(response.get('error')).toBe(error)
  expect(response.get('iss')).toBe(issuer)
  expect(response.get('state')).toBe(sent['state'] ?? null)
  expect(response.has('code')).toBe(false)
}

/** PAGE400: an error page of the server itself that leads nowhere. */
export function expectPage({ visit }: Pick<Authorized, 'visit'>, reason: string, status = 400): void {
  expect(visit.leftFor).toBeUndefined()
  expectErrorPage(visit.answer, reason, status)
}

export function expectErrorPage(answer: Answer, reason: string, status = 400): void {
  expect({ status: answer.status, reason: /id="reason">([^<]*)</.exec(answer.text)?.[1] }).toEqual({ status, reason })
  expect(answer.location).toBeUndefined()
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
}

/** TOK400(e): JSON with the error, nobody may keep it, and no token in it. */
export function expectRefusal(answer: Answer, error: string, status = 400): void {
  expect({ status: answer.status, error: answer.json['error'] }).toEqual({ status, error })
  expect(answer.headers['content-type']).toBe('application/json')
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.text).not.toMatch(/access_token|refresh_token"/)
}

export function expectTokens(answer: Answer): void {
  expect({ status: answer.status, error: answer.json['error'] }).toEqual({ status: 200, error: undefined })
  expect(answer.json['access_token']).toBeTypeOf('string')
}

/** Events of one name, optionally with one reason. */
export const eventsOf = (issuer: TestIssuer, event: string, reason?: string): readonly SecurityEvent[] =>
  issuer.records.events.filter((one) => one.event === event && (reason === undefined || one.reason === reason))

/** Exactly one event of this name and reason, with what a row says about it. */
export function expectEvent(
  issuer: TestIssuer,
  event: string,
  facts: Partial<SecurityEvent> & { reason?: string },
): void {
  const found = eventsOf(issuer, event, facts.reason)
  expect(found.map((one) => `${one.event} ${one.reason}`)).toEqual([`${event} ${found[0]?.reason ?? facts.reason}`])
  expect(found[0]).toMatchObject(facts)
}

/** A token of a client for itself that is for the server itself, since its scope belongs to no API. */
export async function machineToken(issuer: TestIssuer, resource?: string): Promise<string> {
  const client = await issuer.addClient({ type: 'service', name: 'Worker', scope: 'jobs' })
  const answer = await issuer.clientCredentials(client, { scope: 'jobs', resource })
  expectTokens(answer)
  return String(answer.json['access_token'])
}
