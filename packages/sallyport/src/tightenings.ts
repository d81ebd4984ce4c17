import { bindsTokens, hasSecret, tightenings, type Stage, type Tightening } from '@sallyport/server'
import type { Config } from './config/load.ts'
import type { ClientCoverage } from './coverage.ts'

/** Clients that a tightening would break, by what they did lately. */
export type TighteningLine = {
  readonly tightening: Tightening
  readonly stage: Stage
  readonly about: string
  readonly clients: readonly { readonly id: string; readonly name: string; readonly count: number }[]
}

type Habit = { readonly about: string; readonly count: (coverage: ClientCoverage) => number }

const habits: Readonly<Record<Tightening, Habit>> = {
  requireState: {
    about: 'requests without state',
    count: ({ counts }) => counts.authorization_requests - counts.with_state,
  },
  requireNonce: {
    about: 'OpenID requests without nonce',
    count: ({ counts }) => counts.openid_without_nonce,
  },
  refuseRedirectUriAtToken: {
    about: 'codes redeemed with redirect_uri',
    // A client that is registered as OAuth 2.0 goes on as before.
    count: ({ client, counts }) => (client.requireRedirectUriAtToken ? 0 : counts.redirect_uri_at_token),
  },
  requirePushedRequests: {
    about: 'requests that were not pushed',
    // A client that is held to it by itself breaks no more.
    count: ({ client, counts }) =>
      client.requirePushedRequests ? 0 : counts.authorization_requests - counts.pushed_requests,
  },
  requireSignedRequests: {
    about: 'requests that were not signed',
    count: ({ client, counts }) =>
      client.requireSignedRequests ? 0 : counts.authorization_requests - counts.signed_requests,
  },
  requirePrivateKeyJwt: {
    about: 'requests that proved the client by a secret',
    // A client that has a key by now breaks no more.
    count: ({ client, counts }) => (hasSecret(client) ? counts.authenticated_by_secret : 0),
  },
  requireSenderConstraint: {
    about: 'access tokens that are bound to no key',
    // A client that is registered for bound tokens gets no others by now.
    count: ({ client, counts }) => (bindsTokens(client) ? 0 : counts.bearer_tokens),
  },
}

/** The report on every tightening that is under way; an enforced one breaks nobody any more. */
export const tighteningReport = (
  clients: readonly ClientCoverage[],
  { policy }: Pick<Config, 'policy'>,
): readonly TighteningLine[] =>
  tightenings.flatMap((tightening) => {
    const stage = policy.stages?.[tightening] ?? 'off'
    if (stage === 'off' || stage === 'enforce') return []
    const { about, count } = habits[tightening]
    const broken = clients
      .map((one) => ({ id: one.client.id, name: one.client.name, count: count(one) }))
      .filter((one) => one.count > 0)
    return [{ tightening, stage, about, clients: broken }]
  })

/** Clients that would break where the stage is `warn`, in words. */
export const tighteningWarnings = (lines: readonly TighteningLine[]): readonly string[] =>
  lines
    .filter(({ stage }) => stage === 'warn')
    .flatMap(({ tightening, about, clients }) =>
      clients.map(({ id, name, count }) => `${name} (${id}): ${tightening} would break it, ${count} ${about}`),
    )
