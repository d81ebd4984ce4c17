import type { Store } from '@sallyport/server/model'

/** One operation of a history: what was asked, and how it came out. No answer means that nobody knows. */
export type Attempt =
  | {
      readonly op: 'issue'
      readonly authorization: string
      readonly code: string
      readonly at: number
      readonly end?: number
      readonly answer?: boolean
    }
  | {
      readonly op: 'redeem'
      readonly kind: 'authorization_code' | 'refresh_token'
      readonly authorization: string
      readonly from: string
      readonly to: string
      readonly at: number
      readonly end?: number
      readonly answer?: boolean
    }
  | {
      readonly op: 'revoke'
      readonly authorization: string
      readonly at: number
      readonly end?: number
      readonly answer?: boolean
    }

type Redeem = Extract<Attempt, { op: 'redeem' }>

/** What the store says at the end about everything that the history names. */
export type Probe = {
  /** State of each code; absent when the store does not know it. */
  readonly codes: ReadonlyMap<string, string>
  readonly tokens: ReadonlyMap<
    string,
    { readonly state: string; readonly successor: string | undefined; readonly ended: boolean }
  >
}

/** Asks the store about every handle of the history. */
export async function probe(store: Store, history: readonly Attempt[]): Promise<Probe> {
  const codes = new Map<string, string>()
  const tokens = new Map<string, { state: string; successor: string | undefined; ended: boolean }>()
  for (const attempt of history) {
    if (attempt.op === 'issue') {
      const view = await store.findAuthorizationCode(attempt.code)
      if (view !== undefined) codes.set(attempt.code, view.state)
    }
    if (attempt.op === 'redeem') {
      const view = await store.findRefreshToken(attempt.to)
      if (view === undefined) continue
      tokens.set(attempt.to, { state: view.state, successor: view.successor?.digest, ended: view.ended !== undefined })
    }
  }
  return { codes, tokens }
}

/** Everything in a history that must not be, in words; empty for a sound one. */
export function anomalies(history: readonly Attempt[], seen: Probe): readonly string[] {
  return [
    ...doubleSuccess(history),
    ...lostWrites(history, seen),
    ...halfWrites(history, seen),
    ...liveMembers(history, seen),
    ...worksAfterRevocation(history, seen),
  ]
}

const redeems = (history: readonly Attempt[]): readonly Redeem[] => history.filter((attempt) => attempt.op === 'redeem')

function groups<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>()
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item])
  return found
}

function doubleSuccess(history: readonly Attempt[]): readonly string[] {
  const found: string[] = []
  for (const [from, attempts] of groups(redeems(history), (attempt) => attempt.from)) {
    const wins = attempts.filter(({ answer }) => answer === true).length
    const unknown = attempts.some(({ answer }) => answer === undefined)
    const revoked = history.some((other) => other.op === 'revoke' && other.authorization === attempts[0]?.authorization)
    if (wins > 1) found.push(`${from} was redeemed ${wins} times`)
    if (wins === 0 && !unknown && !revoked) found.push(`${from} was refused to everybody`)
  }
  return found
}

function lostWrites(history: readonly Attempt[], { codes, tokens }: Probe): readonly string[] {
  const found: string[] = []
  for (const attempt of history) {
    if (attempt.answer !== true) continue
    if (attempt.op === 'issue' && !codes.has(attempt.code)) found.push(`code ${attempt.code} was answered and is gone`)
    if (attempt.op === 'redeem' && !tokens.has(attempt.to)) found.push(`token ${attempt.to} was answered and is gone`)
  }
  return found
}

/** A spent handle has exactly one child, an unspent one none, and who was refused wrote nothing. */
function halfWrites(history: readonly Attempt[], { codes, tokens }: Probe): readonly string[] {
  const found: string[] = []
  for (const [from, attempts] of groups(redeems(history), (attempt) => attempt.from)) {
    const state = attempts[0]?.kind === 'authorization_code' ? codes.get(from) : tokens.get(from)?.state
    const spent = state === 'redeemed' || state === 'rotated'
    const children = attempts.filter(({ to }) => tokens.has(to))
    if (children.length !== (spent ? 1 : 0))
      found.push(`${from} is ${state ?? 'unknown'} and has ${children.length} children`)
    for (const { answer, to } of children) if (answer === false) found.push(`${to} was refused and is there`)
    const successor = tokens.get(from)?.successor
    if (successor !== undefined && successor !== children[0]?.to)
      found.push(`${from} names a successor that is not its child`)
  }
  return found
}

function liveMembers(history: readonly Attempt[], { tokens }: Probe): readonly string[] {
  const found: string[] = []
  for (const [authorization, attempts] of groups(redeems(history), (attempt) => attempt.authorization)) {
    const members = attempts.map(({ to }) => tokens.get(to)).filter((token) => token !== undefined)
    const live = members.filter(({ state, ended }) => state === 'current' && !ended).length
    if (live > 1) found.push(`${authorization} has ${live} live members`)
  }
  return found
}

function worksAfterRevocation(history: readonly Attempt[], { tokens }: Probe): readonly string[] {
  const found: string[] = []
  for (const revoke of history) {
    if (revoke.op !== 'revoke' || revoke.answer !== true || revoke.end === undefined) continue
    for (const attempt of redeems(history)) {
      if (attempt.authorization !== revoke.authorization) continue
      if (attempt.answer === true && attempt.at > revoke.end)
        found.push(`${attempt.from} worked after ${revoke.authorization} was revoked`)
      if (tokens.get(attempt.to)?.ended === false)
        found.push(`${attempt.to} lives on after ${revoke.authorization} was revoked`)
    }
  }
  return found
}
