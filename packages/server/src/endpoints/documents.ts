import { jwksMaxAge, sha256 } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'
import { serverMetadata } from '../metadata.ts'
import type { HttpResponse } from '../model/http.ts'

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
  return { status: 200, headers, body: call.request.method === 'HEAD' ? '' : body }
}

/** The signing keys (OpenID Connect Core section 10.1); public members only. */
export const jwks = (ctx: Context, call: Call): HttpResponse =>
  answer(call, ctx.keys().jwks(ctx.now()), 'application/jwk-set+json')

const prepared = new WeakMap<Context, { readonly resources: object; readonly document: Prepared }>()

/** Metadata, the same bytes at each of its addresses (A-META-02); made again only when a resource was added. */
export async function discovery(ctx: Context, call: Call): Promise<HttpResponse> {
  const resources = await ctx.resources()
  let known = prepared.get(ctx)
  if (known?.resources !== resources) {
    const scopes = [...resources.values()].flatMap((resource) => resource.scopes.map((scope) => scope.name))
    const body = JSON.stringify(
      serverMetadata(ctx, {
        resourceScopes: scopes,
        idTokenAlgorithms: ctx.algorithms,
        documentation: ctx.documentation,
      }),
    )
    known = { resources, document: { body, etag: `"${sha256(body).slice(0, 22)}"` } }
    prepared.set(ctx, known)
  }
  return answer(call, known.document, 'application/json')
}
