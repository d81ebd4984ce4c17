import { ExternalKeyFault } from '@sallyport/server'
import { tokenFlags } from './constants.ts'
import { readLength, readUlong, ulongBytes } from './memory.ts'
import type { Module } from './module.ts'

/** A token in its slot, and whether it wants a PIN. */
export type Token = { readonly slot: bigint; readonly wantsLogin: boolean }

const mostSlots = 256
const labelBytes = 32
const flagsAt = 96
const infoBytes = 512

async function slotsWithToken(module: Module): Promise<readonly bigint[]> {
  const room = ulongBytes(mostSlots)
  // Asked for the number first: that is when modules look for tokens that came and went.
  await module.call('the slots cannot be listed', 'C_GetSlotList', 1, null, ulongBytes())
  const slots = Buffer.alloc(mostSlots * 8)
  await module.call('the slots cannot be listed', 'C_GetSlotList', 1, slots, room)
  return Array.from({ length: readLength(room, 0, mostSlots) ?? 0 }, (_, index) => readUlong(slots, index))
}

type Seen = { readonly slot: bigint; readonly label: string; readonly flags: number }

async function look(module: Module, slot: bigint): Promise<Seen | undefined> {
  const info = Buffer.alloc(infoBytes)
  // A token may leave between two questions.
  if ((await module.raw('C_GetTokenInfo', slot, info)) !== 0) return undefined
  const label = info.toString('utf8', 0, labelBytes).replace(/[ \0]+$/, '')
  return { slot, label, flags: Number(readUlong(info.subarray(flagsAt)) & 0xffff_ffffn) }
}

const remedyForPin = 'let the security officer reset the PIN, then set the right one in externalKeys.pin'

/**
 * The one token of this label. Refuses a token on its last try of a PIN: a wrong one here would lock it for everybody.
 */
export async function findToken(module: Module, label: string): Promise<Token> {
  const seen: Seen[] = []
  for (const slot of await slotsWithToken(module)) {
    const token = await look(module, slot)
    if (token !== undefined && (token.flags & tokenFlags.initialized) !== 0) seen.push(token)
  }
  const [found, other] = seen.filter((token) => token.label === label)
  if (found === undefined) {
    const others = seen.map((token) => token.label.slice(0, labelBytes)).join(', ')
    throw new ExternalKeyFault(
      `there is no token with the label ${label}${others === '' ? '' : `, only ${others}`}`,
      'put the token in, or correct externalKeys.token',
    )
  }
  if (other !== undefined)
    throw new ExternalKeyFault(`two tokens have the label ${label}`, 'give one of them another label')
  if ((found.flags & tokenFlags.locked) !== 0)
    throw new ExternalKeyFault(`the PIN of the token ${label} is locked`, remedyForPin)
  if ((found.flags & tokenFlags.finalTry) !== 0)
    throw new ExternalKeyFault(`the token ${label} takes one more PIN and then locks itself`, remedyForPin)
  return { slot: found.slot, wantsLogin: (found.flags & tokenFlags.loginRequired) !== 0 }
}
