import type { Operation } from './deployment.ts'
import type { TargetName } from './targets/target.ts'

/** A load that is measured on several servers, one after the other, in turns. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly operation: Operation
  readonly connections: number
  readonly targets: readonly TargetName[]
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'client-credentials',
    title: 'client credentials',
    operation: 'client_credentials',
    connections: 16,
    targets: ['sallyport', 'before', 'oidc-provider', 'limit'],
  },
  {
    name: 'code',
    title: 'code flow',
    operation: 'code',
    connections: 16,
    targets: ['sallyport', 'before', 'oidc-provider', 'oidc-provider-grouped', 'oidc-provider-memory', 'limit'],
  },
  {
    name: 'refresh',
    title: 'refresh with rotation',
    operation: 'refresh',
    connections: 16,
    targets: ['sallyport', 'before', 'oidc-provider', 'oidc-provider-grouped', 'limit'],
  },
  {
    name: 'introspection',
    title: 'introspection, access token',
    operation: 'introspect_access',
    connections: 16,
    targets: ['sallyport', 'before', 'oidc-provider', 'limit'],
  },
  {
    name: 'introspection-refresh',
    title: 'introspection, refresh token',
    operation: 'introspect_refresh',
    connections: 16,
    targets: ['sallyport', 'before', 'oidc-provider', 'limit'],
  },
  {
    name: 'client-credentials-dpop',
    title: 'client credentials, DPoP',
    operation: 'client_credentials_dpop',
    connections: 16,
    targets: ['sallyport', 'before', 'oidc-provider'],
  },
  {
    name: 'fapi',
    title: 'FAPI 2.0 flow',
    operation: 'fapi',
    connections: 16,
    targets: ['sallyport', 'before', 'oidc-provider', 'oidc-provider-grouped'],
  },
  {
    name: 'code-64',
    title: 'code flow, 64 connections',
    operation: 'code',
    connections: 64,
    targets: ['sallyport', 'before', 'oidc-provider'],
  },
  {
    name: 'code-1',
    title: 'code flow, 1 connection',
    operation: 'code',
    connections: 1,
    targets: ['sallyport', 'before', 'oidc-provider'],
  },
]

/** What is measured on a process rather than under a load of its own. */
export const processMeasures = ['start', 'idle-memory', 'growth'] as const
export type ProcessMeasure = (typeof processMeasures)[number]
