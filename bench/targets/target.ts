import type { Deployment } from '../deployment.ts'

export type TargetName =
  'sallyport' | 'before' | 'oidc-provider' | 'oidc-provider-grouped' | 'oidc-provider-memory' | 'limit'

/** A server ready to be started: its database exists, its clients and its person are known. */
export interface Provisioned {
  /** The complete command; it listens on the port given to `provision`. */
  readonly command: readonly string[]
  readonly deployment: Deployment
}

export interface Target {
  readonly name: TargetName
  /** As the table calls it. */
  readonly label: string
  /** Why it cannot be measured in this checkout; undefined when it can. */
  readonly missing: () => string | undefined
  /** Prepares everything in an empty folder. */
  readonly provision: (folder: string, port: number) => Promise<Provisioned>
}
