import type { World } from '../client-requests.ts'
import { decodeJwt } from '../decode-jwt.ts'
import { textMember } from '../exchange.ts'
import { isSuccess, type Step } from '../step.ts'
import { askForToken, ordersAddress, showToken, tokenAddress } from './dpop-requests.ts'
import { makeProof, newProofKey, type ProofKey } from './proof.ts'

/** One time that the token was fetched and used, as it is shown. */
export type DpopRun = {
  readonly steps: readonly Step[]
  /** In one sentence, why it ended early; `undefined` when everything went through. */
  readonly stopped: string | undefined
}

/** A token that is bound to a key, and how it was got. */
export type BoundToken = {
  readonly key: ProofKey
  /** Empty when there is none. */
  readonly token: string
  readonly steps: readonly Step[]
}

/** Makes a key and fetches a token that is bound to it. */
export async function fetchBoundToken(world: World): Promise<BoundToken> {
  const key = newProofKey()
  const proof = await makeProof(world, key, { method: 'POST', url: tokenAddress(world) })
  const asked = await askForToken(world, proof)
  const token = textMember(asked.answer, 'access_token') ?? ''
  const access = token === '' ? [] : [{ kind: 'access', jwt: decodeJwt(token) } as const]
  const steps: readonly Step[] = [
    {
      title: 'The night watch makes a pair of keys',
      short: 'Keys',
      from: 'app',
      to: 'app',
      note: `A program that looks through the orders by night. The private key stays inside it, where possible in hardware. The fingerprint of the public one is ${key.thumbprint}.`,
    },
    {
      title: 'It asks for a token, with a proof',
      short: 'Token',
      from: 'app',
      to: 'sallyport',
      note: 'The proof is signed for this very request. Sallyport writes the fingerprint of its key into the token (cnf), and calls the token DPoP and no longer Bearer.',
      exchange: asked,
      tokens: [{ kind: 'proof', jwt: decodeJwt(proof) }, ...access],
    },
  ]
  return { key, token, steps }
}

/** The way it is meant: a token that is bound, and an API that asks for the key. */
export async function runBound(world: World): Promise<DpopRun> {
  const { key, token, steps } = await fetchBoundToken(world)
  if (token === '') return { steps, stopped: 'Sallyport gave no token. Try again in a minute.' }
  const proof = await makeProof(world, key, { method: 'GET', url: ordersAddress(world), token })
  const exchange = await showToken(world, token, { scheme: 'DPoP', proof })
  const call: Step = {
    title: 'It calls the API, with a new proof',
    short: 'API call',
    from: 'app',
    to: 'api',
    note: 'A new proof for every request. It names the method, the address and the token, counts for a minute, and works once.',
    exchange,
    tokens: [{ kind: 'proof', jwt: decodeJwt(proof) }],
  }
  const stopped = isSuccess(exchange.answer) ? undefined : 'The API did not accept the token.'
  return { steps: [...steps, call], stopped }
}
