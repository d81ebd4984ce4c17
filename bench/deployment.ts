import type { JsonWebKey } from 'node:crypto'

/** A client that shares a secret with the server (client_secret_basic). */
export interface BenchClient {
  readonly id: string
  readonly secret: string
}

/** A client under the FAPI 2.0 profile: it pushes its requests, signs assertions with this ES256 key and binds its tokens to a key (DPoP). */
export interface BenchSigner {
  readonly id: string
  readonly privateKey: JsonWebKey
}

/** All the load generator has to know about one running server. The paths come from its discovery document. */
export interface Deployment {
  readonly issuer: string
  /** The app a person signs in to: code flow, refresh, introspection of its own tokens. */
  readonly app: BenchClient
  /** The machine client: client credentials only. */
  readonly service: BenchClient
  /** The client of the FAPI 2.0 flow; a server without pushed requests and bound tokens has none. */
  readonly bank: BenchSigner | undefined
  readonly redirectUri: string
  /** Scope of the code flow. */
  readonly scope: string
  /** Scope of client credentials. */
  readonly apiScope: string
  /** The API for which ES256 JWT access tokens are asked. */
  readonly resource: string
  /** The API whose access tokens are introspected; a server that introspects no JWT names one with opaque tokens here. */
  readonly introspectionResource: string
  readonly person: { readonly username: string; readonly password: string }
}

export const benchRedirectUri = 'http://127.0.0.1:9/callback'
export const benchScope = 'openid offline_access api:read'
export const benchApiScope = 'api:read'
export const benchResource = 'https://api.bench.example'
export const benchOpaqueResource = 'https://opaque.bench.example'

/** What one load can do; each is one operation, however many requests it takes. */
export type Operation =
  | 'client_credentials'
  | 'client_credentials_dpop'
  | 'code'
  | 'fapi'
  | 'refresh'
  | 'introspect_access'
  | 'introspect_refresh'

/** What the bench tells the load generator. A run ends after `seconds`, or after `operations` when that is set. */
export type LoadCommand =
  | { readonly kind: 'prepare'; readonly deployment: Deployment; readonly serverPid: number }
  | {
      readonly kind: 'run'
      readonly operation: Operation
      readonly connections: number
      readonly warmSeconds: number
      readonly seconds: number
      readonly operations?: number
    }

/** One measured run. Times are milliseconds, CPU is microseconds. */
export interface RunResult {
  readonly operations: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly serverCpuPerOperation: number
  /** Share of one core that the load generator used: near 1 it would be the one being measured. */
  readonly loadBusy: number
  /** Cores' worth of work done on the machine by neither the server nor the load. */
  readonly otherBusy: number
}

export type LoadReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'result'; readonly result: RunResult }
  | { readonly kind: 'failed'; readonly message: string }
