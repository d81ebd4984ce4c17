import { proofAlgorithms, resourceMetadataUrl } from '@sallyport/protocol'
import type { Context } from './context.ts'
import type { Resource } from './model/resource.ts'

/** The document by which clients find out who issues tokens for an API (RFC 9728 section 2). */
export type ResourceDocument = Readonly<Record<string, unknown>>

type Described = {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly documentation?: string | undefined
  /** Whether bound tokens are taken there, or nothing else, or bearer tokens alone (RFC 9449); `undefined` says nothing. */
  readonly proofs?: 'taken' | 'required' | 'ignored' | undefined
  /** Only tokens that are bound to a client certificate are taken there (RFC 8705). */
  readonly certificates?: boolean | undefined
}

/** Members without a value are left out (A-PRM-02). */
export const resourceDocument = (issuer: string, about: Described): ResourceDocument => ({
  resource: about.id,
  authorization_servers: [issuer],
  ...(about.scopes.length === 0 ? {} : { scopes_supported: about.scopes }),
  bearer_methods_supported: ['header'],
  resource_name: about.name,
  ...(about.documentation === undefined ? {} : { resource_documentation: about.documentation }),
  ...(about.proofs === undefined ? {} : proofMembers(about.proofs)),
  ...(about.certificates === true ? { tls_client_certificate_bound_access_tokens: true } : {}),
})

const proofMembers = (proofs: NonNullable<Described['proofs']>): ResourceDocument => ({
  ...(proofs === 'ignored' ? {} : { dpop_signing_alg_values_supported: proofAlgorithms }),
  dpop_bound_access_tokens_required: proofs === 'required',
})

/**
 * The APIs of the server itself. UserInfo has two names: the issuer, which stands in the tokens of a plain sign-in, and its
 * own address, since whoever follows a challenge holds the document against the address that was asked (RFC 9728 section
 * 3.3). Its only scope without which nothing works is `openid`.
 */
function ownResources(ctx: Context): readonly Described[] {
  const { userinfo, registration } = ctx.endpoints
  const { dpop, stages } = ctx.policy
  const taken = stages.requireSenderConstraint === 'enforce' ? 'required' : 'taken'
  const people = { name: 'UserInfo', scopes: ['openid'], proofs: dpop ? taken : undefined } as const
  // Its tokens come from an operator or from the registration itself, and are bearer tokens whatever the policy is.
  const ignored = dpop ? 'ignored' : undefined
  const registering = { id: registration, name: 'Client registration', scopes: [], proofs: ignored } as const
  return [
    { id: ctx.issuer, ...people },
    { id: userinfo, ...people },
    ...(ctx.registration.mode === 'off' ? [] : [registering]),
  ]
}

const described = ({ id, name, scopes, documentation, binding }: Resource): Described => ({
  id,
  name,
  scopes: scopes.map((one) => one.name),
  documentation,
  proofs: binding === 'dpop' ? 'required' : undefined,
  certificates: binding === 'mtls',
})

/** Every resource there are tokens for, for `protected_resources` (RFC 9728 section 4). */
export const protectedResources = (ctx: Context, resources: ReadonlyMap<string, Resource>): readonly string[] => [
  ...new Set([...ownResources(ctx).map(({ id }) => id), ...resources.keys()]),
]

/**
 * The documents this server serves, by path: of its own APIs, and of registered ones on its own origin. The document of an
 * API elsewhere is that API's to serve, since its address is there.
 */
export function resourceDocuments(
  ctx: Context,
  resources: ReadonlyMap<string, Resource>,
): ReadonlyMap<string, ResourceDocument> {
  const here = [...resources.values()].filter(({ id }) => new URL(id).origin === ctx.origin).map(described)
  // What the server says of itself stands last and so cannot be replaced.
  const all = [...here, ...ownResources(ctx)]
  return new Map(all.map((one) => [pathOf(resourceMetadataUrl(one.id)), resourceDocument(ctx.issuer, one)]))
}

const pathOf = (url: string): string => url.slice(url.indexOf('/', url.indexOf('//') + 2))
