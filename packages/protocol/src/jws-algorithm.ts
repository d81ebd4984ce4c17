import { constants } from 'node:crypto'

/** The signature algorithms of the server (B-JWK-04); `none`, HS* and everything else do not exist here. */
export type JwsAlgorithm = 'ES256' | 'Ed25519' | 'EdDSA' | 'PS256' | 'RS256'

/** How node:crypto is told about one algorithm, and which key it needs. */
export type AlgorithmParameters = {
  /** Digest name for `crypto.sign`; `null` where the algorithm brings its own. */
  readonly digest: 'sha256' | null
  readonly keyType: 'ec' | 'ed25519' | 'rsa'
  /** What the platform has to be told beside the key; `undefined` where its default is right, which is also its fast path. */
  readonly padding: Readonly<{ padding: number; saltLength: number }> | undefined
  /** Digest of `at_hash` (B-IDT-06): a table, never guessed from the name. */
  readonly hashClaim: 'sha256' | 'sha512'
  /** Length of every signature in bytes; `undefined` for RSA, where the key decides. */
  readonly signatureBytes: number | undefined
}

export const jwsAlgorithms: Readonly<Record<JwsAlgorithm, AlgorithmParameters>> = {
  ES256: { digest: 'sha256', keyType: 'ec', padding: undefined, hashClaim: 'sha256', signatureBytes: 64 },
  // Two names of one algorithm (RFC 9864); each key has one of them, and the header says which (B-CX-19).
  Ed25519: { digest: null, keyType: 'ed25519', padding: undefined, hashClaim: 'sha512', signatureBytes: 64 },
  EdDSA: { digest: null, keyType: 'ed25519', padding: undefined, hashClaim: 'sha512', signatureBytes: 64 },
  PS256: {
    digest: 'sha256',
    keyType: 'rsa',
    padding: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    hashClaim: 'sha256',
    signatureBytes: undefined,
  },
  // PKCS #1 v1.5 is what the platform does with an RSA key that nothing is said about.
  RS256: { digest: 'sha256', keyType: 'rsa', padding: undefined, hashClaim: 'sha256', signatureBytes: undefined },
}

/** True for the name of a supported algorithm, compared exactly. */
export const isJwsAlgorithm = (name: unknown): name is JwsAlgorithm =>
  typeof name === 'string' && Object.hasOwn(jwsAlgorithms, name)
