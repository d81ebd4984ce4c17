/** Signing keys may be kept elsewhere: the row then has a name and no private key. */
export const externalKeys: readonly string[] = ['ALTER TABLE signing_keys ADD COLUMN external_name TEXT']
