export { createVerifier, type VerifierOptions } from './verifier.ts'
export type { Verifier } from './verifier-of.ts'
export { createIntrospector, type IntrospectorOptions } from './introspector.ts'
export type { DecryptionKey, SignedAnswers } from './signed-answer.ts'
export type { RequestInfo } from './fetch-request.ts'
export { protect, type FetchHandler, type Guard, type NodeHandler, type ProtectOptions } from './protect.ts'
export {
  createResourceMetadata,
  resourceMetadataUrl,
  type ResourceMetadata,
  type ResourceMetadataOptions,
} from './resource-metadata.ts'
export {
  readResourceMetadata,
  type ReadResourceMetadata,
  type ResourceMetadataFault,
} from './read-resource-metadata.ts'
export { protectMcp, type McpCall, type McpCaller, type McpGuard, type McpProtectOptions } from './protect-mcp.ts'
export type { AccessToken } from './access-token.ts'
export type { AuthenticationNeeded } from './authentication.ts'
export type { CertificateOptions } from './client-certificate.ts'
export type { RequestParts } from './credentials.ts'
export type { DpopVerifier, ProofParts, ProvenToken } from './dpop.ts'
export type { DpopOptions, ReplayStore } from './dpop-options.ts'
export { replayInOneProcess, type OneProcessOptions } from './replay-in-one-process.ts'
export { BearerError, type BearerReason } from './bearer-error.ts'
export type { Refusal } from './challenge.ts'
export type { ScopeImplications } from './scope-rules.ts'
