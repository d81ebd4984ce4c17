import { sha256 } from '@sallyport/protocol'
import type { Brand } from '../brand.ts'
import { styleSheet } from './style-sheet.ts'

/** A file that is the same for everybody, and the address under which it may be kept for good. */
export type Asset = {
  readonly path: string
  /** Short digest of the body, for the address and the `ETag`. */
  readonly version: string
  /** Path below the issuer, with version. */
  readonly url: string
  readonly type: string
  readonly body: string
}

export type Assets = { readonly style: Asset; readonly icon: Asset }

function asset(base: string, path: string, type: string, body: string): Asset {
  const version = sha256(body).slice(0, 16)
  return { path, version, url: `${base}${path}?v=${version}`, type, body }
}

/** The icon stands outside the page, where `currentColor` has no meaning: it gets the accent in words. */
const icon = (brand: Brand): string => brand.logo.replaceAll('currentColor', brand.light.accent)

/** Makes the style sheet and the icon of a brand. `base` is the path of the issuer, empty for one at the root. */
export const createAssets = (brand: Brand, base = ''): Assets => ({
  style: asset(base, '/assets/sallyport.css', 'text/css; charset=utf-8', styleSheet(brand)),
  icon: asset(base, '/assets/sallyport.svg', 'image/svg+xml; charset=utf-8', icon(brand)),
})
