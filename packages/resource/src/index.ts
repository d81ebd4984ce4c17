export { createVerifier, type Verifier, type VerifierOptions } from './verifier.ts'
export { createIntrospector, type IntrospectorOptions } from './introspector.ts'
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
export type { RequestParts } from './bearer-credentials.ts'
export { BearerError, type BearerReason } from './bearer-error.ts'
export type { Refusal } from './challenge.ts'
export type { ScopeImplications } from './scope-rules.ts'
