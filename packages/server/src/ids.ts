import type { Random, Seconds } from '@sallyport/protocol'

// In ASCII order, unlike base64url: ids made later sort later, so that indexes grow at their end.
const sorted = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

// Counted from here, the first character is no dash: a command line would take such an id for an option.
const epoch = 64 ** 7

/** A time-ordered id of 24 characters: eight for the millisecond, sixteen random (96 bits). Never begins with a dash. */
export function orderedId(now: Seconds, random: Random): string {
  let rest = Math.floor(now * 1000) + epoch
  let prefix = ''
  for (let index = 0; index < 8; index++) {
    prefix = (sorted[rest % 64] ?? '') + prefix
    rest = Math.floor(rest / 64)
  }
  return prefix + random.id(12)
}

/** A random id that people type into a command line: it does not begin with a dash. */
export function typedId(random: Random, bytes: number): string {
  const id = random.id(bytes)
  return id.startsWith('-') ? `A${id.slice(1)}` : id
}

/** Ids of clients and people come from disjoint name spaces (A-TOK-16). */
export const clientId = (random: Random): string => `client_${random.id(16)}`
export const subjectId = (random: Random): string => `user_${random.id(16)}`

/** True for text that can only be the id of a client; no person may have it. */
export const looksLikeClientId = (text: string): boolean => text.startsWith('client_')

const clientIdSyntax = /^client_[\w-]{22}$/

/** True for text of the shape that ids of registered clients have. */
export const isClientId = (text: string): boolean => clientIdSyntax.test(text)

/**
 * The id of a client as it may be written into events and counters. Text of any other shape may be a secret that was sent
 * in the wrong field, and gives `undefined` (A-LOG-02).
 */
export const clientIdForRecords = (text: string | undefined): string | undefined =>
  text !== undefined && clientIdSyntax.test(text) ? text : undefined
