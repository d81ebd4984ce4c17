import type { SecurityEvent } from './model/authorization.ts'

/** What a failed code exchange most probably was. */
export type Verdict = 'suspected_interception' | 'suspected_replay' | 'client_bug' | 'expired'

/** Least alarming first. */
const ranks: readonly Verdict[] = ['expired', 'client_bug', 'suspected_replay', 'suspected_interception']

/** Whether a verdict is more alarming than the one before. */
export const isWorse = (verdict: Verdict, before: Verdict | undefined): boolean =>
  before === undefined || ranks.indexOf(verdict) > ranks.indexOf(before)

/** What is known of the client beside the one event. */
export type ClientHistory = {
  /** Codes it redeemed lately. */
  readonly redeemed: number
  /** Exchanges it failed lately for the same reason. */
  readonly failedAlike: number
  /** Its users' browsers or devices redeem the codes themselves, so both legs come from one place. */
  readonly redeemsWhereItAuthorizes: boolean
  /** It proves who it is before its code is looked at. */
  readonly authenticates: boolean
}

export type Judgement = {
  readonly verdict: Verdict
  /** Why, one sentence each, for the person who reads the incident. */
  readonly because: readonly string[]
}

/** Seconds within which the same code from the same place is a form sent twice rather than a thief. */
const doubleSubmit = 10
/** So many failures alike, and not one success, are the mark of software that never worked. */
const neverWorked = 3

/** True for the event of a code exchange that failed (A-LOG-01). */
export const isFailedExchange = (event: SecurityEvent): boolean => event.class !== undefined

/** How far the token leg was from the authorize leg; `undefined` where nothing is known. */
type Distance = {
  readonly network: boolean | undefined
  readonly agent: boolean | undefined
  readonly age: number | undefined
}

function distanceOf({ network, detail }: SecurityEvent): Distance {
  const { authorization_network: authorized, same_agent: sameAgent, code_age: age } = detail
  return {
    network: typeof authorized === 'string' && network !== undefined ? authorized !== network : undefined,
    agent: typeof sameAgent === 'boolean' ? !sameAgent : undefined,
    age: typeof age === 'number' ? age : undefined,
  }
}

function distanceInWords({ network, agent, age }: Distance): readonly string[] {
  const words: string[] = []
  if (network !== undefined)
    words.push(network ? 'it came from another network than the code was given to' : 'both legs came from one network')
  if (agent !== undefined)
    words.push(agent ? 'it came from another browser' : 'both legs came from one kind of browser')
  if (age !== undefined) words.push(`the code was ${age} seconds old`)
  return words
}

const judged = (verdict: Verdict, ...because: readonly string[]): Judgement => ({ verdict, because })

/**
 * Judges a failed exchange from its cause, whether the code was redeemed, the distance between its two legs, and the
 * history of the client. In doubt it is an attack: a person looks at it either way.
 */
export function judge(event: SecurityEvent, history?: ClientHistory): Judgement {
  const distance = distanceOf(event)
  const words = distanceInWords(distance)
  if (event.class === 'expired') return judged('expired', 'the code or its authorization had ended', ...words)
  if (event.class === 'suspected_replay') return replay(distance, words)
  // Whoever holds no code has stolen none.
  if (event.class !== 'suspected_interception' && typeof event.detail['code_state'] !== 'string')
    return judged(
      'client_bug',
      'there was no code in it that this server knows, so nothing could be had by it',
      ...words,
    )
  return holdsCode(event, { distance, words, history })
}

function replay(distance: Distance, words: readonly string[]): Judgement {
  const proven = 'a redeemed code came again, with its verifier; the tokens issued from it were revoked'
  const near = distance.network === false && distance.agent !== true && (distance.age ?? Infinity) <= doubleSubmit
  return near
    ? judged('client_bug', proven, 'so soon and so near it looks like a request sent twice', ...words)
    : judged('suspected_replay', proven, ...words)
}

type Circumstances = {
  readonly distance: Distance
  readonly words: readonly string[]
  readonly history: ClientHistory | undefined
}

const causes: Readonly<Record<string, string>> = {
  pkce_required: 'no verifier was sent for a code that has a challenge',
  mismatch: 'the verifier does not belong to the code',
  no_proof: 'a redeemed code came again, without its verifier',
  code_of_another_client: 'a client presented the code of another one',
  verifier_syntax: 'what was sent in the place of the verifier cannot be one',
  verifier_without_challenge: 'a verifier was sent for a code without a challenge',
  code_unknown: 'the code had been destroyed by a wrong verifier before',
  redirect_uri: 'the redirect URI is not the one the code was made for',
  code_redirect_uri_missing: 'the redirect URI was not repeated',
}

const unchallenged =
  'a device code came again after its tokens were given out; it never had a challenge that would tell who asks'

const classCauses: Readonly<Record<string, string>> = {
  client_auth_failed: 'the code is real, and whoever sent it could not prove to be the client',
}

/** Somebody holds a code and has no right to it, or has the right and makes a mistake. */
function holdsCode(event: SecurityEvent, { distance, words, history }: Circumstances): Judgement {
  const { reason = '', class: of = '', detail } = event
  const cause = causes[reason] ?? classCauses[of] ?? 'possession of the code was not proven'
  const attack = (...more: readonly string[]): Judgement => judged('suspected_interception', cause, ...more, ...words)
  // Without a challenge nobody can tell a device that lost its answer from somebody else; where it asks from says most.
  if (reason === 'no_proof' && detail['challenged'] === false)
    return distance.network === false
      ? judged('client_bug', unchallenged, 'it looks like a device that asks again after an answer got lost', ...words)
      : judged('suspected_interception', unchallenged, ...words)
  // A foreign client or a spent code is nothing that a mistake in the client explains.
  if (reason === 'code_of_another_client' || reason === 'no_proof') return attack()
  if (detail['code_state'] === 'redeemed') return attack('the code had been redeemed before')
  if (history === undefined) return attack()
  if (history.redeemed === 0 && history.failedAlike >= neverWorked)
    return judged(
      'client_bug',
      cause,
      'this client never redeemed a code with success, and failed like this before',
      ...words,
    )
  // A thief who cannot be the client never gets so far; one who slips the code to the client leaves the form of its request whole.
  if (of === 'malformed' && history.authenticates && detail['code_state'] === 'issued')
    return judged('client_bug', cause, 'the client proved who it is, and made the request itself', ...words)
  const near = distance.network === false && distance.agent === false
  if (history.redeemsWhereItAuthorizes && near)
    return judged('client_bug', cause, 'whoever sent it sits where the code was given to', ...words)
  return attack()
}
