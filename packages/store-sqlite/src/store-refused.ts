/** Why a database file is not opened. */
export type StoreRefusal = 'missing' | 'newer_schema' | 'not_migrated' | 'damaged' | 'not_a_database'

/** The file is not one that can be worked with. The message says in plain words what is wrong and what to do. */
export class StoreRefused extends Error {
  readonly reason: StoreRefusal

  constructor(reason: StoreRefusal, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreRefused'
    this.reason = reason
  }
}
