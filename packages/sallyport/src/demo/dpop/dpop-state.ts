import type { AttackOutcome } from '../attacks/attack.ts'
import type { DpopAttackId } from './dpop-attacks.ts'
import type { DpopRun } from './dpop-run.ts'

/** What the demo app knows, for one browser, as a client with a key. */
export type DpopState = {
  run: DpopRun | undefined
  readonly outcomes: Map<DpopAttackId, AttackOutcome>
}

export const newDpopState = (): DpopState => ({ run: undefined, outcomes: new Map() })
