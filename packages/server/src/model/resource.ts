import type { JwsAlgorithm } from '@sallyport/protocol'

/** What an access token looks like: a signed JWT that the API verifies itself, or a handle that it asks about. */
export type TokenFormat = 'jwt' | 'opaque'

/** To what its tokens are bound: to nothing, to a key (RFC 9449), to a certificate (RFC 8705). */
export type TokenBinding = 'bearer' | 'dpop' | 'mtls'

/** An API that tokens can be issued for. */
export type Resource = {
  /** The identifier clients send as `resource` and tokens carry as `aud` (RFC 8707). */
  readonly id: string
  readonly name: string
  /** Its scopes with the words of the consent page. */
  readonly scopes: readonly { readonly name: string; readonly description: string }[]
  readonly accessTokenLifetime: number | undefined
  readonly format: TokenFormat
  readonly binding: TokenBinding
  /** What its tokens are signed with, when they are JWTs (RFC 9068 section 2.1, B-CX-20). */
  readonly signingAlgorithm: JwsAlgorithm
  /** Address of documentation for developers (`resource_documentation` of RFC 9728). */
  readonly documentation: string | undefined
  /** Scopes among them that are too sensitive for a device whose code somebody else may have sent (RFC 8628 section 5.4, A-DEV-02). */
  readonly notByDevice: readonly string[]
}

/** Members that came later, with the value a record without them stands for (see `laterClientMembers`). */
export const laterResourceMembers = {
  format: 'jwt',
  binding: 'bearer',
  signingAlgorithm: 'ES256',
  documentation: undefined,
  notByDevice: [],
} as const satisfies Partial<Resource>
