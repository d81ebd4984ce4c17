import type { AttackId, AttackOutcome } from './attacks/attack.ts'
import { attacks } from './attacks/catalogue.ts'
import { newAttempt, type AuthorizationAttempt } from './authorization-request.ts'
import type { World } from './client-requests.ts'
import { arrivalStep, type Return } from './flow-run.ts'

/** The attempt of an attack that needs a code; `undefined` for one that is over without the browser. */
export function attemptFor(world: World, id: AttackId): AuthorizationAttempt | undefined {
  const attack = attacks[id]
  if (attack.starts === 'at once') return undefined
  const { addresses, clients, username } = world.demo
  return newAttempt(world.random, {
    client: clients.bench,
    issuer: addresses.issuer,
    scope: attack.scope,
    resource: attack.resource === 'api' ? addresses.api : undefined,
    loginHint: username,
  })
}

/** Carries out an attack that starts at once. */
export async function performAtOnce(world: World, id: AttackId): Promise<AttackOutcome> {
  const attack = attacks[id]
  if (attack.starts !== 'at once') throw new TypeError(`${id} needs a code`)
  return attack.perform(world)
}

/** Carries out an attack with the code that came back; without one there was nothing to attack. */
export async function performWithCode(world: World, id: AttackId, back: Return): Promise<AttackOutcome> {
  const attack = attacks[id]
  const { code } = back.response
  if (attack.starts === 'with a code' && code !== undefined) return attack.perform(world, { ...back, code })
  return { refused: false, steps: [arrivalStep(back)] }
}
