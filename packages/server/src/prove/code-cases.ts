import type { ProofClient } from './proof-clients.ts'
import { alive, issue, redeem, refreshed, seenAt } from './redemption.ts'
import { spoiled } from './spoiled.ts'
import { invalidGrant, tokens, type SteppedCase } from './steps.ts'

const lasts = ({ record }: ProofClient): boolean => record.grantTypes.includes('refresh_token')

/** The life of a code: for one client, one address, one session, one time (section 6 of the requirements). */
export const codeCases: readonly SteppedCase[] = [
  {
    requirement: 'A-CODE-10',
    title: 'a code injected into another flow',
    steps: async (ground, client) => {
      const [mine, stolen] = [await issue(ground, client), await issue(ground, client)]
      return [
        [invalidGrant, seenAt(await redeem(ground, stolen, { code_verifier: mine.verifier }))],
        [tokens, seenAt(await redeem(ground, mine))],
      ]
    },
  },
  {
    requirement: 'A-CODE-06',
    title: 'another client, then the right one',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, {}, { as: ground.stranger }))],
        [tokens, seenAt(await redeem(ground, issued))],
      ]
    },
  },
  {
    requirement: 'A-CODE-07',
    title: 'another redirect URI, then the right one',
    steps: spoiled(({ redirectUri }) => ({ redirect_uri: `${redirectUri}/` }), invalidGrant, tokens),
  },
  {
    requirement: 'A-CODE-03',
    title: 'a replay with the verifier ends every token of the code',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const first = await redeem(ground, issued)
      return [
        [tokens, seenAt(first)],
        ['alive', await alive(ground, first)],
        [invalidGrant, seenAt(await redeem(ground, issued))],
        ['dead', await alive(ground, first)],
        ...(lasts(client) ? ([[invalidGrant, await refreshed(ground, client, first)]] as const) : []),
      ]
    },
  },
  {
    requirement: 'A-CODE-04',
    title: 'a replay without the verifier ends nothing',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const first = await redeem(ground, issued)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, { code_verifier: ground.random.handle() }))],
        ['alive', await alive(ground, first)],
        ...(lasts(client) ? ([[tokens, await refreshed(ground, client, first)]] as const) : []),
      ]
    },
  },
  {
    requirement: 'A-CODE-02',
    title: 'eight redemptions at once',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(ground, issued)))
      const won = answers.filter((answer) => seenAt(answer) === tokens).length
      return [['1 of 8 with tokens', `${won} of 8 with tokens`]]
    },
  },
  {
    requirement: 'A-CODE-01',
    title: 'an expired code',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      ground.advance(301)
      const seen = seenAt(await redeem(ground, issued))
      // A session may be shorter than that.
      await ground.signOut()
      await ground.signIn()
      return [[invalidGrant, seen]]
    },
  },
  {
    requirement: 'A-CODE-09',
    title: 'a code of a session that has ended',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      await ground.signOut()
      const seen = seenAt(await redeem(ground, issued))
      await ground.signIn()
      return [[invalidGrant, seen]]
    },
  },
]
