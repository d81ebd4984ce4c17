import type { HttpRequest, HttpResponse, Route } from '@sallyport/server/model'
import type { Asset, Assets } from '../pages/assets.ts'
import { header } from './respond.ts'

const forever = 'public, max-age=31536000, immutable'
const shortly = 'public, max-age=300'

/** The address with the right version never changes its content; without one the copy has to be asked for again. */
function serve(asset: Asset, request: HttpRequest): HttpResponse {
  const etag = `"${asset.version}"`
  const headers = {
    'content-type': asset.type,
    'cache-control': request.query === `v=${asset.version}` ? forever : shortly,
    etag,
    'x-content-type-options': 'nosniff',
  }
  if (header(request, 'if-none-match') === etag) return { status: 304, headers, body: '' }
  return { status: 200, headers, body: asset.body }
}

/** Style sheet and icon: the only files the pages load. */
export const assetRoutes = (assets: Assets): readonly Route[] =>
  [assets.style, assets.icon].map((asset) => ({
    path: asset.path,
    methods: { GET: (_host, request) => serve(asset, request) },
  }))
