import { isFailedExchange, judge, type ClientHistory, type SecurityEvent, type Verdict } from '@sallyport/server'
import { seconds } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { newIssuer } from './fixtures.ts'

const failed = (more: Partial<SecurityEvent>): SecurityEvent => ({
  id: 'an-event',
  event: 'token.pkce.failed',
  severity: 'high',
  ts: seconds(1_800_000_000),
  requestId: 'request',
  clientId: 'client',
  subject: 'user',
  authorizationId: 'authorization',
  network: '192.0.2.1',
  reason: 'mismatch',
  class: 'suspected_interception',
  count: 1,
  detail: { authorization_network: '192.0.2.1', same_agent: true, code_age: 3 },
  ...more,
})

const history = (more: Partial<ClientHistory> = {}): ClientHistory => ({
  redeemed: 100,
  failedAlike: 1,
  redeemsWhereItAuthorizes: true,
  authenticates: false,
  ...more,
})

const confidential = history({ redeemsWhereItAuthorizes: false, authenticates: true })
const far = { authorization_network: '198.51.100.1', same_agent: false, code_age: 3 }

describe('the verdict on a failed exchange', () => {
  const cases: readonly [string, Partial<SecurityEvent>, ClientHistory | undefined, Verdict][] = [
    ['a wrong verifier from elsewhere', { detail: far }, history(), 'suspected_interception'],
    ['a wrong verifier from the same browser', {}, history(), 'client_bug'],
    [
      'the same of a client whose server redeems',
      {},
      history({ redeemsWhereItAuthorizes: false }),
      'suspected_interception',
    ],
    ['a wrong verifier of an unknown client', {}, undefined, 'suspected_interception'],
    ['a client that never worked', { detail: far }, history({ redeemed: 0, failedAlike: 3 }), 'client_bug'],
    ['its first failures', { detail: far }, history({ redeemed: 0, failedAlike: 2 }), 'suspected_interception'],
    [
      'a foreign client, however near',
      { event: 'token.code.client_mismatch', reason: 'code_of_another_client' },
      history({ redeemed: 0, failedAlike: 9 }),
      'suspected_interception',
    ],
    [
      'a spent code without verifier',
      { event: 'token.code.replayed', reason: 'no_proof' },
      history(),
      'suspected_interception',
    ],
    [
      'a device that asks again, of a code without a challenge',
      {
        event: 'token.code.replayed',
        reason: 'no_proof',
        detail: { authorization_network: '192.0.2.1', challenged: false, code_age: 60 },
      },
      history(),
      'client_bug',
    ],
    [
      'the same from elsewhere',
      { event: 'token.code.replayed', reason: 'no_proof', detail: { ...far, challenged: false } },
      history(),
      'suspected_interception',
    ],
    [
      'a replay from elsewhere',
      { event: 'token.code.replayed', class: 'suspected_replay', detail: far },
      history(),
      'suspected_replay',
    ],
    ['a request sent twice', { event: 'token.code.replayed', class: 'suspected_replay' }, history(), 'client_bug'],
    [
      'the same after a minute',
      { class: 'suspected_replay', detail: { authorization_network: '192.0.2.1', code_age: 60 } },
      history(),
      'suspected_replay',
    ],
    ['a late code', { class: 'expired' }, history(), 'expired'],
    ['a malformed request', { class: 'malformed', detail: far }, history(), 'client_bug'],
    ['another redirect URI from where the code was given to', { class: 'redirect_mismatch' }, history(), 'client_bug'],
    [
      'a stolen code with another redirect URI',
      { class: 'redirect_mismatch', reason: 'redirect_uri', detail: { ...far, code_state: 'issued' } },
      history(),
      'suspected_interception',
    ],
    [
      'the same of a client that proved who it is, since somebody may have slipped the code to it',
      { class: 'redirect_mismatch', reason: 'redirect_uri', detail: { ...far, code_state: 'issued' } },
      confidential,
      'suspected_interception',
    ],
    [
      'another redirect URI of a client that never worked',
      { class: 'redirect_mismatch', reason: 'redirect_uri', detail: { ...far, code_state: 'issued' } },
      { ...confidential, redeemed: 0, failedAlike: 3 },
      'client_bug',
    ],
    [
      'another redirect URI for a code that was redeemed',
      { class: 'redirect_mismatch', reason: 'redirect_uri', detail: { code_state: 'redeemed' } },
      history({ redeemed: 0, failedAlike: 9 }),
      'suspected_interception',
    ],
    [
      'a stolen code with a guessed secret',
      { class: 'client_auth_failed', reason: 'client_auth_failed', detail: { ...far, code_state: 'issued' } },
      confidential,
      'suspected_interception',
    ],
    [
      'a wrong secret without a code that is known',
      { class: 'client_auth_failed', reason: 'client_auth_failed', detail: {} },
      confidential,
      'client_bug',
    ],
    [
      'a malformed verifier with the code of another browser',
      { class: 'malformed', reason: 'verifier_syntax', detail: { ...far, code_state: 'issued' } },
      history(),
      'suspected_interception',
    ],
    [
      'a malformed verifier of a client that proved who it is',
      { class: 'malformed', reason: 'verifier_syntax', detail: { ...far, code_state: 'issued' } },
      confidential,
      'client_bug',
    ],
    [
      'a code that a wrong verifier destroyed',
      { class: 'malformed', reason: 'code_unknown', detail: { ...far, code_state: 'destroyed' } },
      confidential,
      'suspected_interception',
    ],
  ]
  it.each(cases)('A-LOG-01 %s', (_name, event, of, verdict) => {
    const judgement = judge(failed(event), of)
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.because.length).toBeGreaterThan(0)
  })

  it('A-LOG-01 knows the kind of browser of both legs where the browser redeems', async () => {
    const issuer = await newIssuer()
    const { P, K } = issuer.clients
    const browser = issuer.browser({ userAgent: 'Browser/1' })
    const wrong = { code_verifier: 'x'.repeat(43) }
    const origin = { origin: 'https://app.test' }
    for (const agent of ['Browser/1', 'Thief/2'])
      await issuer.redeem(await issuer.authorize({ client: P, browser }), wrong, {
        headers: { ...origin, 'user-agent': agent },
      })
    await issuer.redeem(await issuer.authorize({ client: K, browser }), wrong)
    const events = issuer.records.events.filter(isFailedExchange)
    expect(events.map(({ detail }) => detail['same_agent'])).toEqual([true, false, undefined])
    expect(JSON.stringify(events)).not.toContain('Browser/1')
  })
})
