import type { ProofClient } from './proof-clients.ts'
import type { ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'

/** What a step has to come to, and what it came to. */
export type Outcome = readonly [expected: string, seen: string]

/** Steps of a case, each with what has to come of it; the case holds when all do. */
export type Steps = (ground: ProvingGround, client: ProofClient) => Promise<readonly Outcome[]>

/** A case of one requirement, made of steps. */
export type SteppedCase = { readonly requirement: string; readonly title: string; readonly steps: Steps }

export const tokens = '200 with tokens'
export const invalidClient = '401 invalid_client'
export const invalidGrant = '400 invalid_grant'
export const invalidRequest = '400 invalid_request'

type Place = { readonly ground: ProvingGround; readonly entry: string; readonly client: ProofClient }

/** Runs cases one after the other at one door in the name of one client; a short proof runs each for one client among so many. */
export async function runSteps(
  { ground, entry, client }: Place,
  cases: readonly SteppedCase[],
  among = 1,
): Promise<readonly ProofCase[]> {
  const done: ProofCase[] = []
  for (const [number, { requirement, title, steps }] of cases.entries()) {
    if (!ground.takes(number, client, among)) continue
    const outcomes = await steps(ground, client)
    const expected = outcomes.map(([wanted]) => wanted).join(', then ')
    const seen = outcomes.map(([, found]) => found).join(', then ')
    done.push({ requirement, entry, client: client.kind, title, expected, seen, holds: expected === seen })
    await ground.pause()
  }
  return done
}
