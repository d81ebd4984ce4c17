import { isJwsAlgorithm, refuse, type JwsAlgorithm, type OAuthError } from '@sallyport/protocol'

/** A document of client metadata as it came, checked as JSON and nothing more. */
export type MetadataDocument = Readonly<Record<string, unknown>>

/** The refusal of a member; what exactly is wrong with it is for the operator. */
export const badMember = (member: string, problem: string): OAuthError =>
  refuse('registration_metadata', { detail: `${member} ${problem}` })

const longestText = 2048

export function textOf(document: MetadataDocument, member: string): string | undefined {
  const value = document[member]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '' || value.length > longestText)
    throw badMember(member, 'is no short text')
  return value
}

export function textsOf(document: MetadataDocument, member: string, most = 20): readonly string[] | undefined {
  const value = document[member]
  if (value === undefined) return undefined
  const texts = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (!Array.isArray(value) || texts.length > most) throw badMember(member, `is no list of at most ${most} texts`)
  return texts.map((text) => {
    if (typeof text !== 'string' || text === '' || text.length > longestText)
      throw badMember(member, 'has an entry that is no short text')
    return text
  })
}

export function flagOf(document: MetadataDocument, member: string): boolean | undefined {
  const value = document[member]
  if (value !== undefined && typeof value !== 'boolean') throw badMember(member, 'is not true or false')
  return value
}

/** Seconds from zero to a year. */
export function secondsOf(document: MetadataDocument, member: string): number | undefined {
  const value = document[member]
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 31_536_000)
    throw badMember(member, 'is no number of seconds')
  return value
}

export function algorithmOf(document: MetadataDocument, member: string): JwsAlgorithm | undefined {
  const alg = textOf(document, member)
  if (alg !== undefined && !isJwsAlgorithm(alg)) throw badMember(member, 'is no algorithm of this server')
  return alg
}

/** The text of a member, if it is one of the values that this server knows. */
export function knownOf<T extends string>(
  document: MetadataDocument,
  member: string,
  isKnown: (text: string) => text is T,
): T | undefined {
  const text = textOf(document, member)
  if (text === undefined || isKnown(text)) return text
  throw badMember(member, 'is no algorithm of this server')
}
