import { constants } from 'node:crypto'

/** The signature algorithms of the server (B-JWK-04); `none`, HS* and everything else do not exist here. */
export type JwsAlgorithm = 'ES256' | 'EdDSA' | 'PS256' | 'RS256'

/** How node:crypto is told about one algorithm, and which key it needs. */
export type AlgorithmParameters = {
  /** Digest name for `crypto.sign`; `null` where the algorithm brings its own. */
  readonly digest: 'sha256' | null
  readonly keyType: 'ec' | 'ed25519' | 'rsa'
  readonly options: Readonly<{ dsaEncoding?: 'ieee-p1363'; padding?: number; saltLength?: number }>
  /** Digest of `at_hash` (B-IDT-06): a table, never guessed from the name. */
  readonly hashClaim: 'sha256' | 'sha512'
  /** Length of every signature in bytes; `undefined` for RSA, where the key decides. */
  readonly signatureBytes: number | undefined
}

export const jwsAlgorithms: Readonly<Record<JwsAlgorithm, AlgorithmParameters>> = {
  ES256: {
    digest: 'sha256',
    keyType: 'ec',
    options: { dsaEncoding: 'ieee-p1363' },
    hashClaim: 'sha256',
    signatureBytes: 64,
  },
  EdDSA: { digest: null, keyType: 'ed25519', options: {}, hashClaim: 'sha512', signatureBytes: 64 },
  PS256: {
    digest: 'sha256',
    keyType: 'rsa',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    hashClaim: 'sha256',
    signatureBytes: undefined,
  },
  RS256: {
    digest: 'sha256',
    keyType: 'rsa',
    options: { padding: constants.RSA_PKCS1_PADDING },
    hashClaim: 'sha256',
    signatureBytes: undefined,
  },
}

/** True for the name of a supported algorithm, compared exactly. */
export const isJwsAlgorithm = (name: unknown): name is JwsAlgorithm =>
  typeof name === 'string' && Object.hasOwn(jwsAlgorithms, name)
