import type { Random } from '@sallyport/protocol'
import type { Vault } from './model/own-pages.ts'
import { deriveSecrets, recoveryDigest, seal, unseal, type Secrets } from './secrets.ts'

/** Secrets of people under the keys of this issuer. */
export const vaultOf = (secrets: Secrets, random: Random): Vault => ({
  seal: (secret, context) => seal(secrets.factorSeal, secret, context, random),
  open: (sealed, context) => unseal(secrets.factorSeal, sealed, context),
  digest: (secret, context) => recoveryDigest(secrets, secret, context),
})

/** The same for programs beside the server, such as one that brings people with their second factors. */
export const openVault = (masterKey: Uint8Array, random: Random): Vault => vaultOf(deriveSecrets(masterKey), random)
