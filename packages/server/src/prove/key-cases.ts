import type { HttpResponse } from '../model/http.ts'
import { credentials } from './credentials.ts'
import type { ProofClient } from './proof-clients.ts'
import { newSenderKey, proven, type SenderKey } from './proofs.ts'
import type { Parameters, ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { alive, bodyOf, issue, redeem, seenAt, type Issued } from './redemption.ts'
import { invalidGrant, invalidRequest, runSteps, tokens, type Outcome, type SteppedCase } from './steps.ts'

const invalidProof = '400 invalid_dpop_proof'
const about = { method: 'POST', path: '/oauth2/token' } as const
const userinfo = { method: 'GET', path: '/oauth2/userinfo' } as const

/** A token request of the client with a proof, as it is sent. */
const withProof = async (
  ground: ProvingGround,
  client: ProofClient,
  dpop: string | undefined,
  sent: Parameters,
): Promise<HttpResponse> => {
  const { parameters, headers } = await credentials(ground, client)
  return ground.send('POST', '/oauth2/token', { ...parameters, ...sent }, { ...headers, dpop })
}

async function redeemBy(ground: ProvingGround, issued: Issued, key: SenderKey) {
  return proven(ground, key, about, (dpop) => redeemWith(ground, issued, dpop))
}

async function redeemWith(ground: ProvingGround, issued: Issued, dpop: string | undefined): Promise<HttpResponse> {
  const { parameters, headers } = await credentials(ground, issued.client)
  return redeem(ground, issued, {}, { shown: { parameters, headers: { ...headers, dpop } } })
}

/** Refreshes, with a proof of the key where there is one. */
async function refreshBy(
  ground: ProvingGround,
  client: ProofClient,
  answer: HttpResponse,
  key: SenderKey | undefined,
): Promise<HttpResponse> {
  const sent = { grant_type: 'refresh_token', refresh_token: String(bodyOf(answer)['refresh_token']) }
  if (key === undefined) return withProof(ground, client, undefined, sent)
  return (await proven(ground, key, about, (dpop) => withProof(ground, client, dpop, sent))).answer
}

/** Whether the holder of a key can use the access token of an answer. */
async function aliveFor(ground: ProvingGround, answer: HttpResponse, key: SenderKey): Promise<string> {
  const accessToken = String(bodyOf(answer)['access_token'])
  const authorization = `DPoP ${accessToken}`
  const call = (dpop: string) => ground.send('GET', userinfo.path, '', { authorization, dpop })
  return (await proven(ground, key, { ...userinfo, accessToken }, call)).answer.status === 200 ? 'alive' : 'dead'
}

/** A client that proves nothing of itself is held to its key, any other to its authentication (RFC 9449 section 5). */
async function refreshing(
  ground: ProvingGround,
  client: ProofClient,
  answer: HttpResponse,
  [key, other]: readonly [SenderKey, SenderKey],
): Promise<readonly Outcome[]> {
  const { grantTypes, authenticationMethod } = client.record
  if (!grantTypes.includes('refresh_token')) return []
  if (authenticationMethod !== 'none') return [[tokens, seenAt(await refreshBy(ground, client, answer, other))]]
  return [
    [invalidRequest, seenAt(await refreshBy(ground, client, answer, undefined))],
    [invalidGrant, seenAt(await refreshBy(ground, client, answer, other))],
    [tokens, seenAt(await refreshBy(ground, client, answer, key))],
  ]
}

/** Codes and tokens that are bound to a key (RFC 9449). */
const cases: readonly SteppedCase[] = [
  {
    requirement: 'A-CODE-08',
    title: 'a bound code without a proof, by another key, and by its own',
    steps: async (ground, client) => {
      const key = newSenderKey()
      const issued = await issue(ground, client, undefined, { dpop_jkt: key.thumbprint })
      return [
        [invalidRequest, seenAt(await redeemWith(ground, issued, undefined))],
        [invalidGrant, seenAt((await redeemBy(ground, issued, newSenderKey())).answer)],
        [tokens, seenAt((await redeemBy(ground, issued, key)).answer)],
      ]
    },
  },
  {
    requirement: 'B-DPOP-13',
    title: 'a proof that was used before',
    steps: async (ground, client) => {
      const [first, second] = [await issue(ground, client), await issue(ground, client)]
      const key = newSenderKey()
      const { answer, dpop } = await redeemBy(ground, first, key)
      return [
        [tokens, seenAt(answer)],
        [invalidProof, seenAt(await redeemWith(ground, second, dpop))],
        [tokens, seenAt((await redeemBy(ground, second, key)).answer)],
      ]
    },
  },
  {
    requirement: 'B-DPOP-30',
    title: 'a bound token as a bearer token, with another key, and with its own',
    steps: async (ground, client) => {
      const key = newSenderKey()
      const { answer } = await redeemBy(ground, await issue(ground, client), key)
      return [
        ['dead', await alive(ground, answer)],
        ['dead', await aliveFor(ground, answer, newSenderKey())],
        ['alive', await aliveFor(ground, answer, key)],
      ]
    },
  },
]

const refreshCases: readonly SteppedCase[] = [
  {
    requirement: 'A-RT-06',
    title: 'refresh tokens without the key they are bound to',
    steps: async (ground, client) => {
      const keys = [newSenderKey(), newSenderKey()] as const
      const { answer } = await redeemBy(ground, await issue(ground, client), keys[0])
      return [[tokens, seenAt(answer)], ...(await refreshing(ground, client, answer, keys))]
    },
  },
]

/** Every case with a key at the token endpoint, of one client. Where the policy takes no proofs, there is nothing to prove. */
export async function keyCases(ground: ProvingGround, client: ProofClient): Promise<readonly ProofCase[]> {
  if (ground.registry.policy.dpop === false) return []
  const place = { ground, entry: 'token', client }
  const all = ground.clients.length
  // Only clients without a secret are held to the key, so a short proof asks in the name of each of these.
  const bound = client.record.authenticationMethod === 'none'
  return [...(await runSteps(place, cases, all)), ...(await runSteps(place, refreshCases, bound ? 1 : all))]
}
