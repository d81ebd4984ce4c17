import { challengeOf } from '@sallyport/protocol'
import type { HttpResponse } from '../model/http.ts'
import { honestRequest, openEntries, responseOf } from './authorize-entries.ts'
import { credentials, type Credentials, type Proof } from './credentials.ts'
import type { ProofClient } from './proof-clients.ts'
import { freshPair, type Parameters, type ProvingGround } from './proving-ground.ts'

/** A code and all that is needed to redeem it. */
export type Issued = {
  readonly code: string
  readonly verifier: string
  readonly redirectUri: string
  readonly client: ProofClient
}

/** A code of the client, by an honest request. */
export async function issue(
  ground: ProvingGround,
  client: ProofClient,
  verifier?: string,
  more: Parameters = {},
): Promise<Issued> {
  const pair = verifier === undefined ? freshPair(ground.random) : { verifier, challenge: challengeOf(verifier) }
  const [entry] = openEntries(ground)
  const request = { ...honestRequest(client, pair.challenge, ground), ...more }
  const code = responseOf(await entry.send(ground, client, request)).get('code') ?? ''
  return { code, verifier: pair.verifier, redirectUri: request['redirect_uri'] ?? '', client }
}

/** Who redeems a code, and by what. */
export type Redeeming = { readonly as?: ProofClient; readonly proof?: Proof; readonly shown?: Credentials }

/** Redeems a code as its client would, with changes. */
export async function redeem(
  ground: ProvingGround,
  issued: Issued,
  changes: Parameters = {},
  { as = issued.client, proof, shown }: Redeeming = {},
): Promise<HttpResponse> {
  const { parameters, headers } = shown ?? (await credentials(ground, as, proof))
  // As most libraries still do, unless the policy has done away with it (A-CODE-07).
  const refused = ground.registry.policy.stages?.refuseRedirectUriAtToken === 'enforce'
  const right = { redirect_uri: refused ? undefined : issued.redirectUri, code_verifier: issued.verifier }
  const sent = { grant_type: 'authorization_code', code: issued.code, ...right }
  return ground.send('POST', '/oauth2/token', { ...parameters, ...sent, ...changes }, headers)
}

/** The members of a JSON answer. */
export const bodyOf = ({ body }: HttpResponse): Record<string, unknown> =>
  JSON.parse(Buffer.from(body).toString() || '{}') as Record<string, unknown>

/** An answer of the token endpoint in a few words. */
export function seenAt(answer: HttpResponse): string {
  const body = bodyOf(answer)
  if (body['access_token'] !== undefined) return `${answer.status} with tokens`
  return `${answer.status} ${typeof body['error'] === 'string' ? body['error'] : 'without an error'}`
}

/** Whether the access token of an answer still works. */
export const alive = async (ground: ProvingGround, answer: HttpResponse): Promise<string> => {
  const authorization = `Bearer ${String(bodyOf(answer)['access_token'])}`
  return (await ground.send('GET', '/oauth2/userinfo', '', { authorization })).status === 200 ? 'alive' : 'dead'
}

/** What comes of the refresh token of an answer. */
export const refreshed = async (ground: ProvingGround, client: ProofClient, answer: HttpResponse): Promise<string> => {
  const { parameters, headers } = await credentials(ground, client)
  const sent = { grant_type: 'refresh_token', refresh_token: String(bodyOf(answer)['refresh_token']) }
  return seenAt(await ground.send('POST', '/oauth2/token', { ...parameters, ...sent }, headers))
}
