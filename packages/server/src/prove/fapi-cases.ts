import { honestRequest, pushAsItIs, seenAt as seenAtDoor } from './authorize-entries.ts'
import { credentials } from './credentials.ts'
import type { ProofClient } from './proof-clients.ts'
import { freshPair, type ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { bodyOf, issue, redeem, refreshed, seenAt } from './redemption.ts'
import { inObject } from './request-objects.ts'
import { invalidGrant, invalidRequest, runSteps, tokens, type SteppedCase } from './steps.ts'

const unboundCase: SteppedCase = {
  requirement: 'B-FAPI-02',
  title: 'no proof of possession, then one',
  steps: async (ground, client) => {
    const issued = await issue(ground, client)
    const { parameters, headers } = await credentials(ground, client)
    const shown = { parameters, headers: { ...headers, dpop: undefined } }
    return [
      [invalidRequest, seenAt(await redeem(ground, issued, {}, { shown }))],
      [tokens, seenAt(await redeem(ground, issued))],
    ]
  },
}

const lateCase: SteppedCase = {
  requirement: 'B-FAPI-06',
  title: 'a code of 61 seconds',
  steps: async (ground, client) => {
    const issued = await issue(ground, client)
    ground.advance(61)
    return [[invalidGrant, seenAt(await redeem(ground, issued))]]
  },
}

const keptCase: SteppedCase = {
  requirement: 'B-FAPI-05',
  title: 'a refresh token, twice',
  steps: async (ground, client) => {
    const answer = await redeem(ground, await issue(ground, client))
    // Whoever may not refresh has none.
    if (bodyOf(answer)['refresh_token'] === undefined) return [[tokens, seenAt(answer)]]
    return [
      [tokens, await refreshed(ground, client, answer)],
      [tokens, await refreshed(ground, client, answer)],
    ]
  },
}

const plainResponseCase: SteppedCase = {
  requirement: 'B-JARM-04',
  title: 'a signed request for a response that is not',
  steps: async (ground, client) => {
    const request = { ...honestRequest(client, freshPair(ground.random).challenge, ground), response_mode: undefined }
    return [[invalidRequest, seenAtDoor(await pushAsItIs(ground, client, inObject(ground, client, request)))]]
  },
}

const undatedCase: SteppedCase = {
  requirement: 'B-MS-02',
  title: 'signed requests without end, and without beginning',
  steps: async (ground, client) => {
    const request = honestRequest(client, freshPair(ground.random).challenge, ground)
    const pushed = async (claims: Readonly<Record<string, unknown>>): Promise<string> =>
      seenAtDoor(await pushAsItIs(ground, client, inObject(ground, client, request, { claims })))
    return [
      ['400 invalid_request_object', await pushed({ exp: undefined })],
      ['400 invalid_request_object', await pushed({ nbf: undefined })],
    ]
  },
}

const securityProfile: readonly SteppedCase[] = [unboundCase, lateCase, keptCase]

/** What holds beyond OAuth 2.1 where everybody is held to FAPI 2.0: nothing where nobody is. */
export async function fapiCases(ground: ProvingGround, client: ProofClient): Promise<readonly ProofCase[]> {
  const { profile = 'oauth21' } = ground.registry.policy
  if (profile === 'oauth21') return []
  const done = await runSteps({ ground, entry: 'token', client }, securityProfile, ground.clients.length)
  if (profile === 'fapi2') return done
  const messages = [plainResponseCase, undatedCase]
  return [...done, ...(await runSteps({ ground, entry: 'pushed', client }, messages, ground.clients.length))]
}
