import type { World } from '../client-requests.ts'
import type { Loot } from './story.ts'
import type { Step } from '../step.ts'

export const attackIds = [
  'no-challenge',
  'plain-challenge',
  'redirect-uri',
  'wrong-verifier',
  'replayed-code',
  'foreign-code',
  'missing-iss',
  'wrong-iss',
  'replayed-refresh-token',
  'foreign-audience',
  'id-token-as-access-token',
] as const
export type AttackId = (typeof attackIds)[number]

/** The words around an attack. */
export type AttackStory = {
  readonly title: string
  /** What the attacker does, in one or two sentences. */
  readonly attempt: string
  /** Why it leads nowhere. */
  readonly reason: string
  readonly clauses: readonly string[]
}

/** What an attack came to. */
export type AttackOutcome = {
  /** Judged by the answers themselves: true only when every one of them was as it has to be. */
  readonly refused: boolean
  readonly steps: readonly Step[]
}

/** An attack on the authorization request, or on what follows from a fresh code of the bench client. */
export type Attack = AttackStory &
  (
    | { readonly starts: 'at once'; perform(world: World): Promise<AttackOutcome> }
    | {
        readonly starts: 'with a code'
        readonly scope: string
        /** The API, or nothing for a token that is meant for the issuer itself. */
        readonly resource: 'api' | 'none'
        /** Changes the answer on its way to the app, as somebody in between would. */
        readonly tamper?: (answer: URLSearchParams) => URLSearchParams
        perform(world: World, back: Loot): Promise<AttackOutcome>
      }
  )
