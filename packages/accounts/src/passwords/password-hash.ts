import type * as argon2Module from '@node-rs/argon2'
import { availableParallelism } from 'node:os'
import { createGate, type GateLimits } from './gate.ts'

/** Cost of argon2id: memory in KiB, passes, lanes. */
export type HashCost = { readonly memory: number; readonly passes: number; readonly lanes: number }

/** 19 MiB, two passes, one lane: about 20 ms a hash on the hardware of 2026. */
export const defaultCost: HashCost = { memory: 19 * 1024, passes: 2, lanes: 1 }

/** Hashes and checks passwords, a few at a time. */
export type PasswordHashes = {
  /** Throws `overload` when no further password can be taken on now. */
  admit(): void
  hash(password: string): Promise<string>
  /**
   * Whether the password is the one that was hashed. Without a hash, as for a person who does not exist, the same work
   * is done and the answer is false (BF-05). Throws `overload`.
   */
  verify(password: string, encoded: string | undefined): Promise<boolean>
  /** True when the hash was made with less effort than is usual now. */
  isOutdated(encoded: string): boolean
}

/** One written form for what different keyboards send for the same password (NFC). */
export const normalPassword = (password: string): string => password.normalize('NFC')

type Argon2 = typeof argon2Module

/** One core is left for everything that is not a password. */
const defaultLimits = (): GateLimits => ({ running: Math.max(1, Math.min(4, availableParallelism() - 1)), waiting: 64 })

/** Reads the cost out of the encoded form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
function costOf(encoded: string): HashCost | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,3})\$/.exec(encoded)
  if (match === null) return undefined
  return { memory: Number(match[1]), passes: Number(match[2]), lanes: Number(match[3]) }
}

/** The native module is loaded by the first password and never on the way to a token. */
export function createPasswordHashes(
  cost: HashCost = defaultCost,
  limits: GateLimits = defaultLimits(),
): PasswordHashes {
  const gate = createGate(limits)
  let loading: Promise<Argon2> | undefined
  const argon2 = (): Promise<Argon2> => (loading ??= import('@node-rs/argon2'))
  const options = { memoryCost: cost.memory, timeCost: cost.passes, parallelism: cost.lanes }
  const make = async (password: string): Promise<string> => (await argon2()).hash(normalPassword(password), options)

  // Nobody knows this password, and nobody could use it: the answer for the absent is false whatever comes out.
  let decoy: Promise<string> | undefined
  const decoyHash = (): Promise<string> => (decoy ??= make('nobody'))

  return {
    admit: () => gate.admit(),
    hash: (password) => gate.run(() => make(password)),
    verify: (password, encoded) =>
      gate.run(async () => {
        const { verify } = await argon2()
        const absent = await decoyHash()
        const matches = await verify(encoded ?? absent, normalPassword(password))
        return matches && encoded !== undefined
      }),
    isOutdated(encoded) {
      const was = costOf(encoded)
      return was === undefined || was.memory < cost.memory || was.passes < cost.passes || was.lanes < cost.lanes
    },
  }
}
