/**
 * How far an optional tightening has come: `report` lists the clients that it would break, `warn` also makes them alerts and
 * findings, `enforce` refuses their requests. Nobody has to find out on the day.
 */
export const stages = ['off', 'report', 'warn', 'enforce'] as const
export type Stage = (typeof stages)[number]

/** Tightenings that a client could take by itself, for all clients at once. */
export const tightenings = [
  'requireState',
  'requireNonce',
  'refuseRedirectUriAtToken',
  'requirePrivateKeyJwt',
  'requirePushedRequests',
  'requireSignedRequests',
  'requireSenderConstraint',
] as const
export type Tightening = (typeof tightenings)[number]

export type Stages = { readonly [name in Tightening]: Stage }

/** What is wrong with stages as somebody wrote them: the name, and what would do. */
export function stageFault(options: object): { readonly name: string; readonly fix: string } | undefined {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!(tightenings as readonly string[]).includes(name)) return { name, fix: `use ${tightenings.join(', ')}` }
    if (value !== undefined && !(stages as readonly unknown[]).includes(value))
      return { name, fix: `use ${stages.join(', ')}` }
  }
  return undefined
}

export const stagesOf = (options: { readonly [name in Tightening]?: Stage | undefined } = {}): Stages =>
  Object.freeze({
    requireState: options.requireState ?? 'off',
    requireNonce: options.requireNonce ?? 'off',
    refuseRedirectUriAtToken: options.refuseRedirectUriAtToken ?? 'off',
    requirePrivateKeyJwt: options.requirePrivateKeyJwt ?? 'off',
    requirePushedRequests: options.requirePushedRequests ?? 'off',
    requireSignedRequests: options.requireSignedRequests ?? 'off',
    requireSenderConstraint: options.requireSenderConstraint ?? 'off',
  })
