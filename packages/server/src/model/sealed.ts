import type { SecurityEvent } from './authorization.ts'

/** Something in the store that is sealed with a key made from the master key. */
export type SealedItem = {
  readonly kind: 'signing_key' | 'second_factor'
  /** The id of the key, or the person whose factor it is; nothing else has it among those of its kind. */
  readonly id: string
  readonly sealed: Uint8Array
}

/** New envelopes for everything that is sealed, and a fact about them that is remembered together with them. */
export type SealedChange = {
  readonly before: readonly SealedItem[]
  /** The same items in the same order. */
  readonly after: readonly SealedItem[]
  readonly setting: { readonly name: string; readonly value: string; readonly expected: string | undefined }
}

/** What a change of the master key goes through; nothing else uses it. */
export type SealedStore = {
  /** Everything that is sealed. A signing key that is kept elsewhere is not among it. */
  list(): Promise<readonly SealedItem[]>
  /**
   * Puts the new envelopes in the place of the old ones. Law: all of it and the setting, or nothing; and only while there is
   * exactly what `before` lists and the setting has the expected value. False when anything was another.
   */
  replace(change: SealedChange, events: readonly SecurityEvent[]): Promise<boolean>
}
