import type { AttackOutcome, AttackStory } from '../attacks/attack.ts'
import { refreshTokens, type Answered, type World } from '../client-requests.ts'
import { answerHeader, exchange, textMember } from '../exchange.ts'

export const stepUpAttackIds = ['old-token', 'refreshed-token'] as const
export type StepUpAttackId = (typeof stepUpAttackIds)[number]

/** Tokens of a sign-in that was not enough. */
export type WeakTokens = { readonly accessToken: string; readonly refreshToken: string }

/** The sign-in that an API asks for. */
export type WantedSignIn = { readonly acr: string; readonly maxAge: string }

export type StepUpAttack = AttackStory & { perform(world: World, weak: WeakTokens): Promise<AttackOutcome> }

/** Asks the API to open the treasure. */
export const openTreasure = ({ demo }: World, token: string): Promise<Answered> =>
  exchange({
    method: 'POST',
    url: `${demo.addresses.api}/treasure`,
    headers: { Accept: 'application/json', Authorization: `Bearer ${token}` },
  })

/** The challenge of an API that wants a better sign-in (RFC 9470 section 3). */
export function challengeOf({ answer }: Answered): WantedSignIn | undefined {
  const challenge = answerHeader(answer, 'www-authenticate') ?? ''
  const value = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? ''
  if (answer.status !== 401 || value('error') !== 'insufficient_user_authentication') return undefined
  return { acr: value('acr_values'), maxAge: value('max_age') }
}

async function oldToken(world: World, { accessToken }: WeakTokens): Promise<AttackOutcome> {
  const asked = await openTreasure(world, accessToken)
  return {
    refused: challengeOf(asked) !== undefined,
    steps: [
      {
        title: 'The attacker comes with the token of the first sign-in',
        from: 'attacker',
        to: 'api',
        note: 'You may be signed in with two factors by now. The token does not know, and the API asks nothing but the token.',
        exchange: asked,
      },
    ],
  }
}

async function refreshedToken(world: World, weak: WeakTokens): Promise<AttackOutcome> {
  const refreshed = await refreshTokens(world, world.demo.clients.treasury, weak.refreshToken)
  const token = textMember(refreshed.answer, 'access_token')
  const asked = token === undefined ? undefined : await openTreasure(world, token)
  return {
    // A refresh token that was used already is refused by itself.
    refused: asked === undefined ? refreshed.answer.status === 400 : challengeOf(asked) !== undefined,
    steps: [
      {
        title: 'The attacker trades the refresh token of the first sign-in',
        from: 'attacker',
        to: 'sallyport',
        note: 'A fresh access token, from the sign-in that the refresh token came from. It works once: then the family is over.',
        exchange: refreshed,
      },
      ...(asked === undefined
        ? []
        : [
            {
              title: 'And asks for the treasure with it',
              from: 'attacker',
              to: 'api',
              note: 'acr, amr and auth_time are those of the first sign-in. A refresh raises none of them.',
              exchange: asked,
            } as const,
          ]),
    ],
  }
}

/** What people can try against an operation that wants a better sign-in. */
export const stepUpAttacks: Readonly<Record<StepUpAttackId, StepUpAttack>> = {
  'old-token': {
    title: 'Use the weaker token',
    attempt: 'Somebody has the token of the first sign-in, and waits until you have signed in better.',
    reason: 'A token tells how its own sign-in went, and stays as weak as it was.',
    clauses: ['RFC 9470 §3, §9'],
    perform: oldToken,
  },
  'refreshed-token': {
    title: 'Refresh it until it is strong',
    attempt:
      'The refresh token of the first sign-in is traded for a new access token, after you have signed in better.',
    reason: 'A refresh gives what was granted, with the sign-in that it was granted at.',
    clauses: ['RFC 9470 §6.1', 'RFC 9068 §2.2.1'],
    perform: refreshedToken,
  },
}

export const isStepUpAttackId = (text: string | null): text is StepUpAttackId =>
  (stepUpAttackIds as readonly (string | null)[]).includes(text)
