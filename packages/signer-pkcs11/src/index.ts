export { openPkcs11Keys, type Pkcs11Keys, type Pkcs11Options } from './open-keys.ts'
export { createPkcs11Key } from './create-key.ts'
export type { TokenOptions } from './sessions.ts'
