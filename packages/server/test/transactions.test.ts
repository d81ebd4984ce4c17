import { createTestIssuer } from '@sallyport/testing'
import { expect, it } from 'vitest'
import { openFile } from './stores.ts'

/** An issuer on a file, with a browser that is signed in and has consented, and a count of its write transactions. */
async function counted() {
  const file = await openFile()
  const issuer = await createTestIssuer({ store: file.store })
  const { browser } = await issuer.authorize({ remember: true, parameters: { scope: 'openid read' } })
  const client = await issuer.changeClient(issuer.clients.K, { sessionRefreshTokens: true })
  /** Write transactions that an action takes. */
  const transactionsOf = async (action: () => Promise<unknown>): Promise<number> => {
    const { transactions } = file.store.statistics()
    await action()
    return file.store.statistics().transactions - transactions
  }
  return {
    issuer,
    client,
    transactionsOf,
    discard: file.discard,
    plain: { browser, client, parameters: { scope: 'openid read' } },
  }
}

it('A-CODE-02 a code flow of a signed-in, consented browser takes two write transactions: the code, and its redemption', async () => {
  const { issuer, transactionsOf, plain, discard } = await counted()
  for (let round = 0; round < 5; round++) {
    const authorized = await issuer.authorize(plain)
    expect(authorized.visit.hops).toHaveLength(1)
    expect(await transactionsOf(() => issuer.redeem(authorized))).toBe(1)
    expect(await transactionsOf(() => issuer.codeFlow(plain))).toBe(2)
  }
  await discard()
})

it('A-RT-14 a refresh takes one write transaction, and a retry of it none but its event', async () => {
  const { issuer, transactionsOf, plain, discard } = await counted()
  const flow = await issuer.codeFlow(plain)
  expect(flow.refreshToken).not.toBe('')
  let tokens: Parameters<typeof issuer.refreshed>[0] = flow
  for (let round = 0; round < 5; round++)
    expect(await transactionsOf(async () => (tokens = await issuer.refreshed(tokens)))).toBe(1)
  expect(await transactionsOf(() => issuer.refreshed(tokens))).toBe(1)
  expect(await transactionsOf(() => issuer.refreshed(tokens))).toBe(1)
  await discard()
})

it('A-CC-01 client credentials, introspection, userinfo and documents write nothing', async () => {
  const { issuer, transactionsOf, plain, discard } = await counted()
  const { RS1, S } = issuer.clients
  const { accessToken } = await issuer.codeFlow(plain)
  const own = await issuer.codeFlow({ ...plain, parameters: { scope: 'openid', resource: undefined } })
  expect(await transactionsOf(() => issuer.clientCredentials(S, { scope: 'read' }))).toBe(0)
  expect(await transactionsOf(() => issuer.introspect(RS1, accessToken))).toBe(0)
  expect(await transactionsOf(() => issuer.userinfo(own.accessToken))).toBe(0)
  expect(await transactionsOf(() => issuer.get('/.well-known/openid-configuration'))).toBe(0)
  expect(await transactionsOf(() => issuer.get('/oauth2/jwks'))).toBe(0)
  await discard()
})

it('A-CODE-03, A-CODE-05 what a refused exchange writes: its event, and the consequence where there is one', async () => {
  const { issuer, transactionsOf, plain, discard } = await counted()
  const wrong = await issuer.authorize(plain)
  expect(await transactionsOf(() => issuer.redeem(wrong, {}, { as: issuer.clients.E }))).toBe(1)
  expect(await transactionsOf(() => issuer.redeem(wrong, { code_verifier: 'x'.repeat(43) }))).toBeLessThanOrEqual(2)
  const flow = await issuer.codeFlow(plain)
  expect(await transactionsOf(() => issuer.redeem(flow.authorized))).toBeLessThanOrEqual(2)
  await discard()
})

it('A-CODE-02 flows that wait together share their transactions', async () => {
  const { issuer, transactionsOf, plain, discard } = await counted()
  const flows = () => Promise.all(Array.from({ length: 32 }, () => issuer.codeFlow(plain)))
  expect(await transactionsOf(flows)).toBeLessThan(64)
  await discard()
})
