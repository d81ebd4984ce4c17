import type { KeyObject } from 'node:crypto'
import { clientAssertionType, createSigner, numericDate, signJwt } from '@sallyport/protocol'
import type { ProofClient } from './proof-clients.ts'
import type { Parameters, ProvingGround } from './proving-ground.ts'

/** What a client proves itself with in the place of what it has. */
export type Proof = {
  readonly secret?: string
  readonly key?: KeyObject | undefined
  readonly claims?: Readonly<Record<string, unknown>>
}

export type Credentials = { readonly parameters: Parameters; readonly headers: Parameters }

/** An assertion of the client, right but for the changes (RFC 7523 section 3). */
export async function assertionOf(
  ground: ProvingGround,
  { record, key }: ProofClient,
  other: Proof = {},
): Promise<string> {
  const by = other.key ?? key
  if (by === undefined) throw new Error('no key to sign with')
  const { id } = record
  const exp = numericDate(ground.now()) + 60
  const claims = { iss: id, sub: id, aud: ground.issuer, exp, jti: ground.random.handle(), ...other.claims }
  return signJwt({ ...createSigner('', 'ES256', by), headers: unnamed }, 'JWT', claims)
}

// Only one key fits, so none is named.
const unnamed = new Map([['JWT', Buffer.from('{"alg":"ES256","typ":"JWT"}').toString('base64url')]])

/** Authenticates by an assertion that was made before. */
export const withAssertion = (assertion: string): Credentials => ({
  parameters: { client_assertion_type: clientAssertionType, client_assertion: assertion },
  headers: {},
})

/** How a client authenticates at the token endpoint. */
export async function credentials(ground: ProvingGround, client: ProofClient, other: Proof = {}): Promise<Credentials> {
  const { record, secret, key } = client
  if (key !== undefined) return withAssertion(await assertionOf(ground, client, other))
  const shown = other.secret ?? secret
  if (record.authenticationMethod === 'client_secret_basic') {
    const text = Buffer.from(`${record.id}:${shown ?? ''}`).toString('base64')
    return { parameters: {}, headers: { authorization: `Basic ${text}` } }
  }
  const parameters = { client_id: record.id, ...(secret === undefined ? {} : { client_secret: shown }) }
  return { parameters, headers: {} }
}
