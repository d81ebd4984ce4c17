import { orderedId, registerClient, type Client, type SecurityEvent } from '@sallyport/server'
import { seconds, systemRandom, type Seconds } from '@sallyport/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../src/workplace.ts'
import { createScratch, prepare, type Installation } from './cli.ts'

const now = seconds(Date.now() / 1000)
const random = systemRandom()
/** A code that is real, from somebody who could not be the client. */
const secretWrong = (more: Partial<SecurityEvent>): SecurityEvent =>
  failed(web, {
    event: 'client.auth.failed',
    reason: 'client_auth_failed',
    class: 'client_auth_failed',
    detail: { code_state: 'issued', authorization_network: '198.51.100.1' },
    ...more,
  })

const scratch = createScratch()
let place: Installation
let native: Client
let web: Client

let made = 0

const failed = (client: Client, more: Partial<SecurityEvent>): SecurityEvent => ({
  id: orderedId((now + ++made) as Seconds, random),
  event: 'token.pkce.failed',
  severity: 'high',
  ts: now,
  requestId: 'a-request',
  clientId: client.id,
  subject: undefined,
  authorizationId: undefined,
  network: '192.0.2.1',
  reason: 'pkce_required',
  class: 'suspected_interception',
  count: 1,
  detail: { authorization_network: '198.51.100.1', code_age: 4 },
  ...more,
})

beforeAll(async () => {
  place = await prepare(scratch.folder, 'https://id.example.com')
  const store = await openStore(place.store)
  const add = async (type: 'native' | 'web', redirectUri: string): Promise<Client> => {
    const facts = { development: false, now, random, secretLifetime: 86_400 }
    const { client } = registerClient({ type, name: type, redirectUris: [redirectUri], scope: 'openid' }, facts)
    await store.admin.createClient(client, [])
    return client
  }
  native = await add('native', 'com.example.app:/cb')
  web = await add('web', 'https://web.example.com/cb')
  const library = undefined
  const delta = { clientId: web.id, week: '2099-W01', usedAt: now, library, refusal: undefined, secrets: {} }
  await store.usage.add([{ ...delta, counts: {}, refused: { verifier_missing: 5 } }])
  await store.appendEvents([
    failed(native, { count: 7 }),
    failed(web, {}),
    failed(native, { class: 'expired', reason: 'code_expired', event: 'token.request.rejected' }),
    failed(native, { ts: (now - 8 * 86_400) as Seconds }),
    failed(native, { class: undefined, event: 'token.revoked' }),
    secretWrong({ count: 4 }),
    secretWrong({}),
  ])
  await store.close()
})
afterAll(() => {
  scratch.remove()
})

describe('sallyport incidents', () => {
  it('A-LOG-01 lists what is suspected, says why, and ends with 3', async () => {
    const { code, stdout } = await place.run(['incidents'])
    expect(code).toBe(3)
    expect(stdout).toContain(`suspected interception  ${native.id} (7 times)`)
    expect(stdout).toContain('no verifier was sent')
    expect(stdout).toContain('another network')
    expect(stdout).toContain('sallyport explain a-request')
    expect(stdout).toContain(`suspected interception  ${web.id} (4 times)`)
    expect(stdout).toContain('the code is real, and whoever sent it could not prove to be the client')
    expect(stdout).toContain('3 more are mistakes of clients or late codes')
  })

  it('A-LOG-01 judges by the history of the client, and shows the rest when asked', async () => {
    const { stdout } = await place.run(['incidents', '--all', '--json'])
    const { incidents } = JSON.parse(stdout) as { incidents: { client_id: string; verdict: string }[] }
    expect(incidents.map(({ client_id, verdict }) => [client_id, verdict])).toEqual([
      [native.id, 'suspected_interception'],
      [web.id, 'client_bug'],
      [native.id, 'expired'],
      // The same again and again, of a client that never redeemed a code.
      [web.id, 'suspected_interception'],
      [web.id, 'client_bug'],
    ])
    expect((await place.run(['incidents', '--client', web.id])).code).toBe(3)
    expect((await place.run(['incidents', '--client', 'client_of_nobody'])).code).toBe(0)
    expect((await place.run(['incidents', '--since', 'soon'])).code).toBe(2)
  })
})
