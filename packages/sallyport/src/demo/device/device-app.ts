import { page, plain, seeOther, type AppResponse } from '../app-responses.ts'
import type { BrowserState } from '../browser-states.ts'
import { sceneOf, type DemoApp } from '../demo-app.ts'
import { deviceAttackPage, devicePage } from '../pages/device-page.ts'
import { deviceAttacks, isDeviceAttackId } from './device-attacks.ts'
import { beginRun, waitForPerson } from './device-run.ts'

const home = '/device'

export function showDevice(app: DemoApp, state: BrowserState): AppResponse {
  const scene = sceneOf(app, state)
  return page(devicePage(scene, state.device), app.demo.addresses.issuer, { nonce: scene.nonce })
}

export function showDeviceAttack(app: DemoApp, state: BrowserState, id: string): AppResponse {
  const outcome = isDeviceAttackId(id) ? state.device.outcomes.get(id) : undefined
  if (!isDeviceAttackId(id) || outcome === undefined) return seeOther(`${home}#attacks`)
  const scene = sceneOf(app, state)
  return page(deviceAttackPage(scene, id, outcome), app.demo.addresses.issuer, { nonce: scene.nonce })
}

/** Turns the television on; one that still waits is turned off. */
export async function startDevice(app: DemoApp, { device }: BrowserState): Promise<AppResponse> {
  device.turnOff?.abort()
  const begun = await beginRun(app)
  const off = new AbortController()
  device.run = begun.run
  device.turnOff = off
  if (begun.run.status === 'waiting') void waitForPerson(app, begun, off.signal)
  return seeOther(home)
}

/** How far it is, for the script of the page. */
export const deviceStatus = ({ device }: BrowserState): AppResponse => plain(200, device.run?.status ?? 'off')

/** Carries out one attack on devices that wait. */
export async function attackDevice(
  app: DemoApp,
  { device }: BrowserState,
  wanted: string | null,
): Promise<AppResponse> {
  if (!isDeviceAttackId(wanted)) return plain(400, 'There is no such attack.')
  device.outcomes.set(wanted, await deviceAttacks[wanted].perform(app))
  return seeOther(`${home}/attacks/${wanted}`)
}
