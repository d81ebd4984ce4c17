import { attackIds, type Attack, type AttackId } from './attack.ts'
import { authorizationRequestAttacks } from './authorization-request.ts'
import { misusedTokenAttacks } from './misused-token.ts'
import { mixedUpIssuerAttacks } from './mixed-up-issuer.ts'
import { stolenCodeAttacks } from './stolen-code.ts'

/** Every attack, by id, in the order they are shown. */
export const attacks: Readonly<Record<AttackId, Attack>> = {
  ...authorizationRequestAttacks,
  ...stolenCodeAttacks,
  ...mixedUpIssuerAttacks,
  ...misusedTokenAttacks,
}

export const isAttackId = (text: unknown): text is AttackId => attackIds.includes(text as AttackId)
