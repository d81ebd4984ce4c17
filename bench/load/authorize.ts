import { headerOf } from './connection.ts'
import { keepCookies } from './cookie-jar.ts'
import { browserGet } from './http-request.ts'
import { challengeOf, randomText } from './randomness.ts'
import { authorizeCookies, type Actor, type Subject } from './subject.ts'

/** The request parameters that are new in each authorization request. */
export interface FreshValues {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
  /** As they are sent. */
  readonly query: string
}

export function freshValues(): FreshValues {
  const verifier = randomText()
  const state = randomText()
  const nonce = randomText()
  return { verifier, state, nonce, query: `&state=${state}&nonce=${nonce}&code_challenge=${challengeOf(verifier)}` }
}

/** The code in an authorization response, after its state and issuer were compared with what was sent. */
export function codeIn(location: string, subject: Subject, state: string): string {
  const query = location.slice(subject.deployment.redirectUri.length + 1)
  let code = ''
  let stateSeen = false
  let issuerSeen = false
  for (const pair of query.split('&')) {
    if (pair.startsWith('code=')) code = pair.slice(5)
    else if (pair === `state=${state}`) stateSeen = true
    else if (pair === subject.expectedIssuer) issuerSeen = true
  }
  if (code === '' || !stateSeen || !issuerSeen) throw new Error(`not a right authorization response: ${location}`)
  return code
}

/** Sends a signed-in browser to the authorization endpoint and returns the code that comes back. */
export async function authorize(subject: Subject, actor: Actor, path: string, state: string): Promise<string> {
  const { connection, jar } = actor
  const answer = await connection.send(browserGet(path, subject.authorizeUrl.host, authorizeCookies(subject, actor)))
  keepCookies(jar, answer.head)
  const location = headerOf(answer.head, 'location')
  if (answer.status !== 303 || !location?.startsWith(`${subject.deployment.redirectUri}?`)) {
    throw new Error(`authorize answered ${answer.status} ${location ?? answer.body.slice(0, 300)}`)
  }
  return codeIn(location, subject, state)
}
