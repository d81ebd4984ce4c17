import { numericDate } from '@sallyport/protocol'
import { assertionOf, withAssertion, type Proof } from './credentials.ts'
import type { ProofClient } from './proof-clients.ts'
import type { ProvingGround } from './proving-ground.ts'
import { issue, redeem, seenAt } from './redemption.ts'
import { invalidClient, tokens, type SteppedCase, type Steps } from './steps.ts'

/** A redemption by somebody who cannot prove to be the client, and then by the client itself. */
const unproven =
  (proof: (ground: ProvingGround) => Proof): Steps =>
  async (ground, client) => {
    const issued = await issue(ground, client)
    return [
      [invalidClient, seenAt(await redeem(ground, issued, {}, { proof: proof(ground) }))],
      [tokens, seenAt(await redeem(ground, issued))],
    ]
  }

const secretCases: readonly SteppedCase[] = [
  {
    requirement: 'A-PKCE-17',
    title: 'a wrong secret with the right verifier, then the right secret',
    steps: unproven(({ random }) => ({ secret: random.handle() })),
  },
]

const keyCases: readonly SteppedCase[] = [
  {
    requirement: 'A-PKCE-17',
    title: 'an assertion signed with another key, then the right one',
    steps: unproven(({ stranger }) => ({ key: stranger.key })),
  },
  {
    requirement: 'B-CA-03',
    title: 'an assertion for the token endpoint instead of the issuer, then the right one',
    steps: unproven(({ issuer }) => ({ claims: { aud: `${issuer}/oauth2/token` } })),
  },
  {
    requirement: 'B-CA-04',
    title: 'an assertion that is over, then the right one',
    steps: unproven((ground) => ({ claims: { exp: numericDate(ground.now()) } })),
  },
  {
    requirement: 'B-CA-05',
    title: 'one assertion for two codes',
    steps: async (ground, client) => {
      const [first, second] = [await issue(ground, client), await issue(ground, client)]
      const shown = withAssertion(await assertionOf(ground, client))
      return [
        [tokens, seenAt(await redeem(ground, first, {}, { shown }))],
        [invalidClient, seenAt(await redeem(ground, second, {}, { shown }))],
      ]
    },
  },
  {
    requirement: 'B-CA-08',
    title: 'the name of the client alone, then the right assertion',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const shown = { parameters: { client_id: client.record.id }, headers: {} }
      return [
        [invalidClient, seenAt(await redeem(ground, issued, {}, { shown }))],
        [tokens, seenAt(await redeem(ground, issued))],
      ]
    },
  },
]

/** Whoever cannot prove to be the client gets nothing and spoils nothing (A-PKCE-17). */
export const authenticationCases = ({ secret, key }: ProofClient): readonly SteppedCase[] => [
  ...(secret === undefined ? [] : secretCases),
  ...(key === undefined ? [] : keyCases),
]
