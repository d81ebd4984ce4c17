import { authorize, freshValues, type FreshValues } from './authorize.ts'
import type { Bank } from './bank.ts'
import { postRequest, postStart } from './http-request.ts'
import { proofLine } from './proofs.ts'
import type { Actor, Subject } from './subject.ts'
import { checkAccessToken, checkBinding, checkIdToken, parseRecord, readTokens } from './token-check.ts'

const bankOf = ({ bank }: Subject): Bank => {
  if (bank === undefined) throw new Error('this server has no client of the FAPI 2.0 flow')
  return bank
}

/** Pushes a request with private_key_jwt and returns the path the browser is sent to (RFC 9126 2). */
export async function push(subject: Subject, actor: Actor, { query }: FreshValues): Promise<string> {
  const bank = bankOf(subject)
  const answer = await actor.connection.send(postRequest(bank.pushPost, `${bank.pushed}${query}&${bank.assertion()}`))
  if (answer.status !== 201) throw new Error(`the push was answered ${answer.status}: ${answer.body.slice(0, 300)}`)
  const reference = parseRecord(answer.body).request_uri
  if (typeof reference !== 'string') throw new Error(`no request_uri in ${answer.body}`)
  return `${bank.authorizeStart}${encodeURIComponent(reference)}`
}

/** Redeems a code with its verifier, a new assertion and a proof of the key the tokens are bound to. */
export async function redeemBound(subject: Subject, actor: Actor, code: string, verifier: string) {
  const bank = bankOf(subject)
  const { redirectUri, resource } = subject.deployment
  const body =
    `grant_type=authorization_code&code=${code}&code_verifier=${verifier}` +
    `&redirect_uri=${encodeURIComponent(redirectUri)}&resource=${encodeURIComponent(resource)}&${bank.assertion()}`
  const start = postStart(bank.tokenUrl, proofLine(bank.key, bank.tokenUrl))
  const answer = await actor.connection.send(postRequest(start, body))
  const tokens = readTokens(answer.status, answer.body, 'DPoP')
  if (tokens.idToken === undefined || tokens.refreshToken === undefined)
    throw new Error(`tokens are missing: ${answer.body}`)
  return tokens
}

/** A whole flow of the FAPI 2.0 profile for a signed-in browser: push, redirect, redemption with proof. */
export async function fapiFlow(subject: Subject, actor: Actor, thorough: boolean): Promise<void> {
  const bank = bankOf(subject)
  const fresh = freshValues()
  const path = await push(subject, actor, fresh)
  const code = await authorize(subject, actor, path, fresh.state)
  const tokens = await redeemBound(subject, actor, code, fresh.verifier)
  if (!thorough) return
  const { keys, deployment } = subject
  checkAccessToken(tokens.accessToken, keys, deployment, bank.id)
  checkBinding(tokens.accessToken, keys, bank.key.thumbprint)
  checkIdToken(tokens.idToken ?? '', keys, deployment, fresh.nonce, bank.id)
}
