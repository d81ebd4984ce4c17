import { StoreUnavailable, type Alert } from '@sallyport/server'
import type { TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newIssuer } from './fixtures.ts'

const wrong = { code_verifier: 'x'.repeat(43) }

const alertsOf = (issuer: TestIssuer): readonly Alert[] => issuer.records.alerts

/** Lets alerts that are on their way through the store arrive. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

describe('alerts', () => {
  it('A-LOG-03 repeats of one client within ten minutes are one alert, and its count follows', async () => {
    const issuer = await newIssuer()
    const { K, E } = issuer.clients
    for (let time = 0; time < 30; time++) await issuer.redeem(await issuer.authorize({ client: K }), wrong)
    await issuer.redeem(await issuer.authorize({ client: E }), wrong)
    await settled()
    expect(alertsOf(issuer)).toMatchObject([
      { clientId: K.id, kind: 'code_interception', count: 1, verdict: 'suspected_interception', final: false },
      { clientId: E.id },
    ])
    issuer.clock.advance(601)
    await issuer.server.maintain()
    await issuer.server.maintain()
    const last = alertsOf(issuer).filter(({ clientId }) => clientId === K.id)
    expect(last).toHaveLength(2)
    expect(last[1]).toMatchObject({ id: last[0]?.id, count: 30, final: true })
    await issuer.redeem(await issuer.authorize({ client: K }), wrong)
    await settled()
    expect(alertsOf(issuer).at(-1)?.id).not.toBe(last[0]?.id)
  })

  it('A-LOG-03 a foreign client, a replay, a reused refresh token and a repeated challenge each alert', async () => {
    const issuer = await newIssuer()
    const { K, E } = issuer.clients
    const stolen = await issuer.authorize({ client: K })
    await issuer.redeem(stolen, {}, { as: E })
    await issuer.redeem(stolen)
    await issuer.redeem(stolen)
    const tokens = await issuer.codeFlow({ client: K })
    await issuer.refresh(await issuer.refreshed(tokens))
    issuer.clock.advance(60)
    await issuer.refresh(tokens)
    const { challenge } = tokens.authorized
    await issuer.authorize({ client: K, parameters: { code_challenge: challenge } })
    await settled()
    expect(alertsOf(issuer).map(({ kind, clientId }) => [kind, clientId])).toEqual([
      ['code_interception', E.id],
      ['code_replay', K.id],
      ['refresh_reuse', K.id],
      ['challenge_repeated', K.id],
    ])
  })

  it('A-LOG-03 an alert that looked like a mistake is raised again when what follows is an attack', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const sent = await issuer.authorize({ client: K })
    // The same request twice, from the place where the code was given to: a form that was sent twice.
    const near = { remoteAddress: '192.0.2.10' }
    await issuer.redeem(sent, {}, near)
    await issuer.redeem(sent, {}, near)
    issuer.clock.advance(30)
    await issuer.redeem(sent, {}, { remoteAddress: '203.0.113.9' })
    await issuer.redeem(sent, {}, { remoteAddress: '203.0.113.9' })
    await settled()
    const raised = alertsOf(issuer).map(({ id, verdict, count, final }) => ({ id, verdict, count, final }))
    const id = raised[0]?.id
    expect(raised).toEqual([
      { id, verdict: 'client_bug', count: 1, final: false },
      { id, verdict: 'suspected_replay', count: 2, final: false },
    ])
    issuer.clock.advance(700)
    await issuer.server.maintain()
    expect(alertsOf(issuer).at(-1)).toMatchObject({ id, verdict: 'suspected_replay', count: 3, final: true })
  })

  it('A-LOG-03 two nodes raise one alert, and it is raised all the same while the store takes no mark', async () => {
    const issuer = await newIssuer()
    const node = await issuer.startNode()
    for (const on of [undefined, node, node]) await issuer.redeem(await issuer.authorize(), wrong, { node: on })
    await settled()
    expect(alertsOf(issuer)).toHaveLength(1)
    issuer.clock.advance(1200)
    issuer.store.failNext('rememberOnce', new StoreUnavailable('full'))
    await issuer.redeem(await issuer.authorize(), wrong)
    await settled()
    expect(alertsOf(issuer)).toHaveLength(2)
  })

  it('A-LOG-03 what is merely malformed or late alerts nobody', async () => {
    const issuer = await newIssuer()
    await issuer.redeem(await issuer.authorize(), { code_verifier: 'short' })
    const late = await issuer.authorize()
    issuer.clock.advance(301)
    await issuer.redeem(late)
    await settled()
    expect(alertsOf(issuer)).toEqual([])
  })
})
