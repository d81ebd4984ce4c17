import type { AttackOutcome } from '../attacks/attack.ts'
import type { Step } from '../step.ts'
import type { StepUpAttackId, WantedSignIn, WeakTokens } from './step-up-attacks.ts'

/** What the demo app knows, for one browser, about the treasure. */
export type StepUpState = {
  steps: readonly Step[]
  /** Tokens of the first sign-in, which was not enough. */
  weak: WeakTokens | undefined
  /** What the API asked for; `undefined` before it was asked, and again once it was given. */
  wanted: WantedSignIn | undefined
  /** `state` of the request for the better sign-in. */
  better: string | undefined
  opened: boolean
  /** Why it ended early. */
  stopped: string | undefined
  readonly outcomes: Map<StepUpAttackId, AttackOutcome>
}

export const newStepUpState = (): StepUpState => ({
  steps: [],
  weak: undefined,
  wanted: undefined,
  better: undefined,
  opened: false,
  stopped: undefined,
  outcomes: new Map(),
})
