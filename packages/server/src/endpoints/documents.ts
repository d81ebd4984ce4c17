import { jwksMaxAge, refuse, sha256 } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'
import { serverMetadata } from '../metadata.ts'
import type { HttpResponse } from '../model/http.ts'
import { requestKeys, type RequestKey } from '../tokens/request-keys.ts'
import { protectedResources, resourceDocuments } from '../resource-documents.ts'

type Prepared = { readonly body: string; readonly etag: string }

function answer(call: Call, { body, etag }: Prepared, contentType: string): HttpResponse {
  const headers = {
    'content-type': contentType,
    'cache-control': `public, max-age=${jwksMaxAge}`,
    etag,
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
  }
  const known = header(call.request, 'if-none-match')
  if (known !== undefined && known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))
    return { status: 304, headers, body: '' }
  return { status: 200, headers, body }
}

/** The signing keys (OpenID Connect Core section 10.1), and the one for requests where there is one; public members only. */
export const jwks = (ctx: Context, call: Call): HttpResponse => {
  const signing = ctx.keys().jwks(ctx.now())
  const all = ctx.policy.requestObjectEncryption ? withRequestKey(signing, requestKeys(ctx)[0]) : signing
  return answer(call, all, 'application/jwk-set+json')
}

const completed = new WeakMap<Prepared, { readonly kid: string; readonly prepared: Prepared }>()

/** Made again when either changes. */
function withRequestKey(signing: Prepared, { kid, publicJwk }: RequestKey): Prepared {
  const known = completed.get(signing)
  if (known?.kid === kid) return known.prepared
  const { keys } = JSON.parse(signing.body) as { keys: readonly unknown[] }
  const made = prepare({ keys: [...keys, publicJwk] })
  completed.set(signing, { kid, prepared: made })
  return made
}

/** Documents that follow from the registered resources, made again only when one of them changed. */
type Documents = {
  readonly resources: object
  readonly discovery: Prepared
  /** Documents of RFC 9728, by path. */
  readonly byPath: ReadonlyMap<string, Prepared>
}

const prepared = new WeakMap<Context, Documents>()

function prepare(document: object): Prepared {
  const body = JSON.stringify(document)
  return { body, etag: `"${sha256(body).slice(0, 22)}"` }
}

async function documents(ctx: Context): Promise<Documents> {
  const resources = await ctx.resources()
  const known = prepared.get(ctx)
  if (known?.resources === resources) return known
  const scopes = [...resources.values()].flatMap((resource) => resource.scopes.map((scope) => scope.name))
  const metadata = serverMetadata(ctx, {
    resourceScopes: scopes,
    protectedResources: protectedResources(ctx, resources),
    idTokenAlgorithms: ctx.algorithms,
    documentation: ctx.documentation,
  })
  const ofResources = [...resourceDocuments(ctx, resources)]
  const made: Documents = {
    resources,
    discovery: prepare(metadata),
    byPath: new Map(ofResources.map(([path, document]) => [path, prepare(document)])),
  }
  prepared.set(ctx, made)
  return made
}

/** Metadata, the same bytes at each of its addresses (A-META-02). */
export const discovery = async (ctx: Context, call: Call): Promise<HttpResponse> =>
  answer(call, (await documents(ctx)).discovery, 'application/json')

/** Protected resource metadata (RFC 9728 section 3.2), by the exact path. */
export async function resourceMetadata(ctx: Context, call: Call): Promise<HttpResponse> {
  const document = (await documents(ctx)).byPath.get(call.request.path)
  // A query would be part of the address, and no resource has one.
  if (document === undefined || call.request.query !== '') throw refuse('path')
  return answer(call, document, 'application/json')
}
