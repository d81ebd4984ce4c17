import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'

/** The server has one core to itself and the load generator the other, where the machine allows it. */
export const serverCore = 0
export const loadCore = 1

const canPin = cpus().length >= 2 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

export const pinning = canPin
  ? `server on core ${serverCore}, load generator on core ${loadCore}`
  : 'not pinned (one core, or no taskset): ratios are rough'

/** The command that runs `command` on one core; taskset becomes the command, so the process id stays the same. */
export const pinnedTo = (core: number, command: readonly string[]): string[] =>
  canPin ? ['taskset', '-c', String(core), ...command] : [...command]
