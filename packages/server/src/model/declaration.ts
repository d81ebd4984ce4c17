import type { Seconds } from '@sallyport/protocol'
import type { SecurityEvent } from './authorization.ts'
import type { Client } from './client.ts'
import type { PkceException } from './exception.ts'
import type { Resource } from './resource.ts'
import type { Page } from './page.ts'

/** What configuration files can declare. */
export type DeclaredKind = 'client' | 'resource' | 'exception'

/** The mark of an object that a configuration file owns: only a change of the file changes it. */
export type DeclaredObject = {
  readonly kind: DeclaredKind
  /** Id of the client, the resource or the exception. */
  readonly id: string
  /** The name it has in the file. */
  readonly name: string
}

/** A declared exception goes on until another day, accepted anew. */
export type ExceptionRenewal = {
  readonly id: string
  readonly acceptedBy: string
  readonly deadline: Seconds
  readonly at: Seconds
}

/** Everything that one change of the files comes to. */
export type DeclaredChange = {
  readonly createClients: readonly Client[]
  /** Each with the version after the one that was read. */
  readonly updateClients: readonly Client[]
  readonly saveResources: readonly Resource[]
  /** Ids of resources that are removed; tokens that were issued for them end by themselves. */
  readonly removeResources: readonly string[]
  /** At most one of a client. */
  readonly createExceptions: readonly PkceException[]
  readonly renewExceptions: readonly ExceptionRenewal[]
  readonly revokeExceptions: readonly { readonly id: string; readonly at: Seconds }[]
  readonly own: readonly DeclaredObject[]
  readonly disown: readonly DeclaredObject[]
}

/** Which objects belong to configuration files, and the one way in which files change them. */
export type DeclarationStore = {
  /** The mark of an object, or `undefined` for one that was made elsewhere. */
  find(kind: DeclaredKind, id: string): Promise<DeclaredObject | undefined>
  /** All marks of a kind in the order of their ids, at most 200 a page. */
  list(kind: DeclaredKind, after: string | undefined, limit: number): Promise<Page<DeclaredObject>>
  /**
   * Makes a whole change, or none of it. Law: false when a client to be created is there, or one to be updated is gone or
   * has another version than the one before, or when an exception could not be made, renewed or ended as `ExceptionStore`
   * has it; then nothing was written. A client is removed with `admin.deleteClient`, after a change that disabled it.
   */
  apply(change: DeclaredChange, events: readonly SecurityEvent[]): Promise<boolean>
}
