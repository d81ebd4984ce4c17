/** Names and numbers of PKCS #11 (version 2.40 with the curves of version 3.0), as far as they are used here. */
export const user = 1

export const sessionFlags = { readWrite: 0x2, serial: 0x4 } as const

export const tokenFlags = { loginRequired: 0x4, initialized: 0x400, finalTry: 0x20000, locked: 0x40000 } as const

export const objectClass = { publicKey: 2, privateKey: 3 } as const

export const keyType = { rsa: 0, ec: 3, edwards: 0x40 } as const

export const attribute = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  sign: 0x108,
  verify: 0x10a,
  modulus: 0x120,
  modulusBits: 0x121,
  publicExponent: 0x122,
  extractable: 0x162,
  ecParameters: 0x180,
  ecPoint: 0x181,
  alwaysAuthenticate: 0x202,
} as const

export const mechanism = {
  rsaKeyPair: 0x0,
  sha256Rsa: 0x40,
  sha256RsaPss: 0x43,
  sha256: 0x250,
  ecKeyPair: 0x1040,
  ecdsa: 0x1041,
  edwardsKeyPair: 0x1055,
  eddsa: 0x1057,
} as const

/** Mask generation by MGF1 with SHA-256. */
export const mgf1Sha256 = 2

/** Return values that are told apart. */
export const returned = {
  ok: 0x0,
  attributeSensitive: 0x11,
  attributeUnknown: 0x12,
  userLoggedIn: 0x100,
  alreadyInitialized: 0x191,
} as const
