import type { AttackOutcome } from '../attacks/attack.ts'
import type { Step } from '../step.ts'
import type { DeviceAttackId } from './device-attacks.ts'

/** What the television shows while it waits. */
export type ShownCodes = {
  readonly userCode: string
  readonly address: string
  readonly complete: string
  /** The address with the code, as a QR code in SVG. */
  readonly qr: string
}

/** One time that the television was turned on. */
export type DeviceRun = {
  readonly codes: ShownCodes | undefined
  readonly steps: Step[]
  status: 'waiting' | 'in' | 'ended'
  /** In one sentence, why it ended without tokens. */
  stopped: string | undefined
}

/** What the demo app knows, for one browser, as a device. */
export type DeviceState = {
  run: DeviceRun | undefined
  /** Ends the questions of the run before. */
  turnOff: AbortController | undefined
  readonly outcomes: Map<DeviceAttackId, AttackOutcome>
}

export const newDeviceState = (): DeviceState => ({ run: undefined, turnOff: undefined, outcomes: new Map() })
