import type { AttackOutcome, AttackStory } from '../attacks/attack.ts'
import { deniedWith, isChallenged, succeeded } from '../attacks/story.ts'
import type { Answered, World } from '../client-requests.ts'
import { decodeJwt } from '../decode-jwt.ts'
import { answerHeader } from '../exchange.ts'
import type { Party, Step } from '../step.ts'
import { askForToken, ordersAddress, showToken } from './dpop-requests.ts'
import { fetchBoundToken, type BoundToken } from './dpop-run.ts'
import { makeProof, newProofKey, rewriteAddress, type ProofKey } from './proof.ts'

export const dpopAttackIds = [
  'token-without-key',
  'proof-by-another-key',
  'replayed-proof',
  'changed-address',
  'token-without-binding',
] as const
export type DpopAttackId = (typeof dpopAttackIds)[number]

export type DpopAttack = AttackStory & { perform(world: World): Promise<AttackOutcome> }

/** What somebody says to the API, and the proof that goes along. */
type Said = { readonly title: string; readonly note: string; readonly from: Party }

async function shown(
  world: World,
  { token }: BoundToken,
  proof: string | undefined,
  said: Said,
): Promise<{ readonly step: Step; readonly answered: Answered }> {
  const answered = await showToken(world, token, { scheme: 'DPoP', proof })
  const tokens = proof === undefined ? [] : [{ kind: 'proof', jwt: decodeJwt(proof) } as const]
  return { answered, step: { ...said, to: 'api', exchange: answered, tokens } }
}

const proofForApi = (world: World, key: ProofKey, { token }: BoundToken): Promise<string> =>
  makeProof(world, key, { method: 'GET', url: ordersAddress(world), token })

/** The API’s refusal of a proof (RFC 9449 section 7.1). */
const isProofRefused = ({ answer }: Answered): boolean =>
  answer.status === 401 && (answerHeader(answer, 'www-authenticate') ?? '').includes('error="invalid_dpop_proof"')

async function withoutKey(world: World): Promise<AttackOutcome> {
  const bound = await fetchBoundToken(world)
  const asBearer = await showToken(world, bound.token, { scheme: 'Bearer', proof: undefined })
  const bare = await shown(world, bound, undefined, {
    title: 'Then says DPoP, and has no proof',
    from: 'attacker',
    note: 'The right word, and nothing to show for it.',
  })
  return {
    refused: bound.token !== '' && isChallenged(asBearer) && isProofRefused(bare.answered),
    steps: [
      ...bound.steps,
      {
        title: 'The attacker uses the token as a bearer token',
        from: 'attacker',
        to: 'api',
        note: 'Assume it was in a log. Tokens that are bound are never taken this way, whatever else comes along.',
        exchange: asBearer,
      },
      bare.step,
    ],
  }
}

async function byAnotherKey(world: World): Promise<AttackOutcome> {
  const bound = await fetchBoundToken(world)
  const theirs = await shown(world, bound, await proofForApi(world, newProofKey(), bound), {
    title: 'The attacker makes a key and a proof',
    from: 'attacker',
    note: 'A good proof, for this request and this token. The fingerprint of its key is not the one in the token.',
  })
  return { refused: bound.token !== '' && isChallenged(theirs.answered), steps: [...bound.steps, theirs.step] }
}

async function replayed(world: World): Promise<AttackOutcome> {
  const bound = await fetchBoundToken(world)
  const proof = await proofForApi(world, bound.key, bound)
  const first = await shown(world, bound, proof, {
    title: 'The night watch calls the API',
    from: 'app',
    note: 'Assume the attacker reads this request whole: the token and the proof.',
  })
  const second = await shown(world, bound, proof, {
    title: 'The attacker sends the same again',
    from: 'attacker',
    note: 'Not a byte is changed, and only a moment has passed.',
  })
  return {
    refused: succeeded(first.answered) && isProofRefused(second.answered),
    steps: [...bound.steps, first.step, second.step],
  }
}

async function changedAddress(world: World): Promise<AttackOutcome> {
  const bound = await fetchBoundToken(world)
  const url = `${world.demo.addresses.app}/collector`
  const proof = await makeProof(world, bound.key, { method: 'GET', url, token: bound.token })
  const passedOn = await shown(world, bound, proof, {
    title: 'The collector passes token and proof on',
    from: 'attacker',
    note: `The night watch was talked into calling ${url}, which now has both. The proof says where it was meant to go (htu).`,
  })
  const rewritten = await shown(world, bound, rewriteAddress(proof, ordersAddress(world)), {
    title: 'Then writes the right address into it',
    from: 'attacker',
    note: 'What is signed cannot be changed by somebody without the key.',
  })
  return {
    refused: bound.token !== '' && isProofRefused(passedOn.answered) && isProofRefused(rewritten.answered),
    steps: [...bound.steps, passedOn.step, rewritten.step],
  }
}

async function withoutBinding(world: World): Promise<AttackOutcome> {
  const asked = await askForToken(world, undefined)
  return {
    refused: deniedWith(asked, 'invalid_request'),
    steps: [
      {
        title: 'Somebody with the client’s secret asks without a proof',
        from: 'attacker',
        to: 'sallyport',
        note: 'A token that is bound to nothing would work for everybody. This client is registered as one that proves its key.',
        exchange: asked,
      },
    ],
  }
}

/** What people can try against tokens that are bound to a key. */
export const dpopAttacks: Readonly<Record<DpopAttackId, DpopAttack>> = {
  'token-without-key': {
    title: 'Use a stolen token',
    attempt: 'The attacker has the token, from a log or a crash report, and not the key.',
    reason:
      'The token says to which key it belongs, and an API that reads this takes it with a proof of that key only.',
    clauses: ['RFC 9449 §7.1', 'RFC 9449 §7.2'],
    perform: withoutKey,
  },
  'proof-by-another-key': {
    title: 'Prove another key',
    attempt: 'The attacker has the token and makes a proof for it, with a key of their own.',
    reason: 'The fingerprint of the key that made the proof is compared with the one in the token.',
    clauses: ['RFC 9449 §4.3', 'RFC 9449 §6.1'],
    perform: byAnotherKey,
  },
  'replayed-proof': {
    title: 'Send a request again',
    attempt: 'The attacker copied a whole request, with the token and its proof, and sends it a second time.',
    reason: 'Each proof has a name of its own, and the API remembers those it has seen until they no longer count.',
    clauses: ['RFC 9449 §11.1', 'RFC 9449 §4.3'],
    perform: replayed,
  },
  'changed-address': {
    title: 'Pass a request on',
    attempt: 'A server that is not the API is called with token and proof, and passes both on to the API.',
    reason:
      'A proof names the address it is for. The API compares it with its own public address, and not with what a request says about itself.',
    clauses: ['RFC 9449 §4.3', 'RFC 9449 §11.1'],
    perform: changedAddress,
  },
  'token-without-binding': {
    title: 'Ask for a token without a key',
    attempt: 'Somebody who has the client’s secret asks for a token that is bound to nothing.',
    reason: 'A client that is registered for bound tokens gets no others.',
    clauses: ['RFC 9449 §5.2'],
    perform: withoutBinding,
  },
}

export const isDpopAttackId = (text: string | null): text is DpopAttackId =>
  (dpopAttackIds as readonly (string | null)[]).includes(text)
