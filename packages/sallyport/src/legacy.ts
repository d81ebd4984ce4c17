import type { ClientCoverage } from './coverage.ts'

/** What clients still do that the field has left behind, each with the setting that holds its target date (A-GOV-04). */
export const legacyHabits = [
  {
    id: 'missing_state',
    setting: 'governance.stateBy',
    about: 'authorization requests without state',
    count: ({ counts }: ClientCoverage) => counts.authorization_requests - counts.with_state,
  },
  {
    id: 'redirect_uri_at_token',
    setting: 'governance.redirectUriBy',
    about: 'redirect_uri sent to the token endpoint',
    count: ({ counts }: ClientCoverage) => counts.redirect_uri_at_token,
  },
  {
    id: 'client_secret',
    setting: 'governance.secretsBy',
    about: 'authentication with a secret instead of a key',
    count: ({ counts }: ClientCoverage) => counts.authenticated_by_secret,
  },
  {
    id: 'bearer_tokens',
    setting: 'governance.bearerBy',
    about: 'tokens without sender constraint',
    count: ({ counts }: ClientCoverage) => counts.bearer_tokens,
  },
] as const

export type LegacyLine = {
  readonly habit: (typeof legacyHabits)[number]['id']
  readonly about: string
  /** Day at which nobody is to do it any more. */
  readonly target: string
  readonly late: boolean
  readonly clients: readonly { readonly id: string; readonly name: string; readonly count: number }[]
}

/** Which clients do it how often, habit by habit. */
export const legacyReport = (
  clients: readonly ClientCoverage[],
  targets: Readonly<Record<string, string>>,
  now: number,
): readonly LegacyLine[] =>
  legacyHabits.map(({ id, setting, about, count }) => {
    const target = targets[setting] ?? ''
    const found = clients
      .map((one) => ({ id: one.client.id, name: one.client.name, count: count(one) }))
      .filter((one) => one.count > 0)
    return { habit: id, about, target, late: found.length > 0 && Date.parse(target) <= now * 1000, clients: found }
  })
