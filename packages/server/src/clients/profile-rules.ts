import { readKeySet, verificationKeys, type VerificationKey } from '@sallyport/protocol'
import { actsForPeople, type Client } from '../model/client.ts'
import { stricterProfile, type SecurityProfile } from '../model/profile.ts'
import type { Policy } from '../policy.ts'
import { isFapi, isFapiAlgorithm, profileOf } from '../profiles.ts'
import type { ClientFault } from './client-fault.ts'
import { typeDefaults, type ClientRegistration } from './registration.ts'

const algorithmMembers = [
  'authenticationAlgorithm',
  'requestObjectAlgorithm',
  'idTokenAlgorithm',
  'userinfoAlgorithm',
  'introspectionAlgorithm',
  'authorizationAlgorithm',
] as const

const plainModes: readonly string[] = ['query', 'form_post']

function proofFaults({ authenticationMethod: method, assertionAudience, jwks }: Client): ClientFault[] {
  const faults: ClientFault[] = []
  const fix = 'use private_key_jwt, or a client certificate'
  if (method === 'none')
    faults.push({ member: 'authenticationMethod', problem: 'none is not in FAPI 2.0: it has no public clients', fix })
  if (method.startsWith('client_secret'))
    faults.push({ member: 'authenticationMethod', problem: `${method} is not in FAPI 2.0: it has no secrets`, fix })
  if (assertionAudience !== 'issuer')
    faults.push({
      member: 'assertionAudience',
      problem: 'must be issuer under FAPI 2.0; assertions name nothing else',
      fix: 'leave it out',
    })
  const set = jwks === undefined ? undefined : readKeySet(jwks)
  const keys = typeof set === 'object' ? verificationKeys(set, undefined) : []
  if (keys.length > 0 && !keys.some(({ alg }) => isFapiAlgorithm(alg)))
    faults.push({
      member: 'jwks',
      problem: 'has keys for RS256 alone, which is not in FAPI 2.0',
      fix: 'register another',
    })
  return faults
}

/** What Message Signing asks for beyond the Security Profile (B-MS-01, B-MS-03). */
function signingFaults({ grantTypes, jwks, jwksUri, responseModes }: Client): ClientFault[] {
  if (!grantTypes.includes('authorization_code')) return []
  const faults: ClientFault[] = []
  if (jwks === undefined && jwksUri === undefined)
    faults.push({ member: 'jwks', problem: 'is needed: requests are signed under FAPI 2.0 Message Signing' })
  if (responseModes?.every((mode) => plainModes.includes(mode)) === true)
    faults.push({
      member: 'responseModes',
      problem: 'has no signed mode, which FAPI 2.0 Message Signing demands',
      fix: 'leave it out, or name jwt, query.jwt or form_post.jwt',
    })
  return faults
}

/** Everything by which a client does not fit a profile (FAPI 2.0 Security Profile 5.3.2.1 and 5.4.1); empty for one that does. */
export function profileFaults(profile: SecurityProfile, client: Client): readonly ClientFault[] {
  if (profile === 'oauth21') return []
  const weak = algorithmMembers
    .filter((member) => client[member] !== undefined && !isFapiAlgorithm(client[member]))
    .map((member) => ({ member, problem: 'must be PS256, ES256, EdDSA or Ed25519 under FAPI 2.0', fix: 'use ES256' }))
  return [...proofFaults(client), ...weak, ...(profile === 'fapi2' ? [] : signingFaults(client))]
}

/** Values that registration has for everybody, and that a client of the profile never comes to use. */
function isIdle({ member }: ClientFault, profile: SecurityProfile, client: Client): boolean {
  if (member === 'idTokenAlgorithm') return !actsForPeople(client)
  if (member !== 'authorizationAlgorithm') return false
  if (!client.grantTypes.includes('authorization_code')) return true
  return profile === 'fapi2' && (client.responseModes?.every((mode) => plainModes.includes(mode)) ?? true)
}

/** Those that keep a client that is registered from getting anything. */
export function standingFaults(policy: Pick<Policy, 'profile'>, client: Client): readonly ClientFault[] {
  const profile = profileOf(policy, client)
  return profileFaults(profile, client).filter((fault) => !isIdle(fault, profile, client))
}

const judged: Readonly<Record<SecurityProfile, WeakMap<Client, ClientFault | { readonly member: undefined }>>> = {
  oauth21: new WeakMap(),
  fapi2: new WeakMap(),
  'fapi2-message-signing': new WeakMap(),
}
const fits = { member: undefined } as const

/**
 * By which member a client that is registered does not fit its profile; then it gets nothing. It may be older than the profile, and
 * records never change, so each is judged once.
 */
export function unfitMember(policy: Pick<Policy, 'profile'>, client: Client): string | undefined {
  const profile = profileOf(policy, client)
  if (profile === 'oauth21') return undefined
  let found = judged[profile].get(client)
  if (found === undefined) {
    found = standingFaults(policy, client)[0] ?? fits
    judged[profile].set(client, found)
  }
  return found.member
}

/** The keys whose signatures count for a client: under FAPI 2.0 none for RS256 (B-CA-06). */
export const allowedKeys = (
  policy: Pick<Policy, 'profile'>,
  client: Client,
  keys: readonly VerificationKey[],
): readonly VerificationKey[] =>
  isFapi(policy, client) && keys.some(({ alg }) => !isFapiAlgorithm(alg))
    ? keys.filter(({ alg }) => isFapiAlgorithm(alg))
    : keys

/** The registration of a client under its profile: what OpenID Connect leaves at RS256 or a secret, the profile has otherwise (B-CX-02). */
export function underProfile(input: ClientRegistration, server: SecurityProfile = 'oauth21'): ClientRegistration {
  if (stricterProfile(server, input.profile ?? 'oauth21') === 'oauth21') return input
  const { authenticationMethod, idTokenAlgorithm, authorizationAlgorithm } = input
  const known = Object.hasOwn(typeDefaults, input.type) ? typeDefaults[input.type] : undefined
  const keyed = known?.methods.includes('private_key_jwt') === true ? 'private_key_jwt' : undefined
  return {
    ...input,
    authenticationMethod: authenticationMethod ?? keyed,
    idTokenAlgorithm: idTokenAlgorithm ?? 'ES256',
    authorizationAlgorithm: authorizationAlgorithm ?? 'ES256',
  }
}
