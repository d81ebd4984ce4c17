import { sign, type KeyObject } from 'node:crypto'
import { numericDate } from '@sallyport/protocol'
import type { ProofClient } from './proof-clients.ts'
import type { Parameters, ProvingGround } from './proving-ground.ts'

type UnderPolicy = Pick<ProvingGround, 'registry'>

/** Whether the policy takes signed requests at all, and whether it wants those of all clients signed. */
export const takesObjects = ({ registry: { policy } }: UnderPolicy): boolean => policy.requestObjects !== false
export const signedOnly = ({ registry: { policy } }: UnderPolicy): boolean =>
  policy.stages?.requireSignedRequests === 'enforce'

const encoded = (text: string): string => Buffer.from(text).toString('base64url')

// Only one key of a client fits, so none is named.
const signedHeader = encoded('{"alg":"ES256","typ":"oauth-authz-req+jwt"}')

/** What is signed in the place of what is right, and by whom. */
export type ObjectChanges = {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
  /** An encoded header; a signature is then left out. */
  readonly unsigned?: string
}

/** Parameters of a request, or the text of a form with one of them twice, as members of a JSON object. */
function members(parameters: Parameters | string): string {
  const pairs = typeof parameters === 'string' ? [...new URLSearchParams(parameters)] : Object.entries(parameters)
  return pairs
    .flatMap(([name, value]) => (value === undefined ? [] : [`${JSON.stringify(name)}:${JSON.stringify(value)}`]))
    .join(',')
}

/** A request object of the client that says this and nothing else, but for the changes (RFC 9101 section 4). */
export function requestObject(
  ground: ProvingGround,
  { record: { id }, signs }: ProofClient,
  parameters: Parameters | string,
  { claims, key = signs, unsigned }: ObjectChanges = {},
): string {
  const nbf = numericDate(ground.now())
  const about = { iss: id, aud: ground.issuer, nbf, exp: nbf + 300, jti: ground.random.handle() }
  const itself = JSON.stringify({ ...about, ...claims }).slice(1, -1)
  const input = `${unsigned ?? signedHeader}.${encoded(`{${itself},${members(parameters)}}`)}`
  if (unsigned !== undefined) return `${input}.`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** A request as it travels: in an object, beside which there is nothing but the client's id. */
export const inObject = (
  ground: ProvingGround,
  client: ProofClient,
  parameters: Parameters | string,
  changes?: ObjectChanges,
): Parameters => ({ client_id: client.record.id, request: requestObject(ground, client, parameters, changes) })
