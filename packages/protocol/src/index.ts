export { after, numericDate, seconds, type Seconds } from './seconds.ts'
export { fromBase64url, toBase64url } from './base64url.ts'
export { equalInConstantTime, lookupKey, sha256, sha256Bytes } from './digest.ts'
export { systemRandom, type Random } from './random.ts'
export {
  challengeMatches,
  challengeOf,
  codeChallengeMethod,
  isCodeChallenge,
  isCodeVerifier,
  publishedChallenges,
} from './pkce.ts'
export { verifierFault, type VerifierFault } from './verifier-fault.ts'
export { emptyForm, Form, formDecode, formEncode, maxParameters, parseForm, type ParameterFault } from './parameters.ts'
export { formatScope, identityScopes, maxScopeLength, maxScopeValues, parseScope, scopeWithin } from './scope.ts'
export {
  appendToRedirectUri,
  formActionSource,
  isLoopbackRedirect,
  matchRedirectUri,
  maxRedirectUris,
  provesClientIdentity,
  redirectUriFault,
  type ApplicationType,
} from './redirect-uri.ts'
export { canonicalResource, maxResourceLength, resourceMetadataUrl } from './resource-uri.ts'
export { cookieName, readCookie, setCookie, setReadableCookie, type CookieOptions } from './cookies.ts'
export { reasons, type ExchangeClass, type Reason } from './reasons.ts'
export type { ErrorCode, ReasonEntry } from './reasons/entry.ts'
export { OAuthError, refuse, type ErrorPrivate } from './oauth-error.ts'
export { isJwsAlgorithm, jwsAlgorithms, type JwsAlgorithm } from './jws-algorithm.ts'
export { createSigner, leftHalfHash, signJwt, type Signer } from './jws-sign.ts'
export {
  absentTyp,
  signatureFits,
  maxJwtLength,
  readCompactJws,
  unverifiedClaims,
  verifyJwt,
  type JwtFault,
  type VerificationKey,
  type VerifiedJwt,
} from './jws-verify.ts'
export { maxRequestObjectLength, maxRequestObjectLifetime, requestObjectText } from './request-object.ts'
export { clientAssertionType, maxAssertionLength, maxAssertionLifetime, clockSkew } from './client-assertion.ts'
export {
  contentEncryptionAlgorithms,
  encryptionKey,
  isContentEncryptionAlgorithm,
  isKeyEncryptionAlgorithm,
  keyEncryptionAlgorithms,
  requestEncryptionAlgorithms,
  type ContentEncryptionAlgorithm,
  type EncryptionKey,
  type KeyEncryptionAlgorithm,
} from './encryption-key.ts'
export { maxClientKeys, readKeySet, sharesKey, verificationKeys, type KeySet, type PublicJwk } from './key-set.ts'
export {
  codeMemory,
  floor,
  jwksMaxAge,
  openUnusedLifetime,
  registrationBounds,
  maxNonceLength,
  type Bounds,
  type PolicyNumber,
} from './floor.ts'
export { parseDistinguishedName, sameName, type DistinguishedName, type NameAttribute } from './distinguished-name.ts'
export {
  certificateThumbprint,
  maxCertificateBytes,
  maxCertificateChain,
  pemBlocks,
  readCertificate,
  type ClientCertificate,
} from './certificate.ts'
export {
  certificateClaims,
  certificateForms,
  certificateHeaders,
  createCertificateReader,
  type CertificateFault,
  type CertificateForm,
  type CertificateReader,
  type PresentedCertificate,
} from './forwarded-certificate.ts'
export {
  certificateSenderKey,
  confirmationOf,
  senderKeyOf,
  isCertificateSenderKey,
  readConfirmation,
  type Confirmation,
} from './confirmation.ts'
export { isThumbprint, jwkThumbprint } from './dpop-key.ts'
export { normalTarget } from './dpop-target.ts'
export { currentNonce, nonceFits } from './dpop-nonce.ts'
export {
  checkProof,
  maxProofLength,
  proofAlgorithms,
  proofMaxAge,
  proofMemory,
  type Proof,
  type ProofFault,
  type ProvenRequest,
} from './dpop-proof.ts'
export { parseStrictArray, parseStrictJson, type JsonFault } from './strict-json.ts'
export { nearest } from './nearest.ts'
export { newUserCode, readUserCode, showUserCode } from './user-code.ts'
export { hiddenCharacters } from './hidden-characters.ts'
