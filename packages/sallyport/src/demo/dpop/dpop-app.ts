import { page, plain, seeOther, type AppResponse } from '../app-responses.ts'
import type { BrowserState } from '../browser-states.ts'
import { sceneOf, type DemoApp } from '../demo-app.ts'
import { dpopAttackPage, dpopPage } from '../pages/dpop-page.ts'
import { dpopAttacks, isDpopAttackId } from './dpop-attacks.ts'
import { runBound } from './dpop-run.ts'

const home = '/dpop'

export function showDpop(app: DemoApp, state: BrowserState): AppResponse {
  const scene = sceneOf(app, state)
  return page(dpopPage(scene, state.dpop), app.demo.addresses.issuer, { nonce: scene.nonce })
}

export function showDpopAttack(app: DemoApp, state: BrowserState, id: string): AppResponse {
  const outcome = isDpopAttackId(id) ? state.dpop.outcomes.get(id) : undefined
  if (!isDpopAttackId(id) || outcome === undefined) return seeOther(`${home}#attacks`)
  const scene = sceneOf(app, state)
  return page(dpopAttackPage(scene, id, outcome), app.demo.addresses.issuer, { nonce: scene.nonce })
}

/** Fetches a token that is bound to a key, and uses it. */
export async function startDpop(app: DemoApp, { dpop }: BrowserState): Promise<AppResponse> {
  dpop.run = await runBound(app)
  return seeOther(home)
}

/** Carries out one attack on a bound token. */
export async function attackDpop(app: DemoApp, { dpop }: BrowserState, wanted: string | null): Promise<AppResponse> {
  if (!isDpopAttackId(wanted)) return plain(400, 'There is no such attack.')
  dpop.outcomes.set(wanted, await dpopAttacks[wanted].perform(app))
  return seeOther(`${home}/attacks/${wanted}`)
}
