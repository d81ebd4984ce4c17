import { createVerifier, replayInOneProcess, type BearerReason, type DpopOptions } from '@sallyport/resource'
import { expect } from 'vitest'
import { audience, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start } from './issuer.ts'
import { challengesOf, makeProver, prove, type ProofParts } from './prover.ts'

/** What proofs are made for: the API behind its proxy, which leads `/v1` to the root of the server. */
export const uri = 'https://api.test/v1/orders'
export const algs = 'ES256 PS256 EdDSA Ed25519'

export const key = await makeKey('k1')
export const prover = await makeProver()
/** Somebody with another key. */
export const stranger = await makeProver()
/** A token that is bound to the key of the prover, and one that is bound to none. */
export const bound = await sign(key, { claims: { cnf: { jkt: prover.jkt } } })
export const bearer = await sign(key)

/** What the API was told, to be emptied after each test. */
export const reasons: BearerReason[] = []
export const failures: unknown[] = []

export const dpopOptions = (more: Partial<DpopOptions> = {}): DpopOptions => ({
  urls: ['https://api.test/v1', 'https://orders.test'],
  replay: replayInOneProcess({ runsAlone: true }),
  onReplayFailed: (cause) => failures.push(cause),
  ...more,
})

export const verifierWith = (dpop: DpopOptions | undefined, now = () => start) =>
  createVerifier({
    issuer,
    audience,
    fetch: issuerDocuments(jwksAnswer([key])).fetcher,
    now,
    dpop,
    onRejected: (reason) => reasons.push(reason),
  })

export type Sent = { readonly token?: string; readonly scheme?: string; readonly proof?: string | undefined }

export const headersFor = ({ token = bound, scheme = 'DPoP', proof }: Sent): Record<string, string> => ({
  authorization: `${scheme} ${token}`,
  ...(proof === undefined ? {} : { dpop: proof }),
})

export const goodProof = (parts: Partial<ProofParts> = {}, by = prover): Promise<string> =>
  prove(by, { token: bound, uri, ...parts })

/** Asserts the answer to a refused request and gives the reason that the API was told. */
export async function expectRefusal(answer: Response, error: string): Promise<BearerReason | undefined> {
  expect(answer.status).toBe(401)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const [challenge, ...more] = challengesOf(answer)
  expect(more).toEqual([])
  expect(challenge).toMatchObject({ scheme: 'DPoP', parameters: { realm: audience, error, algs } })
  const body = (await answer.json()) as { error: string; error_description: string }
  expect(body).toEqual({ error, error_description: challenge?.parameters['error_description'] })
  return reasons.at(-1)
}
