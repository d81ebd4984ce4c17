import type { Answered } from '../client-requests.ts'
import { answerHeader, answerJson, textMember } from '../exchange.ts'
import { arrivalStep, type Return } from '../flow-run.ts'
import type { Party, Step } from '../step.ts'

/** What came back to the app, with a code in it. */
export type Loot = Return & { readonly code: string }

/** Steps that are written down as they happen. */
export type Story = {
  readonly steps: readonly Step[]
  /** Waits for an answer, and keeps it as the next step. */
  hear(
    title: string,
    route: readonly [from: Party, to: Party],
    note: string,
    asked: Promise<Answered>,
  ): Promise<Answered>
  /** Adds to the step that was heard last. */
  annotate(more: Pick<Step, 'tokens'>): void
}

/** Begins with the code as it was caught; the honest checks of the app are left aside here. */
export function storyOf(back: Return): Story {
  const steps: Step[] = [
    {
      ...arrivalStep(back),
      title: 'A fresh code arrives',
      note: 'Fetched just now through your browser: you are signed in, and this client belongs to the operator, so nobody was asked. Assume the attacker reads this address.',
      checks: undefined,
    },
  ]
  return {
    steps,
    hear: async (title, [from, to], note, asked) => {
      const exchange = await asked
      steps.push({ title, from, to, note, exchange })
      return exchange
    },
    annotate: (more) => {
      const last = steps.pop()
      if (last !== undefined) steps.push({ ...last, ...more })
    },
  }
}

export const succeeded = ({ answer }: Answered): boolean => answer.status === 200

export const deniedWith = (exchange: Answered, error: string): boolean =>
  exchange.answer.status === 400 && textMember(exchange.answer, 'error') === error

export const isActive = (exchange: Answered): boolean =>
  succeeded(exchange) && answerJson(exchange.answer)['active'] === true

/** Exactly the answer that says nothing (RFC 7662 section 2.2). */
export const isInactive = (exchange: Answered): boolean =>
  succeeded(exchange) && exchange.answer.body === '{"active":false}'

/** The API’s refusal of a token (RFC 6750 section 3.1). */
export const isChallenged = ({ answer }: Answered): boolean =>
  answer.status === 401 && (answerHeader(answer, 'www-authenticate') ?? '').includes('error="invalid_token"')

/** A token of a token answer; empty when it is not there. */
export const tokenOf = (exchange: Answered, name: 'access_token' | 'refresh_token' | 'id_token'): string =>
  textMember(exchange.answer, name) ?? ''
