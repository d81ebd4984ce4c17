import { effectivePolicy, type Client, type Policy, type Resource } from '@sallyport/server'
import { now } from '../workplace.ts'
import type { Subject } from './subject.ts'

/** A value of the effective policy. `null` stands for "no limit" in lists. */
export type Value = string | number | boolean | readonly string[] | null

export type Values = Readonly<Record<string, Value>>

/** What really holds, worked out from policy and registration: not what was written, but what it comes to. */
export type EffectivePolicy = {
  readonly policy: Values
  /** By the name in the file. */
  readonly clients: Readonly<Record<string, Values>>
  readonly resources: Readonly<Record<string, Values>>
}

const sorted = (list: readonly string[]): readonly string[] => [...new Set(list)].sort()

function clientValues(policy: Policy, client: Client, excepted: boolean): Values {
  const { accessTokenLifetime, refreshTokenIdle, refreshTokenAbsolute } = effectivePolicy(policy, client)
  const refreshes = client.grantTypes.includes('refresh_token')
  return {
    type: client.type,
    authentication: client.authenticationMethod,
    ...(client.authenticationMethod === 'private_key_jwt' ? { assertionAudience: client.assertionAudience } : {}),
    grants: sorted(client.grantTypes),
    redirectUris: sorted(client.redirectUris),
    postLogoutRedirectUris: sorted(client.postLogoutRedirectUris),
    allowedOrigins: sorted(client.allowedOrigins),
    scope: sorted(client.scope),
    resources: client.resources === undefined ? null : sorted(client.resources),
    introspects: sorted(client.resourceServerOf),
    exceptedFromPkce: excepted,
    subjects: client.subjectType,
    requireState: client.requireState || policy.stages.requireState === 'enforce',
    requireRedirectUriAtToken:
      client.requireRedirectUriAtToken || policy.stages.requireRedirectUriAtToken === 'enforce',
    asksConsent: !client.firstParty,
    sessionRefreshTokens: client.sessionRefreshTokens,
    accessTokenLifetime,
    ...(refreshes ? { refreshTokenIdle, refreshTokenAbsolute } : {}),
    disabled: client.disabledAt !== undefined,
  }
}

/** Stages stand beside the other values, under the name that they have in the file. */
const policyValues = ({ stages, ...values }: Policy): readonly (readonly [string, Value])[] => [
  ...Object.entries(values),
  ...Object.entries(stages).map(([name, stage]) => [`stages.${name}`, stage] as const),
]

const byName = <T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))

const isExcepted = ({ exceptions }: Subject['declarations'], { id }: Client, at: number): boolean =>
  exceptions.some(({ request }) => request.clientId === id && request.deadline > at)

/** Scopes that a device can get by a code that somebody else may have sent. */
const byDevice = ({ scopes, notByDevice }: Resource): readonly string[] =>
  sorted(scopes.map(({ name }) => name).filter((name) => !notByDevice.includes(name)))

/** The effective policy of a configuration and of every client it declares. */
export const effectiveOf = ({ config, policy, clients, declarations }: Subject): EffectivePolicy => ({
  policy: byName([...policyValues(policy), ['registration.mode', config.registration.mode ?? 'off']]),
  clients: byName(
    clients.map(({ name, client }) => [name, clientValues(policy, client, isExcepted(declarations, client, now()))]),
  ),
  resources: byName(
    declarations.resources.map(({ key, resource }) => [
      key,
      {
        scopes: sorted(resource.scopes.map(({ name }) => name)),
        byDevice: policy.deviceGrant ? byDevice(resource) : [],
        format: resource.format,
        binding: resource.binding,
        accessTokenLifetime: Math.min(
          policy.accessTokenLifetime,
          resource.accessTokenLifetime ?? policy.accessTokenLifetime,
        ),
      },
    ]),
  ),
})
