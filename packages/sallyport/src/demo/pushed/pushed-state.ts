import type { AttackOutcome } from '../attacks/attack.ts'
import type { FlowRun } from '../flow-run.ts'
import type { Step } from '../step.ts'
import type { PushedAttackId } from './pushed-attacks.ts'

/** What the demo app knows, for one browser, as a client that pushes its requests. */
export type PushedState = {
  /** What was said until the browser was sent away. */
  before: readonly Step[]
  run: FlowRun | undefined
  readonly outcomes: Map<PushedAttackId, AttackOutcome>
}

export const newPushedState = (): PushedState => ({ before: [], run: undefined, outcomes: new Map() })
