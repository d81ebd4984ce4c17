import { challengeOf } from '@sallyport/protocol'
import { issue, redeem, seenAt } from './redemption.ts'
import { destroys } from './spoiled.ts'
import { invalidGrant, invalidRequest, tokens, type SteppedCase, type Steps } from './steps.ts'

const verifierOf = (length: number): string => 'v'.repeat(length)

/** What a verifier has to be, and what becomes of a code whose verifier is not that (A-PKCE-05 to -08). */
export const verifierCases: readonly SteppedCase[] = [
  ...[43, 128].map((length) => ({
    requirement: 'A-PKCE-05',
    title: `control: a verifier of ${length} characters`,
    steps: (async (ground, client) => {
      const verifier = ground.random.handle().padEnd(length, 'v')
      return [[tokens, seenAt(await redeem(ground, await issue(ground, client, verifier)))]]
    }) satisfies Steps,
  })),
  {
    requirement: 'A-PKCE-06',
    title: 'a wrong verifier',
    steps: destroys((_, { random }) => ({ code_verifier: random.handle() })),
  },
  {
    requirement: 'A-PKCE-06',
    title: 'the challenge in the place of the verifier',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const challenge = challengeOf(issued.verifier)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, { code_verifier: challenge }))],
        [invalidGrant, seenAt(await redeem(ground, issued))],
      ]
    },
  },
  { requirement: 'A-PKCE-07', title: 'no verifier', steps: destroys(() => ({ code_verifier: undefined })) },
  { requirement: 'A-PKCE-07', title: 'an empty verifier', steps: destroys(() => ({ code_verifier: '' })) },
  ...[
    ['42 characters', verifierOf(42)],
    ['129 characters', verifierOf(129)],
    ['a space', `${verifierOf(43)} `],
    ['a plus sign', `${verifierOf(43)}+`],
    ['an equals sign', `${verifierOf(43)}=`],
    ['a letter outside ASCII', `${verifierOf(43)}é`],
    ['a NUL', `${verifierOf(43)}\u0000`],
  ].map(([title = '', verifier]) => ({
    requirement: 'A-PKCE-05',
    title: `a verifier with ${title}`,
    steps: destroys(() => ({ code_verifier: verifier }), invalidRequest),
  })),
  {
    requirement: 'A-PKCE-08',
    title: 'a code without a challenge, without a verifier and with one',
    steps: async (ground, client) => {
      ground.forgetNextChallenge()
      const issued = await issue(ground, client)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, { code_verifier: undefined }))],
        [invalidRequest, seenAt(await redeem(ground, issued))],
      ]
    },
  },
]
